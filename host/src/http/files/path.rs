//! Converts the segments of a request's path to the path of a file in its folder.

use std::path::PathBuf;

/// The file that is served for a folder.
pub(super) const INDEX: &str = "index.html";

/// The only name with a leading dot that is served: RFC 8615.
const WELL_KNOWN: &str = ".well-known";

/// Converts decoded segments to a path relative to the folder. The path contains neither `..` nor a
/// hidden name. An empty last segment is the index of a folder, and an empty list is the folder
/// itself. Returns `None` if clients may not request this path.
pub(super) fn relative(segments: &[String]) -> Option<PathBuf> {
    let Some((last, folders)) = segments.split_last() else { return Some(PathBuf::from(".")) };
    let last = if last.is_empty() { INDEX } else { last };
    let mut names = folders.iter().map(String::as_str).chain([last]);
    names.clone().all(is_served).then(|| names.by_ref().collect())
}

/// True if clients may request a file or folder of this name. A slash in a decoded name would be a
/// separator, and some clients and proxies treat a backslash as one.
fn is_served(name: &str) -> bool {
    let is_hidden = name.starts_with('.') && name != WELL_KNOWN;
    !name.is_empty() && !is_hidden && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(segments: &[&str], expected: Option<&str>) {
        let owned: Vec<_> = segments.iter().map(|segment| (*segment).to_owned()).collect();
        assert_eq!(relative(&owned), expected.map(PathBuf::from), "{segments:?}");
    }

    #[test]
    fn a_path_leads_down_to_what_is_not_hidden() {
        check(&[], Some("."));
        check(&[""], Some("index.html"));
        check(&["a", ""], Some("a/index.html"));
        check(&["a", "b c.txt"], Some("a/b c.txt"));
        check(&["..a", "b"], None);
        check(&["a..", "b..c"], Some("a../b..c"));
        check(&[".well-known", "security.txt"], Some(".well-known/security.txt"));
        for hidden in [".", "..", ".git", ".well-known2", "..."] {
            check(&[hidden], None);
            check(&[hidden, "a"], None);
            check(&["a", hidden], None);
        }
        for odd in ["a/b", "/etc", "a\\b", "..\\a", "a\0", "\0"] {
            check(&[odd], None);
            check(&["a", odd, "b"], None);
        }
        check(&["", "evil"], None);
        check(&["a", "", "b"], None);
        check(&["", ""], None);
    }
}
