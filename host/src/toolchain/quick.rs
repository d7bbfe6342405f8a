//! Quick builds: of components for trying out, which take a second where others take ten.
//!
//! In Python and JavaScript such a component is made of a base that all quick builds of a user share; so
//! they share what a base has drawn, Python's seed of `hash`. In other languages every build is the same.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_QUICK: AtomicBool = AtomicBool::new(false);

/// From now on this process builds quickly. For the program `hostel` alone: a quick build starts it.
pub(crate) fn build_quickly() {
    IS_QUICK.store(true, Ordering::Relaxed);
}

/// Whether this process builds quickly.
pub(crate) fn builds_quickly() -> bool {
    IS_QUICK.load(Ordering::Relaxed)
}

/// The program that a quick build starts: this one, by a path at which other processes find it, even
/// when its file is replaced or removed. `None` where a build is not to be quick, or cannot.
pub(super) fn program() -> Option<PathBuf> {
    let is_able = cfg!(target_os = "linux") && builds_quickly();
    is_able.then(|| format!("/proc/{}/exe", std::process::id()).into())
}
