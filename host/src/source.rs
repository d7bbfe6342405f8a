//! The component or source of a plugin: its location, its name and its files, and the build of a
//! source into a component.
//!
//! Every command that takes the path of a plugin uses this module. A path thus leads all commands
//! to the same plugin, with the same name.

mod component;
mod discover;
mod files;
mod location;

pub(crate) use crate::toolchain::now;
pub use crate::toolchain::{Inputs, Source};
pub use component::{FileError, absent, check_file, read, read_open};
pub use discover::{by_name, components, discover, place_of};
pub use files::{FilesError, Stamp};
pub use location::Location;

use crate::toolchain::{self, BuildError, Progress};
use std::path::PathBuf;

/// Builds a source, and returns the path of the component. Adds the files that the build reads to
/// `inputs`, which must be empty. If the build fails, also adds the source's file and, unless there
/// are too many, all files below its folder except hidden, installed and built ones: a change to
/// one of them may fix the build. If the source's folder cannot be read, adds nothing.
///
/// The build downloads some missing tools itself, with pip, npm or rustup, and reports each
/// download. The user must install all other tools. A cached component of an earlier build is
/// reused if nothing that determines the result has changed.
///
/// # Errors
///
/// If a tool is missing, the source does not build, or a file cannot be read or written. The
/// message for a missing tool contains the fix.
pub fn build(
    source: &Source,
    progress: Progress<'_>,
    inputs: &mut Inputs,
) -> Result<PathBuf, BuildError> {
    let modules = match files::modules(source) {
        Ok(modules) => Some(modules),
        Err(FilesError::TooMany(_)) => None,
        Err(FilesError::Unreadable(path, source)) => return Err(BuildError::Read { path, source }),
    };
    if modules.is_none() {
        let warning = FilesError::TooMany(source.file.clone());
        (progress.line)(&format!("warning: {warning}"));
    }
    let built = toolchain::build(source, modules.as_deref(), progress, inputs);
    if built.is_err() {
        inputs.add(&source.file);
        files::all(source).unwrap_or_default().iter().for_each(|file| inputs.add(file));
    }
    built
}

/// Returns the path of the component at a location. If the location is a source, builds the source
/// first and adds the build's inputs to `inputs`, as [`build`] does.
///
/// # Errors
///
/// As [`build`].
pub fn component(
    location: &Location,
    progress: Progress<'_>,
    inputs: &mut Inputs,
) -> Result<PathBuf, BuildError> {
    match location {
        Location::Component(file) => Ok(file.clone()),
        Location::Source(source) => build(source, progress, inputs),
    }
}
