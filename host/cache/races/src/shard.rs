//! Checks guarantees of the cache under many interleavings of threads.
//!
//! `cargo run --release --manifest-path host/cache/races/Cargo.toml` runs each check with 5,000
//! interleavings of each of two schedulers; a number after `--` replaces 5,000.

#![allow(dead_code, reason = "the checks need a part of the cache")]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use shuttle::rand::Rng;
use shuttle::thread;

use cache::Cache;
use calls::{Dice, Record, perform};
use clock::{Clock, MockClock};
use entry::Value;
use history::{Operation, is_linearizable};
use lease::{Found, Holder};
use limits::{CacheLimits, MIN_CAPACITY};
use outcome::{Lifetime, Swap, TimeLeft};

#[path = "../../tests/linearizable/calls.rs"]
mod calls;
#[path = "../../tests/linearizable/history.rs"]
mod history;

/// The cache's source files, unmodified. The module `sync` below replaces the cache's own.
#[path = "../../src"]
mod source {
    pub(crate) mod budget;
    pub(crate) mod cache;
    pub(crate) mod clock;
    pub(crate) mod directory;
    pub(crate) mod entry;
    pub(crate) mod error;
    pub(crate) mod eviction;
    pub(crate) mod expiry;
    pub(crate) mod integer;
    pub(crate) mod key;
    pub(crate) mod lease;
    pub(crate) mod limits;
    pub(crate) mod listing;
    pub(crate) mod outcome;
    pub(crate) mod segment;
    pub(crate) mod shard;
    pub(crate) mod stats;
    pub(crate) mod sweep;
    pub(crate) mod table;
    #[allow(unused_imports, reason = "what the library shows")]
    pub(crate) mod value;
    pub(crate) mod walk;
}

use source::{
    budget, cache, clock, directory, entry, error, eviction, expiry, integer, key, lease, limits,
    listing, outcome, segment, shard, stats, sweep, table, value, walk,
};

/// Replaces the cache's own `sync` module with Shuttle's locks and atomics.
mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

const CHECKS: &[(&str, fn())] = &[
    ("each key is linearizable while the clock goes on", each_key_is_linearizable),
    ("what a reader holds stays as it was", what_a_reader_holds_stays),
    ("the capacity holds while threads fill a cache", the_capacity_holds),
    ("one at a time computes a value, and all who wait for it go on", one_computes),
    ("what is filled in is never older than what was set", what_is_filled_in_is_not_older),
];

/// The default number of interleavings per check and scheduler.
const ORDERS: usize = 5_000;

/// The bug depth for the PCT scheduler: how many ordering constraints between threads a bug needs.
const FORCED_WAITS: usize = 3;

fn main() {
    let orders = std::env::args().nth(1).and_then(|orders| orders.parse().ok()).unwrap_or(ORDERS);
    for (name, check) in CHECKS {
        shuttle::check_random(*check, orders);
        shuttle::check_pct(*check, orders, FORCED_WAITS);
        println!("{name}: {} orders", 2 * orders);
    }
}

fn new_cache() -> (Arc<Cache>, MockClock) {
    let (clock, time) = Clock::mock();
    let limits = CacheLimits::new(MIN_CAPACITY, MIN_CAPACITY / 16).unwrap();
    (Arc::new(Cache::new(limits, clock)), time)
}

/// Runs `work` on `count` threads, passing each its number, and waits for all of them.
fn threads(count: u64, work: impl Fn(u64) + Send + Sync + 'static) {
    let work = Arc::new(work);
    let spawn = |thread| {
        let work = Arc::clone(&work);
        thread::spawn(move || work(thread))
    };
    let all: Vec<_> = (0..count).map(spawn).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}

fn each_key_is_linearizable() {
    let (cache, time) = new_cache();
    let (count, events) = (AtomicU64::new(0), Arc::new(Mutex::new(Vec::new())));
    let (seed, record) = (shuttle::rand::thread_rng().r#gen::<u64>(), Arc::clone(&events));
    threads(4, move |thread| {
        let mut dice = Dice::new(seed.wrapping_add(thread));
        let record = Record { count: &count, events: &record };
        for _ in 0..4 {
            let operation = match thread {
                0 => Operation::Advance(1),
                _ => dice.operation(),
            };
            record.note(operation, || (), |operation| perform(&cache, &time, "k", operation));
            cache.reclaim(dice.roll(2) as usize);
        }
    });
    let events = events.lock().unwrap();
    assert!(is_linearizable(&events), "{events:#?}");
}

/// A new value of the same length reuses the entry's memory, but only if no reader holds the old
/// value.
fn what_a_reader_holds_stays() {
    let (cache, _) = new_cache();
    cache.set("k", "\"00000000\"", None).unwrap();
    threads(4, move |thread| {
        for round in 0..3 {
            let text = format!("\"{}\"", thread.to_string().repeat(8));
            if thread % 2 == 0 {
                cache.set("k", &text, None).unwrap();
            } else if round == 1 && thread == 3 {
                cache.delete("k").unwrap();
            } else if thread == 1 {
                cache.expire("k", Some(round + 1)).unwrap();
            }
            let Some(value) = cache.get("k").unwrap() else { continue };
            let (then, other) = (value.to_string(), value.clone());
            thread::yield_now();
            drop(value);
            assert_eq!(*other, then);
            assert!(then.as_bytes()[1..9].windows(2).all(|pair| pair[0] == pair[1]), "{then}");
        }
    });
}

fn the_capacity_holds() {
    let (cache, _) = new_cache();
    let (seed, watched) = (shuttle::rand::thread_rng().r#gen::<u64>(), Arc::clone(&cache));
    threads(3, move |thread| {
        let mut dice = Dice::new(seed.wrapping_add(thread));
        for round in 0..12 {
            let text = "7".repeat(3_000 + dice.roll(1_000) as usize).replace('7', " ") + "1";
            let (key, own) = (dice.roll(30).to_string(), format!("{thread}.{round}"));
            cache.set(&key, &text, None).unwrap();
            cache.set(&own, "1", None).unwrap();
            let stats = cache.stats();
            assert!(stats.bytes <= stats.capacity, "{stats:?}");
        }
    });
    let stats = watched.stats();
    let (entries, listed) = (stats.entries, watched.list("", None, usize::MAX).len());
    assert_eq!((entries, stats.deletes + stats.expired), (listed as u64, 0));
    assert!(stats.bytes <= stats.capacity, "{stats:?}");
}

/// Only one holder computes at a time, even if an earlier holder released its lease without a
/// value. If a waiting caller is never woken, Shuttle reports a deadlock.
fn one_computes() {
    let (cache, _) = new_cache();
    let computing = AtomicU64::new(0);
    let seed = shuttle::rand::thread_rng().r#gen::<u64>();
    threads(4, move |thread| {
        let mut dice = Dice::new(seed.wrapping_add(thread));
        let holder = Holder::new();
        loop {
            match cache.get_or_lease("k", None, holder).unwrap() {
                Found::Value(_) => return,
                Found::Held(end) => shuttle::future::block_on(end),
                Found::Compute | Found::Refresh(_) => {
                    assert_eq!(computing.fetch_add(1, SeqCst), 0);
                    thread::yield_now();
                    computing.fetch_sub(1, SeqCst);
                    match dice.roll(3) {
                        0 => return cache.release("k", holder).unwrap(),
                        1 => cache.release("k", holder).unwrap(),
                        _ => assert!(cache.fill("k", "1", None, holder).unwrap()),
                    }
                }
            }
        }
    });
}

/// In the end, the cache has no value that was computed from an outdated state of a source. Two
/// threads read the source and fill the entry; two change the source, and set or delete the entry.
fn what_is_filled_in_is_not_older() {
    let (cache, _) = new_cache();
    let source = shuttle::sync::Mutex::new(0_u64);
    let watched = Arc::clone(&cache);
    threads(4, move |thread| {
        let holder = Holder::new();
        if thread > 1 {
            let mut source = source.lock().unwrap();
            *source += 1;
            // Write to the cache under the source's lock, so that cache writes have the same order
            // as changes of the source.
            match thread {
                2 => cache.set("k", &source.to_string(), None).unwrap(),
                _ => drop(cache.delete("k")),
            }
            return;
        }
        if let Found::Compute = cache.get_or_lease("k", None, holder).unwrap() {
            let read = *source.lock().unwrap();
            thread::yield_now();
            if cache.fill("k", &read.to_string(), None, holder).unwrap() {
                return;
            }
        }
        cache.release("k", holder).unwrap();
    });
    // If the cache still has a value, the value must be the final state of the source.
    let left = watched.get("k").unwrap();
    assert!(left.is_none_or(|value| &*value == "2"), "older than the source");
}
