//! A plugin's source: its location, its name, its files, and how to build it into a component.
//!
//! Every command uses this module, so that all of them find the same plugin under the same name.

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

/// Builds a source, and returns the path of the component. Sets `inputs` to the files that the
/// build reads. If the build fails, sets `inputs` to the files whose change may fix the failure.
///
/// The build downloads some missing tools itself, once, from PyPI, npm or rustup, and reports each
/// download. The user must install all other tools. A source is not built again if nothing that its
/// last build read has changed.
///
/// # Errors
///
/// If a tool is missing or the source does not build. The message names the fix.
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

/// Returns the path of the component at a location. Builds the component first if the location is a
/// source.
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
