//! The system's allocator, with a count of the allocated bytes while counting is on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: `alloc` and `dealloc` pass each call unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            HELD.fetch_add(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if COUNTS.load(Ordering::Relaxed) {
            HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller upholds the contract of `dealloc`, and the block is the system
        // allocator's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Turns counting on or off. The `speed` benchmark leaves it off, because counting takes time.
pub fn count(on: bool) {
    COUNTS.store(on, Ordering::Relaxed);
}

/// Returns the bytes allocated minus the bytes freed, while counting was on. Only the difference of
/// two results is meaningful.
pub fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}
