//! Quick builds: of components for trying out, which take one second instead of ten.
//!
//! In Python and JavaScript such a component is built from a base that all quick builds of a user
//! share. They therefore share its random state, such as Python's seed of `hash`. For other
//! languages a quick build is an ordinary one.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_QUICK: AtomicBool = AtomicBool::new(false);

/// Enables quick builds in this process. Only for the program `hostel`: a quick build starts it.
pub(crate) fn build_quickly() {
    IS_QUICK.store(true, Ordering::Relaxed);
}

/// True if quick builds are enabled.
pub(crate) fn builds_quickly() -> bool {
    IS_QUICK.load(Ordering::Relaxed)
}

/// The program that a quick build starts: this one, by a path that stays valid for other processes
/// even if its file is replaced or removed. `None` if quick builds are disabled or unsupported.
pub(super) fn program() -> Option<PathBuf> {
    let is_able = cfg!(target_os = "linux") && builds_quickly();
    is_able.then(|| format!("/proc/{}/exe", std::process::id()).into())
}
