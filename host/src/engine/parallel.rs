//! The threads that compile: a pool for each component, so that they end with the work.
//!
//! The engine would use the global pool. That one panics where the system refuses a thread, and
//! stays broken in this process from then on.

use rayon_core::ThreadPoolBuilder;
use std::io;

/// Runs work whose parallel parts have a thread for each processor.
///
/// # Errors
///
/// When the system refuses a thread; the work did not begin.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let name = |index| format!("hostel-compile-{index}");
    let pool = ThreadPoolBuilder::new().thread_name(name).build();
    // As text: the error prints its cause, which a chain of causes would print again.
    let pool = pool.map_err(|error| io::Error::other(error.to_string()))?;
    Ok(pool.install(work))
}
