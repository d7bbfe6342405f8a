//! The threads that compile: a pool for each component, which ends with the compilation.
//!
//! The engine would use rayon's global pool. That pool panics if the system refuses a thread, and
//! stays broken in this process.

use rayon_core::ThreadPoolBuilder;
use std::io;

/// Runs work with one thread for each processor for its parallel parts. If the system refuses a
/// thread, they run in sequence.
///
/// # Errors
///
/// When the system refuses threads again on a thread where work has run in sequence before. The
/// work has not begun then.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let builder =
        || ThreadPoolBuilder::new().thread_name(|index| format!("hostel-compile-{index}"));
    let alone = || builder().num_threads(1).use_current_thread().build();
    let pool = builder().build().or_else(|_| alone());
    // As text: the error's message includes its cause, so a chain would print the cause twice.
    let pool = pool.map_err(|error| io::Error::other(error.to_string()))?;
    Ok(pool.install(work))
}
