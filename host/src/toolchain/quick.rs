//! Quick builds, for trying out a component.
//!
//! In Python, and in JavaScript and TypeScript with QuickJS, a quick build starts from a base: a
//! component with the interpreter, but without a plugin. All quick builds of a user share bases:
//! components from one base have the same random state, such as Python's seed of `hash`. In other
//! languages, with SpiderMonkey, and on systems other than Linux, a quick build is an ordinary
//! build. It also becomes one if the base cannot be used, for example with native Python modules.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_QUICK: AtomicBool = AtomicBool::new(false);

/// Enables quick builds in this process. Only the program `hostel` may call this, because a quick
/// build starts the current program.
pub(crate) fn build_quickly() {
    IS_QUICK.store(true, Ordering::Relaxed);
}

pub(crate) fn builds_quickly() -> bool {
    IS_QUICK.load(Ordering::Relaxed)
}

/// The path of the program that a quick build starts: this program. While this process runs, the
/// path stays valid even if the program's file is replaced or removed. `None` if quick builds are
/// disabled or unsupported.
pub(super) fn program() -> Option<PathBuf> {
    let is_able = cfg!(target_os = "linux") && builds_quickly();
    is_able.then(|| format!("/proc/{}/exe", std::process::id()).into())
}
