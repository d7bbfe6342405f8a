//! Files with secrets. Only root and the server's user may change such a file, and other users
//! should not read it.

use super::error::Diagnostics;
use crate::file;
use rustix::process::geteuid;
use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const ROOT: u32 = 0;

/// Write permission of a file's group and of others.
const OTHERS_WRITE: u32 = 0o022;

/// Read permission of a file's group and of others.
const OTHERS_READ: u32 = 0o044;

/// Reads a file with secrets. Reports a fault if other users can change the file, because they
/// could add a secret of their own. Otherwise warns if other users can read the file. Reports a
/// fault and returns `None` if the server cannot read the file.
pub(super) fn read_private(
    file: &Path,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    check_access(file, at.clone(), diagnostics);
    match file::read_text(file) {
        Ok(text) => Some(text),
        Err(error) => {
            diagnostics.fault(at, format_args!("cannot read {}: {error}", file.display()));
            None
        }
    }
}

/// Reports a fault if other users can change a file. Otherwise warns if other users can read the
/// file. Follows links, because secrets in Kubernetes are links. Does not report a missing file.
pub(super) fn check_access(file: &Path, at: Range<usize>, diagnostics: &mut Diagnostics<'_>) {
    let Some(found) = std::fs::metadata(file).ok().filter(Metadata::is_file) else { return };
    let (name, user) = (file.display(), geteuid().as_raw());
    if let Some(fix) = fix_of_writers(found.uid(), found.mode(), user) {
        let rule = format_args!("only root and the server's user, {user}, may change it");
        let what = format_args!("{name} can be changed by other users: {rule}: run `{fix} {name}`");
        diagnostics.fault(at, what);
    } else if found.mode() & OTHERS_READ != 0 {
        diagnostics
            .warn(at, format_args!("{name} can be read by other users: run `chmod 600 {name}`"));
    }
}

/// Returns a command to run if users other than root and `user` can change a file; otherwise
/// `None`. A wrong owner comes first, because an owner can change a file whatever its mode is.
fn fix_of_writers(owner: u32, mode: u32, user: u32) -> Option<String> {
    if owner != ROOT && owner != user {
        return Some(format!("chown {user}"));
    }
    (mode & OTHERS_WRITE != 0).then(|| "chmod 600".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn only_root_and_the_own_user_may_change_a_file() {
        let (own, chmod) = (1_000, Some("chmod 600".to_owned()));
        for mode in [0o600, 0o400, 0o440, 0o644] {
            assert_eq!(fix_of_writers(own, mode, own), None);
            assert_eq!(fix_of_writers(ROOT, mode, own), None);
            assert_eq!(fix_of_writers(1_001, mode, own), Some("chown 1000".to_owned()));
            assert_eq!(fix_of_writers(own, mode, ROOT), Some("chown 0".to_owned()));
        }
        for mode in [0o620, 0o602, 0o666, 0o777] {
            assert_eq!(fix_of_writers(own, mode, own), chmod);
            assert_eq!(fix_of_writers(ROOT, mode, own), chmod);
        }
    }

    /// Returns the faults and the warnings of a file.
    fn reported(file: &Path) -> (Vec<String>, Vec<String>) {
        let mut diagnostics = Diagnostics::new(Path::new("hostel.toml"), "");
        assert_eq!(read_private(file, 0..0, &mut diagnostics).as_deref(), Some("text"));
        let messages = |faults: Vec<super::super::Fault>| {
            faults.into_iter().map(|fault| fault.message).collect()
        };
        (messages(diagnostics.faults), messages(diagnostics.warnings))
    }

    #[test]
    fn the_target_of_a_link_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "text").unwrap();
        symlink(&file, &link).unwrap();
        let user = geteuid().as_raw();
        let set = |mode| set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        for path in [&file, &link] {
            let name = path.display();
            set(0o600);
            assert_eq!(reported(path), (vec![], vec![]));
            set(0o644);
            let warning = format!("{name} can be read by other users: run `chmod 600 {name}`");
            assert_eq!(reported(path), (vec![], vec![warning]));
            set(0o660);
            let fault = format!(
                "{name} can be changed by other users: only root and the server's user, {user}, \
                 may change it: run `chmod 600 {name}`"
            );
            assert_eq!(reported(path), (vec![fault], vec![]));
        }
    }
}
