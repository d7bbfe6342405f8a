//! The folder of compiled code: its owner and mode decide whether its files may be executed.

use rustix::fs::{Access, AtFlags, OFlags, accessat};
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The user id of root.
const ROOT: u32 = 0;

/// How a folder may be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// The folder belongs to this user, and no other user can write to it.
    Writable,
    /// The folder belongs to root or this user, and neither this user nor others can write to it.
    /// For example, the folder is part of a container image, or an administrator filled it.
    ReadOnly,
}

/// Prepares a folder for use; creates it if it is missing.
///
/// If others could write to a folder that this user owns and can write to, sets the folder's mode
/// to 0700 and deletes all entries whose names pass `is_code`, because another user may have placed
/// them.
///
/// # Errors
///
/// When the folder cannot be created or read, or another user can replace files in it.
pub(super) fn take(path: &Path, is_code: impl Fn(&OsStr) -> bool) -> io::Result<Ownership> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let flags = OFlags::DIRECTORY.bits().cast_signed();
    let folder = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = folder.metadata()?;
    let (owner, user) = (found.uid(), geteuid().as_raw());
    let is_writable = accessat(&folder, ".", Access::WRITE_OK, AtFlags::EACCESS).is_ok();
    match ownership(owner, user, is_open_to_others(&found), is_writable) {
        Some(ownership) => Ok(ownership),
        None if owner == user && is_writable => {
            empty(path, &folder, is_code).map(|()| Ownership::Writable)
        }
        None => Err(untrusted(owner, user)),
    }
}

/// Returns how this user may use a folder with this owner, or `None` if its files are not trusted.
fn ownership(owner: u32, user: u32, is_open: bool, is_writable: bool) -> Option<Ownership> {
    match (is_open, is_writable) {
        (false, true) if owner == user => Some(Ownership::Writable),
        (false, false) if owner == user || owner == ROOT => Some(Ownership::ReadOnly),
        _ => None,
    }
}

/// True if files of this owner may be executed from a folder that this user cannot write to.
pub(super) fn is_trusted(owner: u32) -> bool {
    owner == ROOT || owner == geteuid().as_raw()
}

/// True if users other than the owner can write to a file or folder.
pub(super) fn is_open_to_others(found: &Metadata) -> bool {
    found.mode() & 0o022 != 0
}

/// Closes a folder to other users, and then deletes every entry that is named like compiled code,
/// whatever its file type. Other files are kept: they are never loaded, and the operator may have
/// configured the wrong folder.
///
/// Does not follow links. Ignores entries that cannot be deleted: the checks of their owner and MAC
/// prevent loading them.
fn empty(path: &Path, folder: &File, is_code: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    folder.set_permissions(Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if is_code(&entry.file_name()) {
            let is_folder = entry.file_type().is_ok_and(|found| found.is_dir());
            let remove = if is_folder { fs::remove_dir_all } else { fs::remove_file };
            let _ = remove(&entry.path());
        }
    }
    Ok(())
}

fn untrusted(owner: u32, user: u32) -> io::Error {
    let message = match owner == user {
        true => "other users can write to it, and this user cannot: use another folder".to_owned(),
        false => format!(
            "another user (id {owner}) can replace the code in it: use a folder of this server's \
             own user, and copy nothing into it"
        ),
    };
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(owner: u32, is_open: bool, is_writable: bool, expected: Option<Ownership>) {
        assert_eq!(ownership(owner, 1000, is_open, is_writable), expected);
    }

    #[test]
    fn a_folder_is_trusted_by_its_owner_and_by_who_else_can_write_to_it() {
        for (owner, writable, read_only) in [
            (1000, Some(Ownership::Writable), Some(Ownership::ReadOnly)),
            (ROOT, None, Some(Ownership::ReadOnly)),
            (1001, None, None),
        ] {
            check(owner, false, true, writable);
            check(owner, false, false, read_only);
            check(owner, true, true, None);
            check(owner, true, false, None);
        }
    }

    #[test]
    fn the_error_for_a_folder_of_another_user_has_a_fix_that_is_safe() {
        let message = untrusted(1001, 1000).to_string();
        assert!(message.contains("another user (id 1001)"), "{message}");
        assert!(message.contains("a folder of this server's own user"), "{message}");
        assert!(!message.contains("chmod") && !message.contains("chown"), "{message}");
    }
}
