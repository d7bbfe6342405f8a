//! Restricts file access with Landlock.

use landlock::{
    ABI, Access, AccessFs, BitFlags, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, path_beneath_rules,
};
use std::path::PathBuf;

/// The rights of access to files to restrict: all that Landlock knows in Linux 6.10, or the subset
/// that an older kernel supports.
const KNOWN: ABI = ABI::V5;

/// The files that a confined process may open. Any other path cannot be read, written, created or
/// removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// Readable files, and folders with all their contents.
    pub(crate) read: Vec<PathBuf>,
    /// Folders in which files may also be created, written and removed.
    pub(crate) write: Vec<PathBuf>,
}

/// Restricts the files of this thread and of the threads it starts.
///
/// # Errors
///
/// Returns why the kernel restricts no access, or only some kinds of access.
pub(super) fn bound(files: &Files) -> Result<(), String> {
    let status = restrict(files).map_err(|error| error.to_string())?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        RulesetStatus::PartiallyEnforced => {
            Err("this kernel supports only a part of it".to_owned())
        }
        RulesetStatus::NotEnforced => Err("this kernel or container does not offer it".to_owned()),
    }
}

fn restrict(files: &Files) -> Result<RestrictionStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // A missing path is skipped: it can be neither read nor created, unless it is in a listed
    // folder.
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(&files.read, read))?
        .add_rules(path_beneath_rules(&files.write, read | writing()))?
        .restrict_self()
}

/// The rights needed to create, write, rename and remove files and folders.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}
