//! The SDK and the WIT, bundled with the program, and written to disk where compilers find them.

use super::SdkError;
use crate::bounded;
use etcetera::BaseStrategy;
use rust_embed::Embed;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The name of the link from a service's folder to the SDK.
pub(super) const LINK: &str = ".hostel";

/// The names of folders that tools create beside the files they read.
const MADE_BY_TOOLS: [&str; 3] = ["__pycache__", "node_modules", "target"];

#[derive(Embed)]
#[folder = "../wit"]
struct Wit;

#[derive(Embed)]
#[folder = "../guest-sdk"]
#[exclude = "target/*"]
#[exclude = "conformance/*"]
#[exclude = "*/conformance/*"]
#[exclude = "*/__pycache__/*"]
#[exclude = "*/node_modules/*"]
struct GuestSdk;

/// The host's own cache, which is the fake cache in tests of Rust services.
#[derive(Embed)]
#[folder = "cache"]
#[exclude = "target/*"]
#[exclude = "fuzz/*"]
#[exclude = "races/*"]
struct HostCache;

/// All files of the SDK: their paths below the root, as in this repository, and their content.
pub(super) fn files() -> impl Iterator<Item = (PathBuf, Cow<'static, [u8]>)> {
    of::<Wit>("wit").chain(of::<GuestSdk>("guest-sdk")).chain(of::<HostCache>("host/cache"))
}

/// The WIT files, with paths relative to the WIT folder.
pub(super) fn wit() -> impl Iterator<Item = (PathBuf, String)> {
    let text = |content: Cow<'_, [u8]>| String::from_utf8_lossy(&content).into_owned();
    of::<Wit>("").map(move |(path, content)| (path, text(content)))
}

fn of<E: Embed>(root: &'static str) -> impl Iterator<Item = (PathBuf, Cow<'static, [u8]>)> {
    E::iter().filter_map(move |name| {
        let file = E::get(&name)?;
        Some((Path::new(root).join(name.as_ref()), file.data))
    })
}

/// The folder of this version of Hostel in the user's data folder:
/// `$XDG_DATA_HOME/hostel/<version>`.
pub(super) fn data_folder() -> Result<PathBuf, SdkError> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| SdkError::NoHome)?;
    Ok(strategy.data_dir().join("hostel").join(env!("CARGO_PKG_VERSION")))
}

/// The cache folder of this version of Hostel, for files that can be recreated:
/// `$XDG_CACHE_HOME/hostel/<version>`.
pub(super) fn cache_folder() -> Result<PathBuf, SdkError> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| SdkError::NoHome)?;
    Ok(strategy.cache_dir().join("hostel").join(env!("CARGO_PKG_VERSION")))
}

/// Writes the SDK to this version's folder in the user's data folder, and returns the path.
///
/// Up-to-date files are left alone; others are replaced atomically. Files of an earlier SDK are
/// removed, because a compiler would take them for a part of this one. A second run therefore
/// writes nothing, or repairs the folder if the first run was interrupted.
pub(super) fn lay_out() -> Result<PathBuf, SdkError> {
    let root = data_folder()?;
    let mut paths = BTreeSet::new();
    for (name, content) in files() {
        let path = root.join(name);
        if !std::fs::read(&path).is_ok_and(|present| *present == *content) {
            write(&path, &content)
                .map_err(|source| SdkError::Write { path: path.clone(), source })?;
        }
        paths.insert(path);
    }
    for folder in ["wit", "guest-sdk", "host"] {
        remove_others(&root.join(folder), &paths);
    }
    Ok(root)
}

/// Removes all files below a folder except those in `paths`. Skips files that cannot be removed,
/// unfinished files, and folders that tools created.
fn remove_others(folder: &Path, paths: &BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !MADE_BY_TOOLS.iter().any(|made| name == *made) {
                remove_others(&path, paths);
            }
        } else if !paths.contains(&path) && !bounded::is_aside(&name) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes a file atomically, through a temporary file, so that no reader sees a partial one.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// Creates the link in a service's folder to this version's SDK, or replaces a link to another
/// target.
pub(super) fn link(folder: &Path) -> Result<(), SdkError> {
    let root = lay_out()?;
    let link = folder.join(LINK);
    match std::fs::read_link(&link) {
        Ok(target) if target == root => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(SdkError::InTheWay(link));
        }
        _ => {}
    }
    replace_link(&root, &link).map_err(|source| SdkError::Write { path: link, source })
}

/// Creates or replaces a link atomically.
fn replace_link(target: &Path, link: &Path) -> io::Result<()> {
    let folder = link.parent().unwrap_or(Path::new("."));
    let making = tempfile::Builder::new().prefix(".hostel-").tempdir_in(folder)?;
    let made = making.path().join("link");
    std::os::unix::fs::symlink(target, &made)?;
    std::fs::rename(&made, link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_an_earlier_sdk_go_and_what_tools_made_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["go/new.go", "go/old.go", "python/__pycache__/a.pyc", "go/.tmp1"] {
            write(&at(name), b"").unwrap();
        }
        remove_others(folder.path(), &BTreeSet::from([at("go/new.go")]));
        let left = |name: &str| at(name).exists();
        assert!(left("go/new.go") && left("python/__pycache__/a.pyc") && left("go/.tmp1"));
        assert!(!left("go/old.go"));
    }
}
