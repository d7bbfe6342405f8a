//! Quick builds, for trying out a component. A quick build takes one second instead of ten.
//!
//! In Python and JavaScript, a quick build starts from a base: a component with the interpreter and
//! the SDK loaded, which all quick builds of a user share. The built components therefore share the
//! random state of the base, such as Python's seed of `hash`. In other languages, a quick build is
//! an ordinary build.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_QUICK: AtomicBool = AtomicBool::new(false);

/// Enables quick builds in this process. Only the program `hostel` may call this, because a quick
/// build starts the current program.
pub(crate) fn build_quickly() {
    IS_QUICK.store(true, Ordering::Relaxed);
}

/// True if quick builds are enabled.
pub(crate) fn builds_quickly() -> bool {
    IS_QUICK.load(Ordering::Relaxed)
}

/// The path of the program that a quick build starts: this program. The path stays valid for other
/// processes even if the program's file is replaced or removed. `None` if quick builds are disabled
/// or unsupported.
pub(super) fn program() -> Option<PathBuf> {
    let is_able = cfg!(target_os = "linux") && builds_quickly();
    is_able.then(|| format!("/proc/{}/exe", std::process::id()).into())
}
