//! The location of a plugin, and its name.

use crate::toolchain::Source;
use std::path::{Path, PathBuf};

/// The location of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A component's file, with the extension `.wasm`. The file may be missing.
    Component(PathBuf),
    /// A service's source.
    Source(Source),
}

impl Location {
    /// The plugin's name, not validated: the stem of its component's file, with underscores
    /// replaced by hyphens.
    pub fn name(&self) -> String {
        let stem = match self {
            Location::Component(file) => {
                file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
            }
            Location::Source(source) => source.stem(),
        };
        stem.replace('_', "-")
    }

    /// The plugin's path: a component, a source file, or a folder that is a single source.
    pub fn path(&self) -> &Path {
        match self {
            Location::Component(file) => file,
            Location::Source(source) if source.is_whole_folder => &source.folder,
            Location::Source(source) => &source.file,
        }
    }

    /// The file that identifies the plugin: its component's file, the source file that declares its
    /// services, or its package's manifest.
    pub fn file(&self) -> &Path {
        match self {
            Location::Component(file) => file,
            Location::Source(source) => &source.file,
        }
    }

    /// A canonical path that identifies this plugin, however its path is written. A link to the
    /// plugin's file has another place than the file. `None` if the plugin's folder does not exist.
    pub fn place(&self) -> Option<PathBuf> {
        real_place(self.file())
    }
}

pub(super) fn real_place(file: &Path) -> Option<PathBuf> {
    Some(folder_of(file).canonicalize().ok()?.join(file.file_name()?))
}

/// The folder that contains a file: `.` if the file's path does not name a folder.
pub(super) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}
