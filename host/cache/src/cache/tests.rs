//! Unit tests of the cache: operations, errors, expiry, eviction, counters and threads.

use super::*;
use crate::clock::MockClock;
use crate::error::ErrorKind::{self, InvalidExpiry, InvalidKey, InvalidValue, TooLarge};
use crate::limits::{DEFAULT_VALUE_LIMIT, MIN_CAPACITY};
use crate::outcome::{Lifetime, Swap, TimeLeft};
use std::time::Duration;

const TEN_YEARS: u32 = 315_360_000;

fn new_cache() -> (Cache, MockClock) {
    let (clock, time) = Clock::mock();
    (Cache::new(CacheLimits::default(), clock), time)
}

#[track_caller]
fn value(cache: &Cache, key: &str) -> Option<String> {
    let value = cache.get(key).unwrap();
    assert_eq!(cache.exists(key), Ok(value.is_some()), "get and exists disagree on {key:?}");
    value.map(|value| value.to_string())
}

#[track_caller]
fn comes_back(text: &str) {
    let (cache, _) = new_cache();
    cache.set("k", text, None).unwrap();
    assert_eq!(value(&cache, "k").as_deref(), Some(text));
}

#[test]
fn every_json_text_comes_back_as_it_was_written() {
    let texts = [
        "\"text\"",
        "1",
        "1.5",
        "{\"b\":1,\"a\":{}}",
        "[1, [2]]",
        "true",
        "false",
        "null",
        "1180591620717411303424",
        "1.0",
        "-0.0",
        "-0",
        "5e-324",
        "1e308",
        "0.30000000000000004",
        "{\"a\":1,\"a\":2}",
        " [ ]\n",
        "\"é€😀\"",
        "\"\\u0000\"",
        "\"\u{2028}\"",
        "\"\\u2028\"",
        "\"\"",
        "9007199254740993",
    ];
    texts.into_iter().for_each(comes_back);
    comes_back(&format!("{}{}", "[".repeat(100), "]".repeat(100)));
    comes_back(&format!("\"{}\"", "é".repeat((DEFAULT_VALUE_LIMIT - 2) / 2)));
}

#[track_caller]
fn refused(key: &str, text: &str, expiry: Option<u32>, kind: ErrorKind) {
    let (cache, time) = new_cache();
    let kept = if kind == InvalidKey { "k" } else { key };
    cache.set(kept, "\"old\"", Some(10)).unwrap();
    time.advance(Duration::from_secs(4));

    let error = cache.set(key, text, expiry).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");

    assert_eq!(value(&cache, kept).as_deref(), Some("\"old\""));
    time.advance(Duration::from_nanos(5_999_999_999));
    assert!(value(&cache, kept).is_some(), "the old expiry became shorter");
    time.advance(Duration::from_nanos(1));
    assert!(value(&cache, kept).is_none(), "the old expiry became longer");
    assert_eq!(cache.stats().sets, 1);
}

#[test]
fn a_refused_set_leaves_the_old_value_and_the_old_expiry() {
    for text in ["NaN", "Infinity", "1e400", "\"\\ud800\"", "", " ", "1 2", "\u{feff}1"] {
        refused("k", text, None, InvalidValue);
    }
    refused("k", &format!("{}1{}", "[".repeat(101), "]".repeat(101)), None, InvalidValue);
    refused("k", &format!("\"{}\"", "x".repeat(DEFAULT_VALUE_LIMIT - 1)), None, TooLarge);
    refused("k", "1", Some(0), InvalidExpiry);
    refused("k", "1", Some(TEN_YEARS + 1), InvalidExpiry);
    refused("k", "1", Some(u32::MAX), InvalidExpiry);
    refused("", "1", None, InvalidKey);
    refused(&"k".repeat(1025), "1", None, InvalidKey);
}

#[test]
fn the_first_wrong_argument_is_the_one_refused() {
    refused("", "NaN", Some(0), InvalidKey);
    refused("k", "NaN", Some(0), InvalidValue);
}

#[test]
fn every_operation_refuses_a_bad_key() {
    let (cache, _) = new_cache();
    for key in ["".to_owned(), "k".repeat(1025)] {
        assert_eq!(cache.get(&key).map_err(|e| e.kind()), Err(InvalidKey));
        assert_eq!(cache.exists(&key).map_err(|e| e.kind()), Err(InvalidKey));
        assert_eq!(cache.delete(&key).map_err(|e| e.kind()), Err(InvalidKey));
    }
    let untouched = Stats { bytes: cache.stats().bytes, ..Stats::default() };
    assert_eq!(Stats { capacity: 0, ..cache.stats() }, untouched);
}

#[test]
fn keys_are_distinct_byte_by_byte() {
    let longest = "k".repeat(1024);
    let keys = [
        &*longest,
        &longest[1..],
        "\0",
        "\0\0",
        "\n",
        "\r\n",
        " ",
        "{tag}",
        "{tag}a",
        "*?[]",
        "*",
        "?",
        "\u{e9}",
        "e\u{301}",
        "é ",
        "K",
        "k",
        "\u{202e}k",
        "\u{10ffff}",
        "a:b",
        "a",
    ];
    let (cache, _) = new_cache();
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(value(&cache, key), None, "{key:?}");
        cache.set(key, &number.to_string(), None).unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(value(&cache, key), Some(number.to_string()), "{key:?}");
    }
}

#[test]
fn an_entry_is_gone_from_the_first_instant_of_its_deadline() {
    for seconds in [1, 60, TEN_YEARS] {
        let (cache, time) = new_cache();
        time.advance(Duration::from_millis(1500));
        cache.set("k", "1", Some(seconds)).unwrap();
        time.advance(Duration::from_secs(seconds.into()) - Duration::from_millis(1));
        assert!(value(&cache, "k").is_some(), "{seconds} s, a millisecond early");
        time.advance(Duration::from_nanos(999_999));
        assert!(value(&cache, "k").is_some(), "{seconds} s, a nanosecond early");
        time.advance(Duration::from_nanos(1));
        assert!(value(&cache, "k").is_none(), "{seconds} s");
    }
}

#[test]
fn a_listing_goes_through_all_live_entries_by_prefix_in_pages() {
    let (cache, time) = new_cache();
    for number in 0..500 {
        cache.set(&format!("user:{number:03}"), "1", Some(60)).unwrap();
        cache.set(&format!("gone:{number:03}"), "1", Some(1)).unwrap();
    }
    cache.set("user:kept", "[1]", None).unwrap();
    cache.set("other", "1", None).unwrap();
    time.advance(Duration::from_secs(10));
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = cache.list("user:", after.as_deref(), 64);
        let Some(last) = page.last() else { break };
        assert!(page.len() == 64 || keys.len() + page.len() == 501);
        after = Some(last.key.clone());
        keys.extend(page);
    }
    assert_eq!(keys.len(), 501);
    assert!(keys.is_sorted_by(|one, next| one.key < next.key));
    let fifty = Some(Duration::from_secs(50));
    assert_eq!(keys[0], EntryInfo { key: "user:000".to_owned(), bytes: 9, remaining: fifty });
    assert_eq!((keys[500].bytes, keys[500].remaining), (12, None));
    assert_eq!(cache.list("", None, 1_000).len(), 502);
    assert!(cache.list("gone:", None, 10).is_empty());
    assert!(cache.list("", None, 0).is_empty());
}

#[test]
fn a_cleared_cache_is_empty_and_gives_its_memory_back() {
    let (cache, _) = new_cache();
    let empty = cache.stats().bytes;
    for number in 0..1_000 {
        cache.set(&number.to_string(), "1", None).unwrap();
    }
    assert_eq!(cache.clear(), 1_000);
    assert_eq!((cache.stats().entries, cache.stats().bytes), (0, empty));
    assert_eq!(cache.stats().sets, 1_000);
    cache.set("k", "1", None).unwrap();
    assert!(value(&cache, "k").is_some());
}

#[test]
fn an_expired_entry_is_gone_for_whichever_operation_comes_first() {
    let first = |operation: fn(&Cache) -> bool| {
        let (cache, time) = new_cache();
        cache.set("k", "1", Some(1)).unwrap();
        time.advance(Duration::from_secs(1));
        let found = operation(&cache);
        (found, cache.stats().expired, cache.stats().entries)
    };
    assert_eq!(first(|cache| cache.get("k").unwrap().is_some()), (false, 1, 0));
    assert_eq!(first(|cache| cache.exists("k").unwrap()), (false, 1, 0));
    assert_eq!(first(|cache| cache.delete("k").unwrap()), (false, 1, 0));
    assert_eq!(first(|cache| cache.set("k", "1", None).is_err()), (false, 1, 1));
    assert_eq!(first(|cache| cache.take("k").unwrap().is_some()), (false, 1, 0));
    assert_eq!(first(|cache| cache.ttl("k") != Ok(TimeLeft::Missing)), (false, 1, 0));
    assert_eq!(first(|cache| cache.expire("k", None).unwrap()), (false, 1, 0));
    assert_eq!(first(|cache| !cache.keys("", None).unwrap().keys.is_empty()), (false, 1, 0));
    assert_eq!(first(|cache| cache.delete_prefix("", None).unwrap().removed > 0), (false, 1, 0));
}

#[test]
fn a_set_replaces_the_expiry_too() {
    for (second, gone_after) in [(Some(20), Some(20)), (Some(2), Some(2)), (None, None)] {
        let (cache, time) = new_cache();
        cache.set("k", "1", Some(10)).unwrap();
        time.advance(Duration::from_secs(1));
        cache.set("k", "2", second).unwrap();
        let just_before = gone_after.unwrap_or(TEN_YEARS) - 1;
        time.advance(Duration::from_secs(just_before.into()));
        assert_eq!(value(&cache, "k").as_deref(), Some("2"), "{second:?}");
        time.advance(Duration::from_secs(1));
        assert_eq!(value(&cache, "k").is_some(), gone_after.is_none(), "{second:?}");
    }
}

#[test]
fn neither_get_nor_exists_extends_an_expiry() {
    let (cache, time) = new_cache();
    cache.set("k", "1", Some(2)).unwrap();
    for present in [true, true, false] {
        assert_eq!(value(&cache, "k").is_some(), present);
        time.advance(Duration::from_secs(1));
    }
}

#[test]
fn an_expiry_near_the_end_of_the_clock_does_not_wrap() {
    let (cache, time) = new_cache();
    time.advance(Duration::from_nanos(u64::MAX - 1_000_000_000));
    cache.set("short", "1", Some(TEN_YEARS)).unwrap();
    cache.set("none", "1", None).unwrap();
    assert!(value(&cache, "short").is_some());
    time.advance(Duration::MAX);
    assert!(value(&cache, "short").is_none());
    assert!(value(&cache, "none").is_some());
}

#[test]
fn a_stored_null_is_there() {
    let (cache, _) = new_cache();
    cache.set("k", "null", None).unwrap();
    assert_eq!(cache.get("k").unwrap().as_deref(), Some("null"));
    assert_eq!(cache.exists("k"), Ok(true));
}

#[test]
fn a_second_delete_is_false() {
    let (cache, _) = new_cache();
    cache.set("k", "1", None).unwrap();
    assert_eq!((cache.delete("k"), cache.delete("k")), (Ok(true), Ok(false)));
    assert_eq!(value(&cache, "k"), None);
}

#[test]
fn what_a_reader_holds_outlives_its_entry() {
    let (cache, time) = new_cache();
    cache.set("k", "1", Some(1)).unwrap();
    let held = cache.get("k").unwrap();
    cache.set("k", "2", Some(1)).unwrap();
    time.advance(Duration::from_secs(1));
    assert_eq!((held.as_deref(), value(&cache, "k")), (Some("1"), None));
}

#[test]
fn statistics_count_each_operation_once() {
    let (cache, time) = new_cache();
    cache.set("a", "1", None).unwrap();
    cache.set("a", "2", None).unwrap();
    cache.set("b", "1", Some(1)).unwrap();
    cache.set("c", "nonsense", None).unwrap_err();
    for key in ["a", "a", "c"] {
        cache.get(key).unwrap();
    }
    for key in ["a", "c", "c", "c"] {
        cache.exists(key).unwrap();
    }
    time.advance(Duration::from_secs(1));
    for key in ["b", "c"] {
        cache.delete(key).unwrap();
    }
    let before = cache.stats();
    assert_eq!(cache.delete("a"), Ok(true));
    let after = cache.stats();
    let expected = Stats {
        hits: 2,
        misses: 1,
        exists: 4,
        sets: 3,
        deletes: 1,
        expired: 1,
        evicted: 0,
        entries: 0,
        bytes: after.bytes,
        capacity: 64 << 20,
        ..Stats::default()
    };
    assert_eq!(after, expected);
    assert!(after.bytes < before.bytes && before.entries == 1);
}

/// Sets entries of ten times the cache's capacity in total, and checks that the cache stays within
/// its capacity.
#[track_caller]
fn overfill(capacity: usize, value_limit: usize, length: impl Fn(usize) -> usize) {
    let limits = CacheLimits::new(capacity, value_limit).unwrap();
    let cache = Cache::new(limits, Clock::mock().0);
    let digits = "7".repeat(300) + &" ".repeat(value_limit);
    let (mut put, mut number) = (0, 0);
    while put < 10 * capacity {
        let (key, text) = (format!("key {number}"), &digits[..length(number)]);
        cache.set(&key, text, None).unwrap();
        assert_eq!(value(&cache, &key).as_deref(), Some(text));
        if number % 100 == 0 {
            let bytes = cache.stats().bytes;
            assert!(bytes <= capacity as u64, "{bytes} of {capacity} bytes");
        }
        put += key.len() + text.len();
        number += 1;
    }
    let Stats { bytes, evicted, entries, .. } = cache.stats();
    assert_eq!(evicted + entries, number as u64);
    assert!(bytes <= capacity as u64, "{bytes} of {capacity} bytes");
    assert!(bytes > capacity as u64 / 2, "only {bytes} of {capacity} bytes are used");
}

#[test]
fn a_full_cache_stays_within_its_capacity_and_takes_every_set() {
    overfill(MIN_CAPACITY, 1, |_| 1);
    overfill(MIN_CAPACITY, MIN_CAPACITY / 16, |number| 1 + number % (MIN_CAPACITY / 16));
    overfill(1 << 20, 1 << 16, |_| 1 << 16);
    overfill(1 << 20, 1 << 16, |number| if number % 50 == 0 { 1 << 16 } else { 20 });
    overfill(1 << 20, 100, |number| 1 + number * 31 % 100);
}

#[test]
fn an_entry_that_grows_in_a_full_cache_stays() {
    let limits = CacheLimits::new(MIN_CAPACITY, MIN_CAPACITY / 16).unwrap();
    let cache = Cache::new(limits, Clock::mock().0);
    for number in 0..2000 {
        cache.set(&number.to_string(), "1", None).unwrap();
    }
    for length in (10..=300).step_by(10) {
        let text = "7".repeat(length);
        cache.set("1999", &text, None).unwrap();
        assert_eq!(value(&cache, "1999"), Some(text));
    }
}

/// Sets one entry and then many others, and calls `touch` after each of those. Returns true if the
/// first entry survives.
fn survives(touch: impl Fn(&Cache)) -> bool {
    let limits = CacheLimits::new(MIN_CAPACITY, 1).unwrap();
    let cache = Cache::new(limits, Clock::mock().0);
    cache.set("hot", "1", None).unwrap();
    for number in 0..10_000 {
        cache.set(&number.to_string(), "1", None).unwrap();
        touch(&cache);
    }
    assert!(cache.stats().evicted > 1000);
    cache.exists("hot").unwrap()
}

#[test]
fn get_counts_as_a_use_for_eviction_and_exists_does_not() {
    assert!(survives(|cache| drop(cache.get("hot").unwrap())));
    assert!(!survives(|cache| assert!(cache.exists("hot").is_ok())));
    assert!(!survives(|_| ()));
}

#[test]
fn neither_ttl_nor_expire_nor_a_walk_is_a_use_for_eviction() {
    assert!(!survives(|cache| assert!(cache.ttl("hot").is_ok())));
    assert!(!survives(|cache| assert!(cache.expire("hot", Some(9)).is_ok())));
    assert!(!survives(|cache| assert!(cache.keys("hot", None).is_ok())));
}

#[test]
fn an_expired_entry_that_makes_room_counts_as_expired() {
    let (clock, time) = Clock::mock();
    let cache = Cache::new(CacheLimits::new(MIN_CAPACITY, 1).unwrap(), clock);
    let fill = |expiry, keys: std::ops::Range<u32>| {
        keys.for_each(|key| cache.set(&key.to_string(), "1", expiry).unwrap());
    };
    fill(Some(1), 0..200);
    assert_eq!(cache.stats().evicted, 0);
    time.advance(Duration::from_secs(1));
    fill(None, 200..2000);
    let stats = cache.stats();
    assert_eq!(stats.expired, 200);
    assert_eq!(stats.evicted + stats.entries, 1800);
}

#[test]
fn shards_are_as_many_as_the_largest_entries_allow() {
    let cases = [
        (MIN_CAPACITY, 1, 2),
        (MIN_CAPACITY, 4 << 10, 2),
        (16 << 20, 1 << 20, 2),
        (64 << 20, 1 << 20, 8),
        (64 << 20, 64 << 10, 64),
        (1 << 40, 1, 64),
        (usize::MAX, usize::MAX / 16, 2),
    ];
    for (capacity, value_limit, shards) in cases {
        let limits = CacheLimits::new(capacity, value_limit).unwrap();
        assert_eq!(shard_count(limits), shards, "{limits:?}");
    }
}

#[test]
fn keys_are_spread_over_all_shards() {
    let (cache, _) = new_cache();
    for number in 0..1000 {
        cache.set(&number.to_string(), "1", None).unwrap();
    }
    let shards = cache.others.iter().chain([&cache.first]);
    let entries: Vec<_> = shards.map(|shard| shard.stats().entries).collect();
    assert!(entries.iter().all(|entries| (60..200).contains(entries)), "{entries:?}");
}

/// Reduces an error to its kind.
fn kind<T>(outcome: Result<T, Error>) -> Result<T, ErrorKind> {
    outcome.map_err(|error| error.kind())
}

#[test]
fn a_value_is_set_if_absent_and_a_live_null_is_not_absent() {
    let (cache, time) = new_cache();
    assert_eq!(cache.set_if_absent("k", "null", Some(1)), Ok(true));
    assert_eq!(cache.set_if_absent("k", "2", None), Ok(false));
    assert_eq!((value(&cache, "k").as_deref(), cache.stats().sets), (Some("null"), 1));
    time.advance(Duration::from_secs(1));
    assert_eq!(cache.set_if_absent("k", "3", Some(9)), Ok(true));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Seconds(9)));
    assert_eq!(kind(cache.set_if_absent("k", "nonsense", None)), Err(InvalidValue));
}

#[test]
fn a_swap_creates_replaces_and_removes_what_was_expected() {
    use Lifetime::Unlimited;
    let (cache, time) = new_cache();
    let swap = |expected, wanted| cache.compare_and_swap("k", expected, wanted, Unlimited);
    assert_eq!(swap(None, None), Ok(Swap::Swapped));
    assert_eq!(swap(Some("1"), Some("2")), Ok(Swap::Changed(None)));
    assert_eq!(swap(Some("1"), None), Ok(Swap::Changed(None)));
    assert_eq!((cache.stats().swaps, cache.stats().entries), (0, 0), "nothing has changed");
    assert_eq!(swap(None, Some("1")), Ok(Swap::Swapped));
    assert_eq!(swap(Some("1"), Some("2")), Ok(Swap::Swapped));
    assert_eq!(value(&cache, "k").as_deref(), Some("2"));
    assert_eq!(swap(Some("2"), None), Ok(Swap::Swapped));
    assert_eq!(value(&cache, "k"), None);
    assert_eq!((cache.stats().swaps, cache.stats().sets, cache.stats().deletes), (3, 0, 0));

    cache.set("k", "1", Some(1)).unwrap();
    time.advance(Duration::from_secs(1));
    assert_eq!(swap(Some("1"), Some("2")), Ok(Swap::Changed(None)), "it has expired");
    cache.set("k", "1", Some(1)).unwrap();
    time.advance(Duration::from_secs(1));
    assert_eq!(swap(None, Some("2")), Ok(Swap::Swapped), "it has expired");
}

#[test]
fn a_swap_compares_byte_for_byte_and_returns_the_value_itself_where_it_differs() {
    let (cache, _) = new_cache();
    cache.set("k", "{\"a\": 1}", Some(9)).unwrap();
    let there = cache.get("k").unwrap().unwrap();
    let before = cache.stats();
    for expected in [None, Some("{\"a\":1}"), Some("{\"a\": 1.0}"), Some("null")] {
        for wanted in [None, Some("2")] {
            let swap = cache.compare_and_swap("k", expected, wanted, Lifetime::Unlimited);
            let Ok(Swap::Changed(Some(found))) = swap else { panic!("{expected:?}: {swap:?}") };
            assert!(std::ptr::eq(&*found, &*there), "{expected:?}: a copy of the value");
        }
    }
    assert_eq!(cache.stats(), before);
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Seconds(9)));
}

#[test]
fn a_swapped_entry_expires_after_its_lifetime() {
    use Lifetime::{After, Keep, Unlimited};
    let cases = [
        (Some(9), Keep, TimeLeft::Seconds(8)),
        (Some(9), Unlimited, TimeLeft::Unlimited),
        (Some(9), After(20), TimeLeft::Seconds(20)),
        (None, Keep, TimeLeft::Unlimited),
        (None, After(20), TimeLeft::Seconds(20)),
    ];
    for (expiry, lifetime, left) in cases {
        let (cache, time) = new_cache();
        cache.set("k", "1", expiry).unwrap();
        time.advance(Duration::from_secs(1));
        let swap = cache.compare_and_swap("k", Some("1"), Some("[2]"), lifetime);
        assert_eq!(
            (swap, cache.ttl("k")),
            (Ok(Swap::Swapped), Ok(left)),
            "{expiry:?} {lifetime:?}"
        );
        let swap = cache.compare_and_swap("k", Some("[2]"), None, lifetime);
        assert_eq!((swap, cache.ttl("k")), (Ok(Swap::Swapped), Ok(TimeLeft::Missing)));
    }
    let created = [(Keep, TimeLeft::Unlimited), (Unlimited, TimeLeft::Unlimited)];
    for (lifetime, left) in created.into_iter().chain([(After(20), TimeLeft::Seconds(20))]) {
        let (cache, _) = new_cache();
        let swap = cache.compare_and_swap("k", None, Some("1"), lifetime);
        assert_eq!((swap, cache.ttl("k")), (Ok(Swap::Swapped), Ok(left)), "{lifetime:?}");
    }
}

/// Asserts that an operation is refused and changes nothing.
#[track_caller]
fn unchanged<T: fmt::Debug + PartialEq>(
    expected: ErrorKind,
    operation: impl FnOnce(&Cache) -> Result<T, Error>,
) {
    let (cache, time) = new_cache();
    cache.set("k", "7", Some(9)).unwrap();
    time.advance(Duration::from_millis(500));
    let before = cache.stats();
    assert_eq!(kind(operation(&cache)), Err(expected));
    assert_eq!(cache.stats(), before, "something is counted");
    assert_eq!(
        (value(&cache, "k").as_deref(), cache.ttl("k")),
        (Some("7"), Ok(TimeLeft::Seconds(9)))
    );
}

#[test]
fn the_first_wrong_argument_of_each_operation_is_refused_and_nothing_changes() {
    use Lifetime::{After, Keep};
    let long = format!("\"{}\"", "x".repeat(DEFAULT_VALUE_LIMIT - 1));
    let swap = |kind, key, expected, wanted, lifetime| {
        unchanged(kind, |cache| cache.compare_and_swap(key, expected, wanted, lifetime));
    };
    swap(InvalidKey, "", Some("NaN"), Some(&long), After(0));
    swap(InvalidValue, "k", Some("NaN"), Some(&long), After(0));
    swap(TooLarge, "k", Some(&long), Some("NaN"), After(0));
    swap(TooLarge, "k", Some("7"), Some(&long), After(0));
    swap(InvalidValue, "k", Some("7"), Some("NaN"), After(0));
    swap(InvalidValue, "missing", Some("7"), Some("NaN"), Keep);
    swap(InvalidExpiry, "k", Some("7"), Some("8"), After(0));
    swap(InvalidExpiry, "k", Some("7"), Some("8"), After(TEN_YEARS + 1));

    let increment =
        |kind, key, by, expiry| unchanged(kind, |cache| cache.increment(key, by, expiry));
    increment(InvalidKey, "", i64::MAX, Some(0));
    increment(InvalidValue, "k", 1 << 53, Some(0));
    increment(InvalidExpiry, "k", 1, Some(0));
    increment(InvalidExpiry, "missing", 1, Some(TEN_YEARS + 1));

    unchanged(InvalidKey, |cache| cache.take(""));
    unchanged(InvalidKey, |cache| cache.ttl(""));
    unchanged(InvalidKey, |cache| cache.expire("", Some(0)));
    unchanged(InvalidExpiry, |cache| cache.expire("k", Some(0)));
    unchanged(InvalidExpiry, |cache| cache.expire("k", Some(TEN_YEARS + 1)));
    unchanged(InvalidExpiry, |cache| cache.expire("missing", Some(0)));

    unchanged(InvalidKey, |cache| cache.get_many(&["k", ""]));
    unchanged(InvalidKey, |cache| cache.delete_many(&["k", ""]));
    unchanged(InvalidKey, |cache| cache.set_many(&[("k", "8"), ("", "NaN")], Some(0)));
    unchanged(InvalidValue, |cache| cache.set_many(&[("k", "NaN"), ("", "8")], Some(0)));
    unchanged(TooLarge, |cache| cache.set_many(&[("k", "8"), ("l", &long)], Some(0)));
    unchanged(InvalidExpiry, |cache| cache.set_many(&[("k", "8")], Some(0)));
    unchanged(InvalidExpiry, |cache| cache.set_many(&[], Some(0)));

    unchanged(InvalidKey, |cache| cache.keys("", Some("nonsense")));
    unchanged(InvalidKey, |cache| cache.delete_prefix("", Some("nonsense")));
}

#[test]
fn an_increment_of_a_missing_entry_begins_at_0_and_only_then_takes_the_expiry() {
    let (cache, time) = new_cache();
    assert_eq!(cache.increment("k", 5, Some(2)), Ok(5));
    time.advance(Duration::from_secs(1));
    assert_eq!(cache.increment("k", -7, Some(60)), Ok(-2));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Seconds(1)));
    time.advance(Duration::from_secs(1));
    assert_eq!(cache.increment("k", 1, None), Ok(1), "the old one had expired");
    assert_eq!(cache.increment("k", -1, Some(60)), Ok(0));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
    assert_eq!((value(&cache, "k").as_deref(), cache.stats().increments), (Some("0"), 4));
    assert_eq!(cache.stats().sets, 0);
}

#[test]
fn an_increment_refuses_a_value_that_is_not_an_integer_and_leaves_it() {
    let (cache, _) = new_cache();
    for text in ["1.0", "1e2", "\"1\"", "null", " 1", "-0", "9007199254740992", "[1]"] {
        cache.set("k", text, Some(9)).unwrap();
        let what = format!("value {text:?}");
        assert_eq!(cache.increment("k", 1, None), Err(Error::NotAnInteger { what }));
        assert_eq!(value(&cache, "k").as_deref(), Some(text));
    }
    assert_eq!(cache.stats().increments, 0);
}

#[test]
fn an_increment_stays_within_the_integers_and_the_length_of_values() {
    const MOST: i64 = crate::MAX_INTEGER;
    let (cache, _) = new_cache();
    assert_eq!(cache.increment("most", MOST, None), Ok(MOST));
    let refused = Error::SumOutOfRange { value: MOST, delta: 1 };
    assert_eq!(cache.increment("most", 1, None), Err(refused));
    assert_eq!(cache.increment("most", -MOST, None), Ok(0));
    assert_eq!(cache.increment("least", -MOST, None), Ok(-MOST));
    assert_eq!(kind(cache.increment("least", -1, None)), Err(InvalidValue));
    assert_eq!(value(&cache, "least").as_deref(), Some("-9007199254740991"));

    let short = Cache::new(CacheLimits::new(MIN_CAPACITY, 1).unwrap(), Clock::mock().0);
    assert_eq!(short.increment("k", 9, None), Ok(9));
    let refused = Error::TooLarge { value: "\"10\"".to_owned(), bytes: 2, limit: 1 };
    assert_eq!(short.increment("k", 1, None), Err(refused));
    assert_eq!((value(&short, "k").as_deref(), short.stats().increments), (Some("9"), 1));
    assert_eq!(kind(short.increment("new", 10, None)), Err(TooLarge));
    assert_eq!(short.stats().entries, 1);
}

#[test]
fn a_taken_entry_is_returned_once() {
    let (cache, time) = new_cache();
    cache.set("k", "null", Some(1)).unwrap();
    assert_eq!(cache.take("k").unwrap().as_deref(), Some("null"));
    assert_eq!((cache.take("k"), value(&cache, "k")), (Ok(None), None));
    cache.set("k", "1", Some(1)).unwrap();
    time.advance(Duration::from_secs(1));
    assert_eq!(cache.take("k"), Ok(None), "it has expired");
    let stats = cache.stats();
    assert_eq!((stats.takes, stats.deletes, stats.expired), (1, 0, 1));
}

#[test]
fn threads_that_increment_one_number_lose_nothing() {
    let (cache, _) = new_cache();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let work = || (0..1_000).for_each(|_| assert!(cache.increment("k", 1, None).is_ok()));
            scope.spawn(work);
        }
    });
    assert_eq!((value(&cache, "k").as_deref(), cache.stats().increments), (Some("4000"), 4_000));
}

#[test]
fn the_time_left_of_a_live_entry_is_never_0() {
    let (cache, time) = new_cache();
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Missing));
    cache.set("k", "1", Some(2)).unwrap();
    for (step, left) in [(0, 2), (1, 2), (999_999_999, 1), (1, 1), (999_999_998, 1)] {
        time.advance(Duration::from_nanos(step));
        assert_eq!(cache.ttl("k"), Ok(TimeLeft::Seconds(left)));
    }
    time.advance(Duration::from_nanos(1));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Missing));
    cache.set("k", "1", None).unwrap();
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
    cache.set("k", "1", Some(TEN_YEARS)).unwrap();
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Seconds(TEN_YEARS)));
}

#[test]
fn an_entry_gets_another_expiry_from_now_on() {
    for (old, new, left) in [
        (None, Some(5), Some(5)),
        (Some(60), Some(5), Some(5)),
        (Some(2), Some(5), Some(5)),
        (Some(2), None, None),
    ] {
        let (cache, time) = new_cache();
        cache.set("k", "[1]", old).unwrap();
        time.advance(Duration::from_secs(1));
        // A reader holds the value, which `expire` must not change.
        let held = cache.get("k").unwrap();
        let bytes = cache.stats().bytes;
        assert_eq!(cache.expire("k", new), Ok(true));
        assert_eq!(cache.ttl("k"), Ok(left.map_or(TimeLeft::Unlimited, TimeLeft::Seconds)));
        let just_before =
            Duration::from_secs(left.unwrap_or(TEN_YEARS).into()) - Duration::from_nanos(1);
        time.advance(just_before);
        assert_eq!(value(&cache, "k").as_deref(), Some("[1]"), "{old:?} to {new:?}");
        assert_eq!(cache.stats().bytes, bytes);
        time.advance(Duration::from_nanos(1));
        assert_eq!(value(&cache, "k").is_none(), left.is_some(), "{old:?} to {new:?}");
        assert_eq!(held.as_deref(), Some("[1]"));
        assert_eq!(cache.stats().expires, 1);
    }
    let (cache, time) = new_cache();
    assert_eq!(cache.expire("k", Some(5)), Ok(false));
    cache.set("k", "1", Some(1)).unwrap();
    time.advance(Duration::from_secs(1));
    assert_eq!((cache.expire("k", Some(5)), cache.expire("k", None)), (Ok(false), Ok(false)));
    assert_eq!((cache.stats().expires, cache.stats().expired), (0, 1));
}

#[test]
fn entries_that_were_given_an_earlier_end_are_reclaimed_unread() {
    for old in [None, Some(TEN_YEARS)] {
        let (cache, time) = new_cache();
        let empty = cache.stats().bytes;
        for number in 0..1_000 {
            cache.set(&number.to_string(), "1", old).unwrap();
        }
        while cache.reclaim(10_000) > 0 {}
        (0..1_000)
            .for_each(|number| assert_eq!(cache.expire(&number.to_string(), Some(1)), Ok(true)));
        time.advance(Duration::from_secs(5));
        while cache.reclaim(10_000) > 0 {}
        assert_eq!(cache.stats().expired, 1_000, "{old:?}");
        assert_eq!(cache.stats().bytes, empty);
    }
}

#[test]
fn several_keys_are_read_written_and_removed_in_their_order() {
    let (cache, time) = new_cache();
    cache.set_many(&[("a", "1"), ("b", "2"), ("a", "3")], Some(9)).unwrap();
    assert_eq!(
        (cache.ttl("a"), cache.ttl("b")),
        (Ok(TimeLeft::Seconds(9)), Ok(TimeLeft::Seconds(9)))
    );
    let values = cache.get_many(&["b", "c", "a", "b"]).unwrap();
    let values: Vec<_> = values.iter().map(Option::as_deref).collect();
    assert_eq!(values, [Some("2"), None, Some("3"), Some("2")]);
    cache.set_many(&[("c", "null")], None).unwrap();
    assert_eq!(cache.delete_many(&["a", "missing", "c", "a"]), Ok(2));
    time.advance(Duration::from_secs(9));
    assert_eq!(cache.delete_many(&["b"]), Ok(0), "it has expired");
    assert_eq!((cache.get_many(&[]).unwrap().len(), cache.delete_many(&[])), (0, Ok(0)));
    let stats = cache.stats();
    assert_eq!((stats.sets, stats.hits, stats.misses, stats.deletes), (4, 3, 1, 2));
}

/// Returns all pages of a walk by `keys`. After each page, calls `after` with the number of pages
/// so far.
fn walk(cache: &Cache, prefix: &str, mut after: impl FnMut(usize)) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = cache.keys(prefix, cursor.as_deref()).unwrap();
        assert!(page.keys.len() <= 1_000, "{} keys in a page", page.keys.len());
        pages.push(page.keys);
        after(pages.len());
        cursor = page.cursor;
        if cursor.is_none() {
            return pages;
        }
        assert!(pages.len() < 100_000, "a walk without end");
    }
}

fn fill(cache: &Cache, prefix: &str, count: usize) {
    (0..count).for_each(|number| cache.set(&format!("{prefix}{number}"), "1", None).unwrap());
}

#[test]
fn a_walk_meets_each_live_key_with_the_prefix_once_in_pages_of_bounded_work() {
    let (cache, time) = new_cache();
    fill(&cache, "a:", 5_000);
    fill(&cache, "b:", 5_000);
    (0..2_000).for_each(|n| cache.set(&format!("a:gone{n}"), "1", Some(1)).unwrap());
    time.advance(Duration::from_secs(1));
    cache.set("a%_*", "1", None).unwrap();
    let pages = walk(&cache, "a:", |_| ());
    assert!((10..40).contains(&pages.len()), "{} pages", pages.len());
    let mut keys: Vec<_> = pages.into_iter().flatten().collect();
    keys.sort_unstable();
    let mut expected: Vec<_> = (0..5_000).map(|number| format!("a:{number}")).collect();
    expected.sort_unstable();
    assert_eq!(keys, expected);

    let pages = walk(&cache, "none of them", |_| ());
    assert!(pages.len() >= 10 && pages.iter().all(Vec::is_empty), "the work is not bounded");
    assert_eq!(walk(&cache, "", |_| ()).concat().len(), 10_001);
    assert_eq!(walk(&cache, "a%", |_| ()).concat(), ["a%_*"]);
    assert_eq!(walk(&new_cache().0, "", |_| ()), [Vec::<String>::new()]);
}

#[test]
fn a_walk_of_few_keys_is_one_page() {
    let limits = CacheLimits::new(64 << 20, 64 << 10).unwrap();
    let cache = Cache::new(limits, Clock::mock().0);
    fill(&cache, "", 200);
    let pages = walk(&cache, "", |_| ());
    assert_eq!((cache.shards().count(), pages.len(), pages.concat().len()), (64, 1, 200));
}

#[test]
fn a_walk_loses_no_entry_while_segments_split() {
    let (cache, _) = new_cache();
    fill(&cache, "old:", 3_000);
    let pages = walk(&cache, "old:", |page| {
        if page <= 4 {
            fill(&cache, &format!("new:{page}:"), 6_000);
        }
    });
    let keys: std::collections::BTreeSet<_> = pages.concat().into_iter().collect();
    assert_eq!(keys.len(), 3_000);
}

#[test]
fn a_walk_loses_no_entry_while_segments_join() {
    let (cache, _) = new_cache();
    fill(&cache, "stays:", 500);
    fill(&cache, "goes:", 24_000);
    let pages = walk(&cache, "stays:", |page| {
        let goes = (page - 1) * 2_000..page * 2_000;
        goes.for_each(|number| assert!(cache.delete(&format!("goes:{number}")).is_ok()));
    });
    // The number of pages varies with the random hash seed.
    assert!(pages.len() >= 8, "{} pages", pages.len());
    let mut keys = pages.concat();
    keys.sort_unstable();
    assert_eq!(keys.len(), 500, "a key is missing, or is in several pages");
    assert!(keys.is_sorted_by(|one, next| one < next));
}

#[test]
fn a_prefix_is_removed_in_pages_and_nothing_else() {
    let (cache, time) = new_cache();
    (0..1_000).for_each(|n| cache.set(&format!("a:gone{n}"), "1", Some(1)).unwrap());
    fill(&cache, "a:", 5_000);
    fill(&cache, "b:", 5_000);
    time.advance(Duration::from_secs(1));
    let (mut removed, mut cursor, mut pages) = (0, None, 0);
    loop {
        let page = cache.delete_prefix("a:", cursor.as_deref()).unwrap();
        assert!(page.removed <= 1_000, "{page:?}");
        (removed, cursor, pages) = (removed + page.removed, page.cursor, pages + 1);
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages >= 10, "{pages} pages");
    let stats = cache.stats();
    assert_eq!(
        (removed, stats.deletes, stats.expired, stats.entries),
        (5_000, 5_000, 1_000, 5_000)
    );
    assert_eq!((cache.list("a", None, 1).len(), cache.list("b:", None, 9_999).len()), (0, 5_000));
    assert!((0..5_000).all(|number| cache.exists(&format!("b:{number}")).unwrap()));

    let empty = new_cache().0.stats().bytes;
    let mut cursor = None;
    while let Some(next) = cache.delete_prefix("", cursor.as_deref()).unwrap().cursor {
        cursor = Some(next);
    }
    assert_eq!((cache.stats().entries, cache.stats().bytes), (0, empty));
}

#[test]
fn every_set_is_accepted_within_the_limit_of_entries() {
    for most in [1, 7, 300, 5_000] {
        let limits = CacheLimits::default().with_entries(most).unwrap();
        let cache = Cache::new(limits, Clock::mock().0);
        for number in 0..3 * most {
            cache.set(&number.to_string(), "1", None).unwrap();
            assert!(value(&cache, &number.to_string()).is_some());
        }
        let entries = usize::try_from(cache.stats().entries).unwrap();
        assert!(entries <= most && entries * 10 >= most * 8, "{entries} of {most}");
    }
}

#[test]
fn writing_alone_brings_the_memory_of_expired_entries_back() {
    let (cache, time) = new_cache();
    for number in 0..10_000 {
        cache.set(&number.to_string(), "1", Some(1)).unwrap();
    }
    time.advance(Duration::from_secs(5));
    for number in 0..5_000 {
        cache.set(&format!("other {}", number % 1_000), "1", None).unwrap();
    }
    let stats = cache.stats();
    assert!(stats.entries < 2_000, "{stats:?}");
}

#[test]
fn threads_on_few_keys_see_only_whole_values_of_the_right_key() {
    let cache = Cache::new(CacheLimits::new(MIN_CAPACITY, 2000).unwrap(), Clock::system());
    let keys = ["a", "b", "c"];
    let work = |thread: usize| {
        for round in 0..3000 {
            let key = keys[(thread + round) % keys.len()];
            let text = format!("\"{key}{}\"", key.repeat(round % 900));
            match round % 4 {
                0 | 1 => cache.set(key, &text, (round % 3 == 0).then_some(60)).unwrap(),
                2 if thread == 0 => drop(cache.delete(key).unwrap()),
                _ => drop(cache.exists(key).unwrap()),
            }
            let Some(value) = cache.get(key).unwrap() else {
                continue;
            };
            assert!(value.trim_matches('"').chars().all(|c| key.contains(c)), "{key}: {value}");
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || work(thread));
        }
    });
    let stats = cache.stats();
    assert_eq!(stats.hits + stats.misses, 4 * 3000);
    assert_eq!(stats.sets, 4 * 1500);
    assert!(stats.entries <= 3);
}

#[test]
fn a_thread_reads_what_another_had_set_before() {
    let (cache, _) = new_cache();
    let turn = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..500 {
                cache.set("k", &number.to_string(), None).unwrap();
                turn.wait();
                turn.wait();
            }
        });
        for number in 0..500 {
            turn.wait();
            assert_eq!(value(&cache, "k"), Some(number.to_string()));
            turn.wait();
        }
    });
}
