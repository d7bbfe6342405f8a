//! What a plugin is made from: where it is, what it is called, which files belong to it, and how
//! it becomes a component.
//!
//! Every command asks here, so that all of them see the same plugin under the same name.

mod component;
mod discover;
mod files;

pub use crate::toolchain::Source;
pub use component::{FileError, check_file, read};
pub use discover::{by_name, components, discover};
pub use files::{FilesError, Stamp, files};

use crate::toolchain::{self, BuildError, Progress};
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
    /// The one plugin at a path: a component, a source file, or a folder that holds one of these.
    ///
    /// # Errors
    ///
    /// When nothing is there, or no plugin, or several.
    pub fn at(path: &Path) -> Result<Location, BuildError> {
        let unreadable = |source| BuildError::Read { path: path.to_owned(), source };
        let mut found = discover(path).map_err(unreadable)?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                found.push(last);
                let shown = |location: &Location| location.path().display().to_string();
                let plugins = found.iter().map(shown).collect::<Vec<_>>().join(", ");
                Err(BuildError::SeveralPlugins { path: path.to_owned(), plugins })
            }
            (None, _) if discover::holds_rust(path) => Err(BuildError::NoManifest(path.to_owned())),
            (None, _) => Err(BuildError::NoSource(path.to_owned())),
        }
    }

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

/// The [`Location::place`] of what is at a path, or would be if something were.
pub fn place_of(path: &Path) -> Option<PathBuf> {
    Location::at(path).map_or_else(|_| real_place(path), |location| location.place())
}

fn real_place(file: &Path) -> Option<PathBuf> {
    Some(folder_of(file).canonicalize().ok()?.join(file.file_name()?))
}

/// The folder that a file is in: `.` where its path does not name one.
fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Builds a source, and returns the component's file.
///
/// What the build needs and can be had from the language's own package registry is fetched once,
/// and reported; so is what has to be installed by hand. A source that has not changed since its
/// last build is not built again.
///
/// # Errors
///
/// When a tool is missing or the source does not build. The message names the fix.
pub fn build(source: &Source, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    let files = match files(source) {
        Ok(files) => Some(files),
        Err(FilesError::TooMany(_)) => None,
        Err(FilesError::Unreadable(path, source)) => return Err(BuildError::Read { path, source }),
    };
    if files.is_none() {
        (progress.line)(&FilesError::TooMany(source.file.clone()).to_string());
    }
    toolchain::build(source, files.as_deref(), progress)
}

/// The component's file of what is at a location, built where it is a source.
///
/// # Errors
///
/// As [`build`].
pub fn component(location: &Location, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    match location {
        Location::Component(file) => Ok(file.clone()),
        Location::Source(source) => build(source, progress),
    }
}
