//! Where a plugin comes from, and its name.

use crate::toolchain::Source;
use std::path::{Path, PathBuf};

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A component's file, which may not be there. Whatever ends in `.wasm` is one.
    Component(PathBuf),
    /// A service's source.
    Source(Source),
}

impl Location {
    /// The plugin's name, as far as it can be one: the stem of its component's file, with a hyphen
    /// for each underscore.
    pub fn name(&self) -> String {
        let stem = match self {
            Location::Component(file) => {
                file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
            }
            Location::Source(source) => source.stem(),
        };
        stem.replace('_', "-")
    }

    /// Its path: a component, a source file, or a folder that is one source.
    pub fn path(&self) -> &Path {
        match self {
            Location::Component(file) => file,
            Location::Source(source) if source.is_whole_folder => &source.folder,
            Location::Source(source) => &source.file,
        }
    }

    /// The one file that tells it from others: a component, the file that declares the services,
    /// or a package's manifest.
    pub fn file(&self) -> &Path {
        match self {
            Location::Component(file) => file,
            Location::Source(source) => &source.file,
        }
    }

    /// What tells this plugin from others, however its path is written. A link is a place of its
    /// own. `None` when its folder is not there.
    pub fn place(&self) -> Option<PathBuf> {
        real_place(self.file())
    }
}

pub(super) fn real_place(file: &Path) -> Option<PathBuf> {
    Some(folder_of(file).canonicalize().ok()?.join(file.file_name()?))
}

/// The folder that a file is in: `.` where its path does not name one.
pub(super) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}
