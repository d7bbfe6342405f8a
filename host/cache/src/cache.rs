//! The cache: four operations on entries that expire, in a bounded number of bytes.

use std::fmt;
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;

use crate::clock::{Clock, Now};
use crate::entry::{Entry, MAX_VALUE_BYTES, Value};
use crate::error::Error;
use crate::expiry::{Deadline, Expiry};
use crate::key::Key;
use crate::limits::CacheLimits;
use crate::listing::{EntryInfo, Listing};
use crate::shard::{Shard, Write};
use crate::stats::Stats;
use crate::sync::{AtomicUsize, Ordering};
use crate::table::Room;
use crate::value::Json;

/// The most shards: on the largest machines, still several for each core.
const MAX_SHARDS: usize = 64;

/// How many entries of the largest size a shard can hold at least, so that one of them does not
/// push out everything else.
const LARGEST_ENTRIES_IN_SHARD: usize = 4;

/// The least capacity of one of several shards: with less, what a shard takes of its own is too
/// large a part.
const MIN_SHARD_CAPACITY: usize = 32 << 10;

/// The least limit on entries of one of several shards: with less, some would be full long before
/// others, since keys fall to them by chance.
const MIN_SHARD_ENTRIES: usize = 256;

/// A map from keys to JSON texts, in memory, shared by threads.
///
/// - An entry with an expiry is gone, for every operation, from the first instant at which that
///   many seconds have passed since it was set. The clock is monotonic; reading never extends an
///   expiry.
/// - A full cache evicts entries that were not used for a while and never refuses a `set` for lack
///   of room. It never holds more bytes than its capacity, its own bookkeeping included, and never
///   evicts the entry being set. Each of its up to 64 shards, to which keys are spread by their
///   hash, has an equal share of the capacity, so eviction may begin a little before the sum is
///   reached.
/// - Each operation on one key is atomic: threads see the operations in some order, the same for
///   all.
/// - After an error the old entry and its expiry are as they were. When several arguments are
///   wrong, the error is about the first of them.
/// - What a reader was given stays as it was, whatever happens to the entry.
pub struct Cache {
    limits: CacheLimits,
    clock: Clock,
    /// Guests choose the keys, so the seed is random: nobody can know which keys collide.
    hashing: RandomState,
    /// One shard that is always there, so that choosing one cannot fail.
    first: Shard,
    /// One less than a power of two.
    others: Box<[Shard]>,
    /// How often the search for expired entries has gone on to the next shard.
    swept: AtomicUsize,
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(limits: CacheLimits, clock: Clock) -> Self {
        let shards = shard_count(limits);
        let entries = limits.entries().map_or(usize::MAX, |entries| entries / shards);
        let new_shard = || Shard::new(Room { bytes: limits.capacity() / shards, entries });
        Self {
            limits,
            clock,
            hashing: RandomState::default(),
            first: new_shard(),
            swept: AtomicUsize::new(0),
            others: (1..shards).map(|_| new_shard()).collect(),
        }
    }

    /// The value of a live entry, and a use of the entry for eviction. `None` when there is none;
    /// a stored `null` is `Some("null")`.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.get(hash, key, &self.clock))
    }

    /// Creates the entry or replaces it, value and expiry together. `expiry` is in seconds; without
    /// one the entry has none, also where the replaced entry had one.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`], [`Json::new`] and [`Expiry::new`].
    pub fn set(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), Error> {
        self.write(key, value, expiry, |_| true).map(drop)
    }

    /// As [`set`](Self::set), but only where there is no live entry. Whether it was set.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), also where nothing would be set.
    pub fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, Error> {
        self.write(key, value, expiry, |old| old.is_none())
    }

    /// As [`set`](Self::set), but only where there is a live entry whose value is, byte for byte,
    /// `expected`. Whether it was set.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), also where nothing would be set.
    pub fn compare_and_set(
        &self,
        key: &str,
        expected: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, Error> {
        self.write(key, value, expiry, |old| old == Some(expected))
    }

    /// Adds to the integer that is the entry's value, and answers the sum. The expiry stays as it
    /// was. Without a live entry the number is 0 and the new entry has no expiry.
    ///
    /// `None`, and nothing is changed, when the value is no integer of 64 bits with a sign, written
    /// without fraction, exponent and space; when the sum is none; and when it is longer than the
    /// cache's values may be.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn add(&self, key: &str, by: i64) -> Result<Option<i64>, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        let mut sum = None;
        let written = shard.write(hash, key, &self.clock, |old, now| {
            let number = old.map_or(Some(0), |entry| entry.value().parse::<i64>().ok());
            sum = number.and_then(|number| number.checked_add(by));
            let value = sum?.to_string();
            let deadline = old.map_or_else(|| Deadline::from_now(None, now), Entry::deadline);
            let fits = value.len() <= self.limits.value_limit();
            fits.then_some(Write { value: value.into(), deadline })
        });
        Ok(sum.filter(|_| written))
    }

    /// Removes the entry. True when a live one was there, false otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.delete(hash, key, &self.clock))
    }

    /// Whether there is a live entry, whatever its value. No use of the entry for eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.exists(hash, key, &self.clock))
    }

    /// The first live entries, in the order of their keys' bytes, whose keys begin with `prefix`
    /// and come after `after`; at most `most` of them. No use of any for eviction.
    ///
    /// To go through all of a cache, give the last key of one listing as `after` of the next:
    /// each entry that is there all the while is in it once. A listing goes through all entries,
    /// one shard after the other, each under its lock; it is for who looks after a cache.
    #[must_use]
    pub fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Vec<EntryInfo> {
        let mut listing = Listing::new(prefix, after, most, Now::of(&self.clock));
        self.shards().for_each(|shard| shard.list(&mut listing));
        listing.entries()
    }

    /// Removes every entry that is there when its shard's turn comes, and answers how many,
    /// expired ones included. The counts in [`Cache::stats`] go on.
    pub fn clear(&self) -> u64 {
        self.shards().map(Shard::clear).sum()
    }

    /// Removes entries that have expired and that nobody has read since, so that their memory comes
    /// back. Looks at about `most` entries, goes on the next time where it stopped, and answers how
    /// many it removed. No lock is held for longer than some hundred entries take.
    ///
    /// Writing does some of this too. A host that calls it every few milliseconds with some
    /// thousand entries has a million of them back within seconds, while nobody waits.
    pub fn reclaim(&self, most: usize) -> u64 {
        let (mut left, mut removed) = (most, 0);
        for _ in 0..=self.others.len() {
            let shard = self.shard(self.swept.load(Ordering::Relaxed));
            loop {
                if left == 0 {
                    return removed;
                }
                let swept = shard.sweep(&self.clock);
                removed += swept.expired as u64;
                if swept.is_done {
                    break;
                }
                left = left.saturating_sub(Shard::SWEPT_ENTRIES);
            }
            self.swept.fetch_add(1, Ordering::Relaxed);
        }
        removed
    }

    /// What the cache has counted, and what it holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let capacity = self.limits.capacity() as u64;
        let empty = Stats { capacity, ..Stats::default() };
        self.shards().fold(empty, |sum, shard| sum.plus(shard.stats()))
    }

    /// The limits that the cache was made with.
    #[must_use]
    pub fn limits(&self) -> CacheLimits {
        self.limits
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The key's shard, and the part of its hash that did not choose the shard.
    fn place_of(&self, key: Key<'_>) -> (&Shard, u32) {
        let mut hasher = self.hashing.build_hasher();
        hasher.write(key.as_str().as_bytes());
        let hash = hasher.finish();
        (self.shard((hash >> 32) as usize), hash as u32)
    }

    /// The shard of a number, of which only the low bits count.
    fn shard(&self, number: usize) -> &Shard {
        self.others.get(number & self.others.len()).unwrap_or(&self.first)
    }

    fn write(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
        condition: impl Fn(Option<&str>) -> bool,
    ) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let value = Json::new(value, self.limits.value_limit().min(MAX_VALUE_BYTES))?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.write(hash, key, &self.clock, |old, now| {
            let allowed = condition(old.map(Entry::value));
            let deadline = Deadline::from_now(expiry, now);
            allowed.then_some(Write { value: value.as_str().into(), deadline })
        }))
    }
}

/// A `Debug` that shows no guest's data.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A power of two.
fn shard_count(limits: CacheLimits) -> usize {
    let least = Shard::least_bytes(limits.value_limit()).saturating_mul(LARGEST_ENTRIES_IN_SHARD);
    let by_capacity = limits.capacity() / least.max(MIN_SHARD_CAPACITY);
    let by_entries = limits.entries().map_or(MAX_SHARDS, |entries| entries / MIN_SHARD_ENTRIES);
    1 << by_capacity.min(by_entries).clamp(1, MAX_SHARDS).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MockClock;
    use crate::error::ErrorKind::{self, InvalidExpiry, InvalidKey, InvalidValue, TooLarge};
    use crate::limits::{DEFAULT_VALUE_LIMIT, MIN_CAPACITY};
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
        };
        assert_eq!(after, expected);
        assert!(after.bytes < before.bytes && before.entries == 1);
    }

    /// A cache of the given limits that is filled with ten times its capacity.
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

    /// Whether an entry survives a flood of others, when it is touched like that now and then.
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
    fn get_is_a_use_for_eviction_and_exists_is_none() {
        assert!(survives(|cache| drop(cache.get("hot").unwrap())));
        assert!(!survives(|cache| assert!(cache.exists("hot").is_ok())));
        assert!(!survives(|_| ()));
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

    #[test]
    fn a_value_is_set_if_absent_or_if_it_is_as_expected() {
        let (cache, time) = new_cache();
        assert_eq!(cache.compare_and_set("k", "1", "2", None), Ok(false));
        assert_eq!(cache.set_if_absent("k", "1", Some(1)), Ok(true));
        assert_eq!(cache.set_if_absent("k", "2", None), Ok(false));
        assert_eq!(cache.compare_and_set("k", "1.0", "2", None), Ok(false));
        assert_eq!((value(&cache, "k").as_deref(), cache.stats().sets), (Some("1"), 1));
        time.advance(Duration::from_secs(1));
        assert_eq!(cache.compare_and_set("k", "1", "2", None), Ok(false));
        assert_eq!(cache.set_if_absent("k", "3", Some(9)), Ok(true));
        assert_eq!(cache.compare_and_set("k", "3", "4", None), Ok(true));
        time.advance(Duration::from_secs(9));
        assert_eq!(value(&cache, "k").as_deref(), Some("4"), "the old expiry is still there");
        let refused = cache.set_if_absent("k", "nonsense", None).map_err(|error| error.kind());
        assert_eq!(refused, Err(InvalidValue));
    }

    #[test]
    fn adding_makes_a_number_keeps_its_expiry_and_changes_nothing_else() {
        let (cache, time) = new_cache();
        assert_eq!((cache.add("k", 5), cache.add("k", -7)), (Ok(Some(5)), Ok(Some(-2))));
        cache.set("k", "10", Some(2)).unwrap();
        time.advance(Duration::from_secs(1));
        assert_eq!(cache.add("k", 1), Ok(Some(11)));
        time.advance(Duration::from_secs(1));
        assert_eq!(cache.add("k", 1), Ok(Some(1)));
        let most = i64::MAX.to_string();
        for text in ["1.0", "1e2", "\"1\"", "null", " 1", "9223372036854775808", &most] {
            cache.set("k", text, None).unwrap();
            assert_eq!(cache.add("k", 1), Ok(None), "{text}");
            assert_eq!(value(&cache, "k").as_deref(), Some(text));
        }
        let short = Cache::new(CacheLimits::new(MIN_CAPACITY, 1).unwrap(), Clock::mock().0);
        assert_eq!((short.add("k", 9), short.add("k", 1)), (Ok(Some(9)), Ok(None)));
    }

    #[test]
    fn threads_that_add_to_one_number_lose_nothing() {
        let (cache, _) = new_cache();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| assert!(cache.add("k", 1).is_ok())));
            }
        });
        assert_eq!(value(&cache, "k").as_deref(), Some("4000"));
    }

    #[test]
    fn a_limit_on_entries_is_kept_and_every_set_is_taken() {
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
}
