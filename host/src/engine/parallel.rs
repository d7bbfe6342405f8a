//! The threads that compile: a pool for each component, so that they end with the work.
//!
//! The engine would use the global pool. That one panics where the system refuses a thread, and
//! stays broken in this process from then on.

use rayon_core::ThreadPoolBuilder;
use std::io;

/// Runs work whose parallel parts have a thread for each processor; where the system refuses one,
/// they run one after the other.
///
/// # Errors
///
/// When the system refuses threads to a thread that has run such work alone before; the work did
/// not begin.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let builder =
        || ThreadPoolBuilder::new().thread_name(|index| format!("hostel-compile-{index}"));
    let alone = || builder().num_threads(1).use_current_thread().build();
    let pool = builder().build().or_else(|_| alone());
    // As text: the error prints its cause, which a chain of causes would print again.
    let pool = pool.map_err(|error| io::Error::other(error.to_string()))?;
    Ok(pool.install(work))
}
