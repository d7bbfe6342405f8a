//! What a plugin is made from: where it is, what it is called, which files belong to it, and how
//! it becomes a component.
//!
//! Every command asks here, so that all of them see the same plugin under the same name.

mod component;
mod discover;
mod files;
mod location;

pub use crate::toolchain::Source;
pub use component::{FileError, check_file, read, read_open};
pub use discover::{by_name, components, discover, place_of};
pub use files::{FilesError, Stamp, files};
pub use location::Location;

use crate::toolchain::{self, BuildError, Progress};
use std::path::PathBuf;

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
