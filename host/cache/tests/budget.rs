//! Checks the bytes that caches take from a shared budget and give back.

#![allow(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::Arc;
use std::time::Duration;

use hostel_cache::{
    BudgetPart, Cache, CacheLimits, Clock, Lifetime, MemoryBudget, MockClock, Swap,
};
use proptest::prelude::*;

/// The bytes of a chunk of a default cache.
const CHUNK: usize = 16 << 10;
/// The number of shards of a default cache.
const SHARDS: usize = 8;

fn part(bytes: usize) -> Arc<BudgetPart> {
    MemoryBudget::new(usize::MAX).part(bytes)
}

fn cache(memory: &Arc<BudgetPart>) -> (Cache, MockClock) {
    let (clock, time) = Clock::mock();
    (Cache::within(CacheLimits::default(), clock, memory), time)
}

fn bytes(cache: &Cache) -> usize {
    usize::try_from(cache.stats().bytes).unwrap()
}

/// Sets `entries` entries with values of 200 bytes.
fn fill(cache: &Cache, entries: usize, expiry: Option<u32>) {
    let value = format!("\"{}\"", "x".repeat(198));
    (0..entries).for_each(|number| cache.set(&number.to_string(), &value, expiry).unwrap());
}

#[test]
fn a_cache_takes_what_it_holds_in_chunks() {
    let memory = part(usize::MAX);
    let (cache, _) = cache(&memory);
    assert_eq!(memory.taken(), bytes(&cache), "an empty cache takes only itself");
    assert!(memory.taken() < SHARDS << 11);
    let (mut before, mut takings) = (memory.taken(), 0);
    for number in 0..10_000 {
        cache.set(&number.to_string(), "\"some text\"", None).unwrap();
        takings += usize::from(memory.taken() != before);
        before = memory.taken();
    }
    let held = bytes(&cache);
    assert!(takings <= SHARDS + held / CHUNK, "{takings} takings of {held} bytes");
    assert!((held..held + SHARDS * CHUNK).contains(&memory.taken()));
    assert_eq!(memory.budget().taken(), memory.taken());
}

#[test]
fn where_nothing_is_left_a_cache_evicts_entries_of_its_own() {
    const MOST: usize = 1 << 20;
    let memory = part(MOST);
    let ((full, _), (other, _)) = (cache(&memory), cache(&memory));
    for number in 0..20_000 {
        let key = number.to_string();
        full.set(&key, "\"some text\"", None).unwrap();
        assert_eq!(full.get(&key).unwrap().as_deref(), Some("\"some text\""));
    }
    let stats = full.stats();
    assert_eq!(stats.evicted + stats.entries, 20_000);
    assert!(stats.evicted > 0 && bytes(&full) > MOST / 2, "{stats:?}");
    assert!(memory.taken() <= MOST + SHARDS * CHUNK, "{} bytes", memory.taken());

    let entries = full.stats().entries;
    fill(&other, 20_000, None);
    let stats = other.stats();
    assert!(stats.entries >= 400 && stats.evicted > 0, "a chunk in each shard: {stats:?}");
    assert_eq!(full.stats().entries, entries, "the other cache's entries are unchanged");
    assert!(memory.taken() <= MOST + 2 * SHARDS * CHUNK, "{} bytes", memory.taken());
}

#[test]
fn where_nothing_is_left_the_largest_value_is_set_and_replaced() {
    let memory = part(0);
    let (cache, _) = cache(&memory);
    assert_eq!(memory.taken(), bytes(&cache));
    fill(&cache, 1000, None);
    let large = |digit: &str| digit.repeat(300) + &" ".repeat((1 << 20) - 300);
    cache.set("k", &large("1"), None).unwrap();
    let swapped = cache.compare_and_swap("k", Some(&large("1")), Some(&large("2")), Lifetime::Keep);
    assert_eq!(swapped, Ok(Swap::Swapped));
    assert_eq!(cache.get("k").unwrap().as_deref(), Some(&*large("2")));
    let most = (2 << 20) + SHARDS * 2 * CHUNK;
    assert!((bytes(&cache)..most).contains(&memory.taken()), "{} bytes", memory.taken());
    cache.set("k", "1", None).unwrap();
    assert!(memory.taken() <= SHARDS * 2 * CHUNK, "{} bytes", memory.taken());
}

/// Fills a cache, removes all entries with `remove`, and checks the bytes given back immediately,
/// after a sweep for expired entries, and when the cache is dropped.
#[track_caller]
fn gives_back(remove: impl Fn(&Cache, &MockClock)) {
    let memory = part(usize::MAX);
    let (cache, time) = cache(&memory);
    let empty = memory.taken();
    fill(&cache, 20_000, Some(60));
    assert!(memory.taken() > 20_000 * 200);
    remove(&cache, &time);
    assert_eq!(cache.stats().entries, 0);
    assert!(memory.taken() <= SHARDS * 3 * CHUNK, "{} bytes are left", memory.taken());
    cache.reclaim(1_000);
    assert_eq!(memory.taken(), empty);
    drop(cache);
    assert_eq!((memory.taken(), memory.budget().taken()), (0, 0));
}

#[test]
fn what_removed_entries_took_is_given_back() {
    gives_back(|cache, _| assert_eq!(cache.clear(), 20_000));
    gives_back(|cache, _| {
        (0..20_000).for_each(|key| assert!(cache.delete(&key.to_string()).unwrap()));
    });
    gives_back(|cache, _| while cache.delete_prefix("", None).unwrap().cursor.is_some() {});
    gives_back(|cache, time| {
        time.advance(Duration::from_secs(60));
        while cache.reclaim(1_000) > 0 {}
    });
}

#[test]
fn what_is_given_back_another_cache_takes() {
    let memory = part(2 << 20);
    let ((one, _), (other, _)) = (cache(&memory), cache(&memory));
    fill(&one, 20_000, None);
    fill(&other, 20_000, None);
    let few = other.stats().entries;
    one.clear();
    fill(&other, 20_000, None);
    assert!(other.stats().entries > 4 * few, "{few} before, {:?}", other.stats());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two caches together never hold more bytes than they have taken from their budget, whatever
    /// operations run on them. They accept every value.
    #[test]
    fn a_cache_holds_no_more_than_it_has_taken(
        most in 0_usize..1 << 20,
        operations in prop::collection::vec((0_u8..9, 0_u32..400, 1_usize..20_000), 1..600),
    ) {
        let memory = part(most);
        let (clock, time) = Clock::mock();
        let limits = CacheLimits::new(1 << 20, 32 << 10).unwrap();
        let caches = [(); 2].map(|()| Cache::within(limits, clock.clone(), &memory));
        for (operation, key, length) in operations {
            let cache = &caches[key as usize % 2];
            let key = key.to_string();
            match operation {
                0..5 => {
                    let text = "1".to_owned() + &" ".repeat(length);
                    cache.set(&key, &text, (length % 3 == 0).then_some(9)).unwrap();
                    let found = cache.get(&key).unwrap();
                    prop_assert_eq!(found.as_deref(), Some(&*text));
                }
                5 => drop(cache.delete(&key).unwrap()),
                6 => time.advance(Duration::from_secs(1)),
                7 => drop(cache.reclaim(length)),
                _ if length % 9 == 0 => drop(cache.clear()),
                _ => drop(cache.increment("sum", 1, None)),
            }
            let held: usize = caches.iter().map(bytes).sum();
            prop_assert!(held <= memory.taken(), "{} held, {} taken", held, memory.taken());
        }
        drop(caches);
        prop_assert_eq!((memory.taken(), memory.budget().taken()), (0, 0));
    }
}
