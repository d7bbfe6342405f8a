//! From a service's source to a component, one file a language; and the SDK that travels along.

mod c;
mod encode;
mod error;
mod go;
mod javascript;
mod kept;
mod new;
mod python;
mod rust;
mod sdk;
mod source;
mod tool;

pub use encode::componentize;
pub use error::{BuildError, EncodeError, NewError, SdkError};
pub use new::create;
pub use source::{Language, service_at, services_in};

use source::Source;
use std::path::{Path, PathBuf};

/// Where a build tells how it goes on.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Called with each line, from any thread.
    pub line: &'a (dyn Fn(&str) + Sync),
    /// Whether the lines may carry colours.
    pub colour: bool,
}

/// Whether something that building in a language needs is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is needed.
    pub what: &'static str,
    /// What was found: its version or its place.
    pub found: Option<String>,
    /// What mends it when nothing was found: a command, or where to get it.
    pub fix: &'static str,
}

/// Builds a service from its source, a file or a folder, and answers the component's file.
///
/// The language is told by the files. What the build needs and can be had from the language's own
/// package registry is fetched once, and said; so is what has to be installed by hand. A source
/// that has not changed since its last build is not built again.
///
/// # Errors
///
/// When there is no source, a tool is missing or the source does not build. The message names the
/// fix.
pub fn build(path: &Path, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    let source = Source::find(path)?;
    match source.language {
        Language::C => c::build(&source, progress),
        Language::Go => go::build(&source, progress),
        Language::JavaScript | Language::TypeScript => javascript::build(&source, progress),
        Language::Python => python::build(&source, progress),
        Language::Rust => rust::build(&source, progress),
    }
}

/// Whether a path holds a service's source: a file in one of the languages, or a folder with one.
pub fn is_source(path: &Path) -> bool {
    Source::find(path).is_ok()
}

/// Where compiled code is kept for this user and this version, if they have a home.
pub fn code_folder() -> Option<PathBuf> {
    Some(sdk::cache_folder().ok()?.join("code"))
}

/// Tells what building in a language needs, and what of it is there.
pub fn doctor(language: Language) -> Vec<Check> {
    match language {
        Language::C => c::doctor(),
        Language::Go => go::doctor(),
        Language::JavaScript | Language::TypeScript => javascript::doctor(),
        Language::Python => python::doctor(),
        Language::Rust => rust::doctor(),
    }
}
