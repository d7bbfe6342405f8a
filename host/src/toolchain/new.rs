//! A new service from the SDK's template.

use super::{Language, NewError, javascript, sdk};
use std::io;
use std::path::Path;

/// Where a language's template stands among the SDK's files.
fn template(language: Language) -> &'static str {
    match language {
        Language::C => "guest-sdk/c/template",
        Language::Go => "guest-sdk/go/template",
        Language::JavaScript => "guest-sdk/javascript/template",
        Language::Python => "guest-sdk/python/template",
        Language::Rust => "guest-sdk/template",
        Language::TypeScript => "guest-sdk/javascript/template-typescript",
    }
}

/// Makes a folder with a service called `name`, a test and a README, ready to run. The name is
/// one that a plugin may have.
///
/// # Errors
///
/// When the folder is there already or cannot be written. Nothing is left behind then.
pub fn create(folder: &Path, name: &str, language: Language) -> Result<(), NewError> {
    if std::fs::symlink_metadata(folder).is_ok() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    let failed = |source| NewError::Write { path: folder.to_owned(), source };
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // Made aside and renamed, so that a run cut short leaves no half of a service.
    let making = tempfile::Builder::new().prefix(".hostel-new-").tempdir_in(parent);
    let making = making.map_err(failed)?;
    let made = making.path().join("service");
    fill(&made, name, language).map_err(failed)?;
    match language {
        Language::JavaScript | Language::TypeScript => javascript::link(&made)?,
        _ => sdk::link(&made)?,
    }
    std::fs::rename(&made, folder).map_err(failed)
}

fn fill(folder: &Path, name: &str, language: Language) -> io::Result<()> {
    let template = template(language);
    let snake_name = name.replace('-', "_");
    let named = |text: &str| text.replace("my-service", name).replace("my_service", &snake_name);
    for (path, content) in sdk::files() {
        let Ok(file) = path.strip_prefix(template) else {
            continue;
        };
        // The dot is added here, since a `.gitignore` in the template would hide files of ours.
        let file = if file == Path::new("gitignore") { Path::new(".gitignore") } else { file };
        let path = folder.join(named(&file.to_string_lossy()));
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, named(&String::from_utf8_lossy(&content)))?;
    }
    Ok(())
}
