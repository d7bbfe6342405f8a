//! The thread that frees the memory of expired entries and of caches whose plugins were unloaded
//! long ago, and returns freed memory to the system.

use super::registry::Caches;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two passes, and the entries that a pass examines in each cache: a million in two
/// seconds, in steps of at most some milliseconds. A pass without expired entries costs almost
/// nothing.
const PASS_INTERVAL: Duration = Duration::from_millis(20);
const ENTRIES_PER_PASS: usize = 10_000;

/// Passes between two trims of the allocator, and the freed bytes that justify a trim. A trim takes
/// a millisecond for each 10 MiB or so, in which other threads may wait to allocate.
const PASSES_PER_TRIM: u32 = 50;
const LEAST_TRIM: usize = 1 << 20;

/// A trim also requires that the caches have freed this fraction (1/16) of their bytes: trimming a
/// large heap takes long.
const LEAST_TRIM_PART: usize = 16;

/// Starts the thread. It ends when the caches are dropped.
///
/// # Errors
///
/// When the system refuses the thread.
pub(crate) fn start(caches: &Arc<Caches>) -> std::io::Result<()> {
    let caches = Arc::downgrade(caches);
    let reclaim = move || {
        let mut trims = Trims::default();
        loop {
            std::thread::sleep(PASS_INTERVAL);
            let Some(caches) = caches.upgrade() else {
                return;
            };
            caches.drop_overdue(Instant::now());
            caches.reclaim(ENTRIES_PER_PASS);
            if trims.is_due(caches.taken()) {
                trim();
            }
        }
    };
    std::thread::Builder::new().name("hostel-reclaim".to_owned()).spawn(reclaim)?;
    Ok(())
}

/// Decides when to trim the allocator: by itself, glibc keeps most of the memory that threads have
/// freed.
#[derive(Debug, Default)]
struct Trims {
    /// Maximum bytes of the caches since the last trim.
    most: usize,
    /// Passes since the last trim.
    passes: u32,
}

impl Trims {
    /// Returns true if a trim is due after a pass; `taken` is the bytes of the caches.
    fn is_due(&mut self, taken: usize) -> bool {
        self.most = self.most.max(taken);
        self.passes = self.passes.saturating_add(1);
        let least = LEAST_TRIM.max(self.most / LEAST_TRIM_PART);
        let is_due = self.passes >= PASSES_PER_TRIM && self.most - taken >= least;
        if is_due {
            *self = Trims { most: taken, passes: 0 };
        }
        is_due
    }
}

/// Returns the free memory of the C library's allocator to the system. No effect with another
/// allocator.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    // SAFETY: no preconditions. It takes the allocator's locks and touches only free memory.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    /// Runs passes with this many bytes in the caches, and returns the number of trims.
    fn trims(trims: &mut Trims, passes: u32, taken: usize) -> usize {
        (0..passes).filter(|_| trims.is_due(taken)).count()
    }

    #[test]
    fn what_was_freed_is_given_back_once() {
        let mut state = Trims::default();
        assert_eq!(trims(&mut state, 100, 10 * MIB), 0);
        assert_eq!(trims(&mut state, 100, 9 * MIB + 1), 0, "too little");
        assert_eq!(trims(&mut state, 100, 9 * MIB), 1);
        assert_eq!(trims(&mut state, 100, 20 * MIB), 0);
        assert_eq!(trims(&mut state, 1, 0), 1);
        assert_eq!(trims(&mut state, 1_000, 0), 0);
    }

    #[test]
    fn a_long_expiry_trims_now_and_then() {
        let mut state = Trims::default();
        state.is_due(1_000 * MIB);
        let steps = (0..500).rev().map(|step| step * 2 * MIB);
        assert_eq!(steps.filter(|taken| state.is_due(*taken)).count(), 10);
    }

    #[test]
    fn a_large_heap_is_not_trimmed_for_little() {
        let mut state = Trims::default();
        assert!(!state.is_due(16_000 * MIB));
        assert_eq!(trims(&mut state, 100, 15_001 * MIB), 0);
        assert_eq!(trims(&mut state, 1, 15_000 * MIB), 1);
    }
}
