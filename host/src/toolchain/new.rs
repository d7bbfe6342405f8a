//! Creates a new service from the SDK's template.

use super::{Language, NewError, javascript, sdk, service_name, workspace};
use std::io;
use std::path::{Path, PathBuf};

/// The location of a language's template among the SDK's files.
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

/// Creates a folder with a service called `name`, a test and a README, ready to run. The name must
/// be a valid plugin name. If `is_here` is set, the folder is the current one, which must not
/// contain any file or folder of the service.
///
/// Returns the path of the manifest of an enclosing Rust workspace, if the manifest was changed.
///
/// # Errors
///
/// If the name is invalid for a service in the language, a folder or file of the service already
/// exists, or a file cannot be written. If only the exclusion from an enclosing Rust workspace
/// fails, the service exists nevertheless.
pub fn create(
    folder: &Path,
    name: &str,
    language: Language,
    is_here: bool,
) -> Result<Option<PathBuf>, NewError> {
    service_name::check(name, language).map_err(|(why, proposal)| NewError::Name {
        name: name.to_owned(),
        language,
        why,
        proposal,
    })?;
    if !is_here && std::fs::symlink_metadata(folder).is_ok() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    let failed = |source| NewError::Write { path: folder.to_owned(), source };
    let parent = match folder.parent() {
        Some(parent) if !is_here && parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(failed)?;
    // Create the service's folder inside a temporary folder, then move it to its place. If the
    // service is for the current folder, move only the entries of the service's folder. A failure
    // before the move leaves no partial service.
    let making = tempfile::Builder::new().prefix(".hostel-new-").tempdir_in(parent);
    let making = making.map_err(failed)?;
    let made = making.path().join("service");
    fill(&made, name, language).map_err(failed)?;
    match language {
        Language::JavaScript | Language::TypeScript => javascript::link(&made)?,
        _ => sdk::link(&made)?,
    }
    match is_here {
        true => move_in(&made, folder)?,
        false => std::fs::rename(&made, folder).map_err(failed)?,
    }
    // Remove the temporary folder first: the workspace could include it as a member too.
    drop(making);
    match language {
        Language::Rust => workspace::leave(folder),
        _ => Ok(None),
    }
}

/// Moves the entries of `made` into a folder. Moves nothing if one of the names exists there.
fn move_in(made: &Path, folder: &Path) -> Result<(), NewError> {
    let failed = |source| NewError::Write { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(made).map_err(failed)?;
    let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(failed)?;
    for entry in &entries {
        let place = folder.join(entry.file_name());
        if std::fs::symlink_metadata(&place).is_ok() {
            return Err(NewError::Exists(place));
        }
    }
    entries.iter().try_for_each(|entry| {
        std::fs::rename(entry.path(), folder.join(entry.file_name())).map_err(failed)
    })
}

fn fill(folder: &Path, name: &str, language: Language) -> io::Result<()> {
    let template = template(language);
    let snake_name = name.replace('-', "_");
    let named = |text: &str| text.replace("my-service", name).replace("my_service", &snake_name);
    for (path, content) in sdk::files() {
        let Ok(file) = path.strip_prefix(template) else {
            continue;
        };
        // The dot is added here: a `.gitignore` in the template would hide files of this
        // repository.
        let file = if file == Path::new("gitignore") { Path::new(".gitignore") } else { file };
        let path = folder.join(named(&file.to_string_lossy()));
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, named(&String::from_utf8_lossy(&content)))?;
    }
    Ok(())
}
