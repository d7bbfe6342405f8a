//! The threads that compile a component: a pool that is created for each compilation and ends with
//! it.
//!
//! By default the engine uses rayon's global pool. That pool panics if the system refuses a thread,
//! and stays broken in this process.

use rayon_core::ThreadPoolBuilder;
use std::io;

/// Runs work in a pool with one thread for each processor. If the system refuses a thread, the
/// calling thread does all the work.
///
/// # Errors
///
/// When the system refuses a thread, and the calling thread has already done all the work of an
/// earlier call: rayon allows this only once per thread. After an error, no work has been done.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let builder =
        || ThreadPoolBuilder::new().thread_name(|index| format!("hostel-compile-{index}"));
    let alone = || builder().num_threads(1).use_current_thread().build();
    let pool = builder().build().or_else(|_| alone());
    // The error is converted to text: its message includes its cause, so an error chain would print
    // the cause twice.
    let pool = pool.map_err(|error| io::Error::other(error.to_string()))?;
    Ok(pool.install(work))
}
