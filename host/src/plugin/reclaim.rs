//! The thread that gives back the memory of entries which have expired and which nobody reads.

use hostel_cache::Caches;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks, and the entries that each looks at: a million in two seconds, in steps
/// of some milliseconds at most. A look where nothing has expired costs next to nothing.
const EVERY: Duration = Duration::from_millis(20);
const ENTRIES: usize = 10_000;

/// Reclaims until the caches are gone.
///
/// # Errors
///
/// When the thread cannot be started.
pub(super) fn start(caches: &Arc<Caches>) -> std::io::Result<()> {
    let caches = Arc::downgrade(caches);
    let reclaim = move || {
        loop {
            std::thread::sleep(EVERY);
            let Some(caches) = caches.upgrade() else {
                return;
            };
            caches.reclaim(ENTRIES);
        }
    };
    std::thread::Builder::new().name("hostel-reclaim".to_owned()).spawn(reclaim)?;
    Ok(())
}
