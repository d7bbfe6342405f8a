//! Processes of the program itself, for what must not happen in the one that serves: compiling a
//! component that may hold anything, and building a source, which runs the author's own code.
//!
//! A server that gives up its right to start programs starts helpers before that, which start them on
//! its behalf. A helper reads nothing but tasks. On systems other than Linux there are none.

mod cancellation;
#[cfg(target_os = "linux")]
mod helper;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
mod supervise;
#[cfg(target_os = "linux")]
mod task;

pub(crate) use cancellation::Cancellation;
#[cfg(target_os = "linux")]
pub(crate) use helper::run as run_helper;
#[cfg(target_os = "linux")]
pub use launcher::Launcher;
#[cfg(target_os = "linux")]
pub(crate) use task::{Ended, Task};
