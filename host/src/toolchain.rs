//! From a source folder to a component, one file a language; and the SDK that travels along.

mod encode;
mod error;
mod new;
mod rust;
mod sdk;

pub use encode::componentize;
pub use error::{BuildError, EncodeError, NewError, SdkError};
pub use new::create;

use std::path::{Path, PathBuf};

/// Where a build tells how it goes on.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Called with each line, from any thread.
    pub line: &'a (dyn Fn(&str) + Sync),
    /// Whether the lines may carry colours.
    pub colour: bool,
}

/// Builds the service in a folder and answers the component's file.
///
/// The language is told by what the folder holds: a `Cargo.toml` means Rust. What the build needs
/// and can be added, like the WebAssembly target of the Rust toolchain, is added and said.
///
/// # Errors
///
/// When the folder holds no source, a tool is missing or the source does not build. The message
/// names the fix.
pub fn build(folder: &Path, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    if !folder.is_dir() {
        return Err(BuildError::NoFolder(folder.to_owned()));
    }
    if folder.join(rust::MANIFEST).is_file() {
        return rust::build(folder, progress);
    }
    Err(BuildError::NoSource(folder.to_owned()))
}
