//! The files that a process can open, by landlock.

use super::Files;
use landlock::{
    ABI, Access, AccessFs, BitFlags, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, path_beneath_rules,
};

/// The rights that are bounded: those of Linux 6.10. Of an older kernel, those that it knows.
const KNOWN: ABI = ABI::V5;

/// Bounds the files of this thread and of those that it starts.
///
/// # Errors
///
/// Why the kernel bounds none of them, or not every access.
pub(super) fn bound(files: &Files) -> Result<(), String> {
    let status = restrict(files).map_err(|error| error.to_string())?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        RulesetStatus::PartiallyEnforced => Err("this kernel knows a part of it".to_owned()),
        RulesetStatus::NotEnforced => Err("this kernel or container does not offer it".to_owned()),
    }
}

fn restrict(files: &Files) -> Result<RestrictionStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // A path that is not there is left out: it can be neither read nor made.
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(&files.read, read))?
        .add_rules(path_beneath_rules(&files.write, read | writing()))?
        .restrict_self()
}

/// What replacing files in a folder needs.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}
