//! The thread that frees the memory of expired entries, and of the private caches of plugins that
//! were unloaded an hour ago.

use super::registry::Caches;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two passes, and the maximum number of entries that a pass examines in each cache,
/// in addition to 512 per shard. At this rate, a million entries of a cache take a few seconds, and
/// a pass takes at most a few milliseconds per cache. While no entry is about to expire, a pass
/// costs almost nothing.
const PASS_INTERVAL: Duration = Duration::from_millis(20);
const ENTRIES_PER_PASS: usize = 10_000;

/// Starts the thread. The thread ends when the caches are dropped.
///
/// # Errors
///
/// If the system cannot create the thread.
pub(crate) fn start(caches: &Arc<Caches>) -> std::io::Result<()> {
    let caches = Arc::downgrade(caches);
    let reclaim = move || {
        loop {
            std::thread::sleep(PASS_INTERVAL);
            let Some(caches) = caches.upgrade() else {
                return;
            };
            caches.drop_overdue(Instant::now());
            caches.reclaim(ENTRIES_PER_PASS);
        }
    };
    std::thread::Builder::new().name("hostel-reclaim".to_owned()).spawn(reclaim)?;
    Ok(())
}
