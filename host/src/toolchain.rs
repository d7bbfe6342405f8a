//! From a service's source to a component, one file a language; and the SDK that travels along.

mod c;
mod encode;
mod error;
mod go;
mod javascript;
mod kept;
mod language;
mod new;
mod progress;
mod python;
mod rust;
mod sdk;
mod tool;

pub use encode::componentize;
pub use error::{BuildError, EncodeError, NewError, SdkError};
pub use language::{Language, Source};
pub(crate) use language::{folder_name, is_test};
pub use new::create;
pub use progress::{Check, Progress};

use std::path::PathBuf;

/// Builds a source, and returns the component's file. `files` are those that belong to the source;
/// `None` where they are not known, so that it is built each time.
pub(crate) fn build(
    source: &Source,
    files: Option<&[PathBuf]>,
    progress: Progress<'_>,
) -> Result<PathBuf, BuildError> {
    match source.language {
        Language::C => c::build(source, files, progress),
        Language::Go => go::build(source, progress),
        Language::JavaScript | Language::TypeScript => javascript::build(source, files, progress),
        Language::Python => python::build(source, files, progress),
        Language::Rust => rust::build(source, progress),
    }
}

/// The folder of compiled code: the one that `HOSTEL_CODE_FOLDER` names, or else this version's in
/// the user's cache folder. `None` if the user has no home.
pub fn code_folder() -> Option<PathBuf> {
    let named = std::env::var_os("HOSTEL_CODE_FOLDER").filter(|named| !named.is_empty());
    if let Some(folder) = named {
        return Some(PathBuf::from(folder));
    }
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
