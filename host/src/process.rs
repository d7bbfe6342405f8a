//! Subprocesses that run `hostel` itself, to keep dangerous work out of the serving process:
//! compiling untrusted components, and building sources, which runs their authors' code. Only on
//! Linux.
//!
//! Before a server gives up its right to start programs, it starts helpers, which start processes
//! on its behalf. A helper reads nothing but tasks.

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
