//! Suggests the probable name or path for an unknown one.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Maximum folder entries compared with a path.
const MAX_COMPARED: usize = 1_000;

/// Maximum folder entries listed in a message.
const MAX_LISTED: usize = 10;

/// The known name with the fewest differences from `name`. `None` if there is no known name, or if
/// that name has more than one difference for each three bytes of the longer name. A known name
/// that begins with `name` counts as having one difference, unless `name` is empty.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |other: &str| match other.starts_with(name) && !name.is_empty() {
        true => 1,
        false => strsim::osa_distance(name, other),
    };
    let nearest = known.into_iter().map(|other| (distance(other), other)).min()?;
    let (distance, other) = nearest;
    (distance <= other.len().max(name.len()) / 3).then_some(other)
}

/// Names for a message: all of them, or the first `most` and the number of the others.
pub(crate) fn listed(names: &[&str], most: usize) -> String {
    match names.get(..most) {
        Some(first) if first.len() < names.len() => {
            format!("{} and {} more", first.join(", "), names.len() - first.len())
        }
        _ => names.join(", "),
    }
}

/// A suggestion for a missing path: a path with a similar name, or else the names in the nearest
/// ancestor that is a folder. `None` if there is no such folder, or it cannot be read.
pub(crate) fn instead_of(path: &Path) -> Option<String> {
    let ancestors: Vec<_> = path.ancestors().collect();
    let inside = |folder: &Path| match folder == Path::new("") {
        true => Path::new(".").is_dir(),
        false => folder.is_dir(),
    };
    let (missing, folder) = ancestors.windows(2).find_map(|pair| match pair {
        [missing, folder] if inside(folder) => Some((*missing, *folder)),
        _ => None,
    })?;
    let name = missing.file_name()?.to_string_lossy().into_owned();
    let entries = entries(folder, name.starts_with('.')).ok()?;
    let shown = match folder == Path::new("") {
        true => "the current folder".to_owned(),
        false => format!("the folder {}", folder.display()),
    };
    if let Some(near) = nearest_entry(&name, &entries) {
        let near = folder.join(near);
        let whole =
            path.strip_prefix(missing).map_or_else(|_| near.clone(), |rest| near.join(rest));
        let near: PathBuf = if whole.exists() { whole } else { near };
        return Some(format!(
            "did you mean `{}`?",
            near.components().collect::<PathBuf>().display()
        ));
    }
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    Some(match entries.is_empty() {
        true => format!("{shown} is empty"),
        false => format!("{shown} holds: {}", listed(&entries, MAX_LISTED)),
    })
}

/// Adds a suggestion, if there is one, to the error for a missing path. For a link to a missing
/// file, the error reports this instead. Returns other errors unchanged.
pub(crate) fn explained(path: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    let reason = match path.is_symlink() {
        true => "it is a link to a file that does not exist".to_owned(),
        false => match instead_of(path) {
            Some(instead) => format!("No such file or directory; {instead}"),
            None => "No such file or directory".to_owned(),
        },
    };
    io::Error::new(io::ErrorKind::NotFound, reason)
}

/// At most [`MAX_COMPARED`] names in a folder, sorted; hidden ones only if requested.
fn entries(folder: &Path, with_hidden: bool) -> io::Result<Vec<String>> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let entries = folder.read_dir()?.filter_map(Result::ok).take(MAX_COMPARED);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter(|name| with_hidden || !name.starts_with('.')).collect();
    names.sort();
    Ok(names)
}

/// The entry whose name is nearest to `name`. If no name is near, compares again without
/// extensions. `None` if still no name is near.
fn nearest_entry<'e>(name: &str, entries: &'e [String]) -> Option<&'e str> {
    let stem = |name: &str| {
        let stem = Path::new(name).file_stem().map(OsStr::to_string_lossy);
        stem.unwrap_or_default().into_owned()
    };
    if let Some(near) = nearest(name, entries.iter().map(String::as_str)) {
        return Some(near);
    }
    let stems: Vec<String> = entries.iter().map(|entry| stem(entry)).collect();
    let near = nearest(&stem(name), stems.iter().map(String::as_str))?;
    let place = stems.iter().position(|stem| stem == near)?;
    entries.get(place).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_if_one_is_near() {
        let known = ["listen", "token-env", "token-file"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("token", known), Some("token-env"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn a_list_is_bounded() {
        assert_eq!(listed(&["a", "b"], 2), "a, b");
        assert_eq!(listed(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(listed(&[], 2), "");
    }

    /// Checks the suggestion for a path in a folder with some files.
    #[track_caller]
    fn check(path: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("plugins/empty")).unwrap();
        for file in ["hello.py", ".hidden", "plugins/users.wasm"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let found = instead_of(&folder.path().join(path)).unwrap();
        let shown = format!("{}/", folder.path().display());
        assert_eq!(found.replace(&shown, ""), expected, "{path}");
    }

    #[test]
    fn a_path_at_which_there_is_nothing_has_a_near_one_or_its_folder() {
        check("helo.py", "did you mean `hello.py`?");
        check("hello.wasm", "did you mean `hello.py`?");
        check("plugns/users.wasm", "did you mean `plugins/users.wasm`?");
        check("plugns/other.wasm", "did you mean `plugins`?");
        check(".hiden", "did you mean `.hidden`?");
        check("plugins/other.txt", "the folder plugins holds: empty, users.wasm");
        check("plugins/empty/other.txt", "the folder plugins/empty is empty");
    }

    #[test]
    fn only_an_error_of_a_missing_file_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone");
        let error = |kind| explained(&path, io::Error::from(kind)).to_string();
        assert!(
            error(io::ErrorKind::NotFound).starts_with("No such file or directory; the folder ")
        );
        let denied = io::Error::from(io::ErrorKind::PermissionDenied).to_string();
        assert_eq!(error(io::ErrorKind::PermissionDenied), denied);
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert_eq!(error(io::ErrorKind::NotFound), "it is a link to a file that does not exist");
    }
}
