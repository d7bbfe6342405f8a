//! Excludes a new Rust service from an enclosing workspace, because a service is a workspace of its
//! own.

use super::error::NewError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Excludes a new package from the enclosing workspace if cargo rejects the workspace: no member
/// may be a workspace of its own. Returns the path of the workspace's manifest if the function
/// changed the manifest. If the exclusion does not help, undoes it and returns an error.
pub(super) fn leave(folder: &Path) -> Result<Option<PathBuf>, NewError> {
    let Some((root, text)) = above(folder) else { return Ok(None) };
    if is_sound(&root) {
        return Ok(None);
    }
    let failed = |source| NewError::Write { path: root.clone(), source };
    let member = member(folder, &root).unwrap_or_default();
    let changed = excluding(&text, &member).map(|text| std::fs::write(&root, text));
    changed.transpose().map_err(failed)?;
    if is_sound(&root) {
        return Ok(Some(root));
    }
    std::fs::write(&root, text).map_err(failed)?;
    Err(NewError::Workspace { root, member })
}

/// The nearest manifest of a workspace above a folder, and its text.
fn above(folder: &Path) -> Option<(PathBuf, String)> {
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().skip(1).find_map(|folder| {
        let manifest = folder.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).ok()?;
        text.lines().any(|line| line.trim() == "[workspace]").then_some((manifest, text))
    })
}

/// True if cargo accepts a workspace, or if cargo is missing.
fn is_sound(root: &Path) -> bool {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"]);
    cargo.arg(root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    cargo.status().map_or(true, |status| status.success())
}

/// Returns the folder's path relative to the workspace; `None` if the folder is not inside.
fn member(folder: &Path, root: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    Some(folder.strip_prefix(root.parent()?).ok()?.to_string_lossy().into_owned())
}

/// Returns the manifest with an exclusion of the folder, or `None` if the section `[workspace]` or
/// its exclusions are not found in the expected form.
fn excluding(text: &str, member: &str) -> Option<String> {
    let (before, after) = text.split_once("[workspace]\n")?;
    let section = after.split("\n[").next()?;
    let Some(at) = section.find("exclude") else {
        return Some(format!("{before}[workspace]\nexclude = [{member:?}]\n{after}"));
    };
    let open = at + section.get(at..)?.find('[')? + 1;
    let (head, rest) = after.split_at_checked(open)?;
    let comma = if rest.trim_start().starts_with(']') { "" } else { ", " };
    Some(format!("{before}[workspace]\n{head}{member:?}{comma}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_to_leave_a_folder_out_and_keeps_all_else() {
        for (text, expected) in [
            (
                "[workspace]\nmembers = [\"a/*\"]\n",
                "[workspace]\nexclude = [\"a/b\"]\nmembers = [\"a/*\"]\n",
            ),
            ("[workspace]\nexclude = []\n[x]\n", "[workspace]\nexclude = [\"a/b\"]\n[x]\n"),
            ("[workspace]\nexclude = [\"c\"]", "[workspace]\nexclude = [\"a/b\", \"c\"]"),
            (
                "[workspace]\na = 1\n\n[x]\nexclude = []",
                "[workspace]\nexclude = [\"a/b\"]\na = 1\n\n[x]\nexclude = []",
            ),
        ] {
            assert_eq!(excluding(text, "a/b").unwrap(), expected);
        }
        assert_eq!(excluding("[package]\n", "a/b"), None);
    }
}
