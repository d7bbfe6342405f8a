//! A new service from the SDK's template.

use super::{NewError, sdk};
use std::io;
use std::path::Path;

/// Where the template stands among the SDK's files.
const TEMPLATE: &str = "guest-sdk/template";

/// Makes a folder with a service called `name`, a test and a README, ready to run. The name is
/// one that a plugin may have.
///
/// # Errors
///
/// When the folder is there already or cannot be written. Nothing is left behind then.
pub fn create(folder: &Path, name: &str) -> Result<(), NewError> {
    if std::fs::symlink_metadata(folder).is_ok() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    let failed = |source| NewError::Write {
        path: folder.to_owned(),
        source,
    };
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // Made aside and renamed, so that a run cut short leaves no half of a service.
    let making = tempfile::Builder::new()
        .prefix(".hostel-new-")
        .tempdir_in(parent);
    let making = making.map_err(failed)?;
    let made = making.path().join("service");
    fill(&made, name).map_err(failed)?;
    sdk::link(&made)?;
    std::fs::rename(&made, folder).map_err(failed)
}

fn fill(folder: &Path, name: &str) -> io::Result<()> {
    for (path, content) in sdk::files() {
        let Ok(file) = path.strip_prefix(TEMPLATE) else {
            continue;
        };
        // The dot is added here, since a `.gitignore` in the template would hide files of ours.
        let file = if file == Path::new("gitignore") {
            Path::new(".gitignore")
        } else {
            file
        };
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let text = String::from_utf8_lossy(&content)
            .replace("my-service", name)
            .replace("my_service", &name.replace('-', "_"));
        std::fs::write(path, text)?;
    }
    Ok(())
}
