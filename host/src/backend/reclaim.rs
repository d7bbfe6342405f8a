//! The thread that frees the memory of expired entries that nothing reads.

use super::registry::Caches;
use std::sync::Arc;
use std::time::Duration;

/// Time between two passes, and the entries that a pass looks at in each cache: a million in two
/// seconds, in steps of some milliseconds at most. A pass costs next to nothing where no entry has
/// expired.
const PASS_INTERVAL: Duration = Duration::from_millis(20);
const ENTRIES_PER_PASS: usize = 10_000;

/// Starts the thread. It ends when the caches are dropped.
///
/// # Errors
///
/// When the system refuses the thread.
pub(crate) fn start(caches: &Arc<Caches>) -> std::io::Result<()> {
    let caches = Arc::downgrade(caches);
    let reclaim = move || {
        loop {
            std::thread::sleep(PASS_INTERVAL);
            let Some(caches) = caches.upgrade() else {
                return;
            };
            caches.reclaim(ENTRIES_PER_PASS);
        }
    };
    std::thread::Builder::new().name("hostel-reclaim".to_owned()).spawn(reclaim)?;
    Ok(())
}
