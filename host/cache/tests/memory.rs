//! Whether the cache counts its bytes truthfully: an allocator that counts looks on.

#![allow(unsafe_code, reason = "an allocator cannot be written without")]
#![allow(clippy::unwrap_used, reason = "the whole file is a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use hostel_cache::{Cache, CacheLimits, Clock};

/// The system's allocator, and what the test asked of it: now, and the most since the last reset.
///
/// It has no `realloc` of its own, so growing in place counts as holding both blocks for a moment.
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[global_allocator]
static ALLOCATOR: Counting = Counting { now: AtomicUsize::new(0), most: AtomicUsize::new(0) };

thread_local! {
    /// Set in the test's own thread: what the test runner allocates meanwhile is not counted.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTED.get() {
            let now = self.now.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
            self.most.fetch_max(now, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if COUNTED.get() {
            self.now.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller keeps `dealloc`'s contract, and the block is the system's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What a cache has that belongs to no shard.
const OUTSIDE_SHARDS: usize = size_of::<Cache>();

/// Fills a cache with ten times its capacity, and compares its count with the allocator's.
#[track_caller]
fn check(capacity: usize, value_limit: usize, length: impl Fn(usize) -> usize) {
    let limits = CacheLimits::new(capacity, value_limit).unwrap();
    let digits = "7".repeat(300) + &" ".repeat(value_limit);
    let before = ALLOCATOR.now.load(Ordering::Relaxed);
    ALLOCATOR.most.store(before, Ordering::Relaxed);
    let cache = Cache::new(limits, Clock::mock().0);
    let (mut put, mut number) = (0, 0_usize);
    while put < 10 * capacity {
        let text = &digits[..length(number)];
        // Written in place, so that the keys themselves take nothing from the allocator.
        let mut key = [0; 10];
        write!(&mut key[..], "{number:010}").unwrap();
        cache.set(std::str::from_utf8(&key).unwrap(), text, None).unwrap();
        put += key.len() + text.len();
        number += 1;
    }
    let counted = usize::try_from(cache.stats().bytes).unwrap();
    let held = ALLOCATOR.now.load(Ordering::Relaxed) - before;
    let most = ALLOCATOR.most.load(Ordering::Relaxed) - before;
    assert!(most <= capacity, "{most} of {capacity} bytes were held");
    assert!(counted.abs_diff(held) <= OUTSIDE_SHARDS, "{counted} bytes counted, {held} held");
    assert!(held > capacity / 2, "only {held} of {capacity} bytes are used");

    drop(cache);
    assert_eq!(ALLOCATOR.now.load(Ordering::Relaxed), before, "a dropped cache gives all back");
}

#[test]
fn the_bytes_that_a_cache_counts_are_those_that_it_holds() {
    COUNTED.set(true);
    check(64 << 10, 1, |_| 1);
    check(1 << 20, 4096, |number| 1 + number * 31 % 4096);
    check(1 << 20, 1 << 16, |number| if number % 50 == 0 { 1 << 16 } else { 20 });
    check(16 << 20, 1 << 20, |number| 1 + number * 7919 % (1 << 20));
    check(1 << 20, 100, |_| 1);
}
