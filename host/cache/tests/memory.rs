//! Checks with a counting allocator that the cache counts its bytes correctly and frees memory.

#![allow(unsafe_code, reason = "an allocator cannot be written without")]
#![allow(clippy::unwrap_used, reason = "the whole file is a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::time::Duration;

use hostel_cache::{Cache, CacheLimits, Clock};

/// The system's allocator, plus counters per thread: the bytes allocated now, and the maximum since
/// the last reset.
///
/// It does not override `realloc`, so a block that grows counts as two blocks at once.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Thread-local, so that tests can run in parallel.
    static NOW: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: `alloc` and `dealloc` pass each call unchanged to the system's allocator; the default
// methods use only these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        NOW.set(NOW.get().wrapping_add(layout.size()));
        MOST.set(MOST.get().max(NOW.get()));
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        NOW.set(NOW.get().wrapping_sub(layout.size()));
        // SAFETY: the caller upholds the contract of `dealloc`, and the block is the system
        // allocator's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The maximum difference between the cache's count of its bytes and the allocator's count. The
/// allocator does not count the `Cache` itself, which is on the stack with its first shard.
const OUTSIDE_SHARDS: usize = size_of::<Cache>();

/// Returns a key on the stack, so that the test's keys allocate nothing.
fn key(number: usize) -> [u8; 10] {
    let mut key = [0; 10];
    write!(&mut key[..], "{number:010}").unwrap();
    key
}

/// Sets entries of ten times the cache's capacity in total, and compares the cache's byte count
/// with the allocator's.
#[track_caller]
fn check(capacity: usize, value_limit: usize, length: impl Fn(usize) -> usize) {
    let limits = CacheLimits::new(capacity, value_limit).unwrap();
    let digits = "7".repeat(300) + &" ".repeat(value_limit);
    let before = NOW.get();
    MOST.set(before);
    let cache = Cache::new(limits, Clock::mock().0);
    let (mut put, mut number) = (0, 0_usize);
    while put < 10 * capacity {
        let text = &digits[..length(number)];
        let key = key(number);
        let key = std::str::from_utf8(&key).unwrap();
        cache.set(key, text, None).unwrap();
        assert_eq!(cache.get(key).unwrap().as_deref(), Some(text), "not readable at once");
        if number % 64 == 0 {
            let counted = cache.stats().bytes;
            assert!(counted <= capacity as u64, "{counted} of {capacity} bytes were counted");
        }
        put += key.len() + text.len();
        number += 1;
    }
    let counted = usize::try_from(cache.stats().bytes).unwrap();
    let (held, most) = (NOW.get() - before, MOST.get() - before);
    assert!(most <= capacity, "{most} of {capacity} bytes were held");
    assert!(counted.abs_diff(held) <= OUTSIDE_SHARDS, "{counted} bytes counted, {held} held");
    assert!(held > capacity / 2, "only {held} of {capacity} bytes are used");

    cache.clear();
    let most = MOST.get() - before;
    assert!(most <= capacity, "{most} of {capacity} bytes were held while all was cleared");
    drop(cache);
    assert_eq!(NOW.get(), before, "a dropped cache gives all back");
}

#[test]
fn the_bytes_that_a_cache_counts_are_those_that_it_holds() {
    check(64 << 10, 1, |_| 1);
    check(1 << 20, 4096, |number| 1 + number * 31 % 4096);
    check(1 << 20, 1 << 16, |number| if number % 50 == 0 { 1 << 16 } else { 20 });
    check(16 << 20, 1 << 20, |number| 1 + number * 7919 % (1 << 20));
    check(1 << 20, 100, |_| 1);
}

/// Lets entries expire without reading them, and runs `meanwhile`. Returns the bytes that this
/// thread then holds in addition to those of an empty cache.
fn held_after(meanwhile: impl Fn(&Cache)) -> usize {
    const ENTRIES: usize = 50_000;
    let (clock, time) = Clock::mock();
    let cache = Cache::new(CacheLimits::default(), clock);
    let before = NOW.get();
    for number in 0..ENTRIES {
        cache.set(std::str::from_utf8(&key(number)).unwrap(), "[1,2,3]", Some(60)).unwrap();
    }
    assert!(NOW.get() - before > ENTRIES * 17);
    time.advance(Duration::from_secs(60));
    meanwhile(&cache);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.exists), (0, 0, 0));
    NOW.get() - before
}

#[test]
fn the_memory_of_expired_entries_comes_back_without_a_read() {
    let untouched = held_after(|_| ());
    let reclaimed = held_after(|cache| {
        let mut removed = 0;
        while removed < 50_000 {
            let more = cache.reclaim(4096);
            assert!(more <= 8192, "{more} at once");
            removed += more;
        }
        assert_eq!((cache.stats().expired, cache.stats().entries), (50_000, 0));
    });
    assert!(untouched > 50_000 * 17 && reclaimed < 1024, "{untouched} and {reclaimed} bytes");
}

#[test]
fn a_key_that_is_set_again_and_again_takes_its_memory_once() {
    let cache = Cache::new(CacheLimits::default(), Clock::mock().0);
    cache.set("k", "[1,2]", None).unwrap();
    let before = NOW.get();
    let held = cache.get("k").unwrap();
    for value in ["[3,4]", "[5,6]", "[]", "[7,8,9]", "[1,2]"] {
        cache.set("k", value, Some(1)).unwrap();
    }
    assert_eq!(held.as_deref(), Some("[1,2]"));
    drop(held);
    assert_eq!(NOW.get(), before);
}
