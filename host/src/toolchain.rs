//! Builds a service's source into a component, and creates new services. Each toolchain has its own
//! submodule. The submodule `sdk` contains the bundled SDK.

mod c;
mod encode;
mod error;
mod go;
mod inputs;
mod javascript;
mod kept;
mod language;
mod mark;
mod merge;
mod new;
mod pip;
mod progress;
mod python;
mod quick;
mod rust;
mod sdk;
mod service_name;
mod tool;
mod work;
mod workspace;

pub use encode::componentize;
pub use error::{BuildError, EncodeError, NewError, SdkError};
pub use inputs::Inputs;
pub(crate) use inputs::{has_changed_since, now};
pub use language::{Language, Source};
pub(crate) use language::{folder_name, is_test};
pub use mark::source_language;
pub use new::create;
pub use progress::{Check, Progress};
pub(crate) use quick::{build_quickly, builds_quickly};
pub(crate) use tool::start_no_more;
use work::Work;

use std::path::PathBuf;

/// Builds a source, and returns the path of the component. `modules` are the files that the source
/// may import, or `None` if they are unknown. Adds the files that the build reads to `inputs`;
/// `inputs` must be empty.
pub(crate) fn build(
    source: &Source,
    modules: Option<&[PathBuf]>,
    progress: Progress<'_>,
    inputs: &mut Inputs,
) -> Result<PathBuf, BuildError> {
    let work = Work { source, modules, progress };
    match source.language {
        Language::C => c::build(work, inputs),
        Language::Go => go::build(work, inputs),
        Language::JavaScript | Language::TypeScript => javascript::build(work, inputs),
        Language::Python => python::build(work, inputs),
        Language::Rust => rust::build(work, inputs),
    }
}

/// Returns the folder of compiled code: `HOSTEL_CODE_FOLDER`, or else `code` in the cache folder of
/// this version of Hostel. Returns `None` without the variable if the user has no home folder.
pub fn code_folder() -> Option<PathBuf> {
    let named = std::env::var_os("HOSTEL_CODE_FOLDER").filter(|named| !named.is_empty());
    if let Some(folder) = named {
        return Some(PathBuf::from(folder));
    }
    Some(sdk::cache_folder().ok()?.join("code"))
}

/// Checks the tools that a language's build needs.
pub fn doctor(language: Language) -> Vec<Check> {
    match language {
        Language::C => c::doctor(),
        Language::Go => go::doctor(),
        Language::JavaScript | Language::TypeScript => javascript::doctor(),
        Language::Python => python::doctor(),
        Language::Rust => rust::doctor(),
    }
}
