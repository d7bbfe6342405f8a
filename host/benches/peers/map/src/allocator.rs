//! The system's allocator, which counts what is held while it is asked to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            HELD.fetch_add(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if COUNTS.load(Ordering::Relaxed) {
            HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller keeps `dealloc`'s contract, and the block is the system's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Begins to count, or stops: what is timed should not pay for it.
pub fn count(on: bool) {
    COUNTS.store(on, Ordering::Relaxed);
}

/// Bytes asked for and not given back while it counted. Only differences mean something.
pub fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}
