//! Runs a cache and a simple model of its guarantees side by side. A test or a fuzzer provides the
//! bytes that encode the limits of the cache and the operations.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hostel_cache::{Cache, CacheLimits, Clock, MIN_CAPACITY, MockClock, Stats};
use hostel_cache::{Error, ErrorKind, Lifetime, Swap, TimeLeft, Value};
use hostel_cache::{MAX_EXPIRY_SECONDS, MAX_INTEGER};

/// The value limit of every tested cache.
const VALUE_LIMIT: usize = MIN_CAPACITY / 16;

/// How many values of earlier reads the test holds besides the latest one, to check that held
/// values never change.
const HELD: usize = 8;

/// The number of entries in an operation on many entries. The large cache uses `MANY`, so that a
/// walk has several pages. Small caches use `FEW`, because the model compares all entries after
/// each eviction.
const MANY: usize = 400;
const FEW: usize = 4;

/// The most keys in a page.
const MAX_KEYS: usize = 1_000;

/// Runs the operations that the bytes encode, and compares cache and model after each one.
///
/// # Panics
///
/// If the cache and its model differ.
pub(crate) fn check(bytes: &[u8]) {
    let Some((limits, operations)) = bytes.split_first() else {
        return;
    };
    let limits = limits_of(*limits);
    let many = if limits.capacity() > MIN_CAPACITY { MANY } else { FEW };
    let mut pair = Pair::new(limits);
    for bytes in operations.chunks_exact(4) {
        pair.step(&Operation::of(bytes, many));
    }
    pair.end();
}

/// Returns the limits of a large cache that rarely evicts, or of a small cache that soon reaches
/// its limit of bytes or entries.
fn limits_of(byte: u8) -> CacheLimits {
    let small = CacheLimits::new(MIN_CAPACITY, VALUE_LIMIT).unwrap();
    match byte % 4 {
        0 => CacheLimits::new(1 << 20, VALUE_LIMIT).unwrap(),
        1 | 2 => small,
        _ => small.with_entries(3 + usize::from(byte / 4)).unwrap(),
    }
}

#[derive(Debug)]
enum Operation {
    Get(String),
    Exists(String),
    Delete(String),
    Set(String, String, Option<u32>),
    SetIfAbsent(String, String, Option<u32>),
    CompareAndSwap(String, Expected, Option<String>, Lifetime),
    Increment(String, i64, Option<u32>),
    Take(String),
    Ttl(String),
    Expire(String, Option<u32>),
    GetMany(Vec<String>),
    SetMany(Vec<(String, String)>, Option<u32>),
    DeleteMany(Vec<String>),
    /// Continues a walk, or starts one with this prefix.
    Keys(String),
    DeletePrefix(String),
    Advance(Duration),
    Reclaim(usize),
    List(String),
    Clear,
}

/// The expected value of a swap.
#[derive(Debug)]
enum Expected {
    /// The current value, if any: a random value would rarely match.
    Present,
    This(Option<String>),
}

impl Operation {
    fn of(bytes: &[u8], count: usize) -> Self {
        let [what, byte, value, time] = [0, 1, 2, 3].map(|at| bytes[at]);
        let (key, expiry) = (key_of(byte), expiry_of(time));
        match what % 48 {
            0..=5 => Self::Get(key),
            6 | 7 => Self::Exists(key),
            8 | 9 => Self::Delete(key),
            10..=17 => Self::Set(key, value_of(value), expiry),
            18 | 19 => Self::SetIfAbsent(key, value_of(value), expiry),
            20..=22 => {
                let expected = match what / 48 {
                    0 => Expected::This(None),
                    1 => Expected::This(Some(value_of(time))),
                    _ => Expected::Present,
                };
                let wanted = (value % 4 > 0).then(|| value_of(value));
                Self::CompareAndSwap(key, expected, wanted, lifetime_of(time))
            }
            23 | 24 => Self::Increment(key, delta_of(value), expiry),
            25..=28 => Self::Advance(duration_of(time)),
            29 => Self::Reclaim(usize::from(value) * 16),
            30 => Self::List(if value < 128 { key } else { String::new() }),
            31 if time % 16 == 0 => Self::Clear,
            31..=33 => Self::Take(key),
            34 | 35 => Self::Ttl(key),
            36..=38 => Self::Expire(key, expiry),
            39 => Self::GetMany(several(byte, value).map(key_of).to_vec()),
            40 => {
                let values = [value, time, value.wrapping_add(1)].map(value_of);
                let keys = several(byte, value).map(key_of);
                Self::SetMany(keys.into_iter().zip(values).collect(), expiry)
            }
            41 => Self::DeleteMany(several(byte, value).map(key_of).to_vec()),
            42 | 43 => Self::SetMany(
                many(value, count).map(|key| (key, time.to_string())).collect(),
                expiry,
            ),
            44 => Self::DeleteMany(many(value, count).collect()),
            45 | 46 => Self::Keys(prefix_of(value, key)),
            _ => Self::DeletePrefix(prefix_of(value, key)),
        }
    }
}

/// Returns three bytes for [`key_of`]. Some of them may be equal.
fn several(byte: u8, other: u8) -> [u8; 3] {
    [byte, byte.wrapping_add(other % 4), byte.wrapping_add(other % 8)]
}

/// Returns keys for an operation on many entries. Operations on single entries use other keys.
fn many(byte: u8, count: usize) -> impl Iterator<Item = String> {
    let start = usize::from(byte % 8) * count;
    (start..start + count).map(|number| format!("many {number}"))
}

/// Returns a prefix of all keys, of some, or of one key and its extensions.
fn prefix_of(byte: u8, key: String) -> String {
    match byte % 8 {
        0..=2 => String::new(),
        3 | 4 => "many ".to_owned(),
        5 => "many 1".to_owned(),
        6 => (byte % 9 + 1).to_string(),
        _ => key,
    }
}

fn lifetime_of(byte: u8) -> Lifetime {
    match expiry_of(byte) {
        Some(seconds) => Lifetime::After(seconds),
        None if byte < 50 => Lifetime::Keep,
        None => Lifetime::Unlimited,
    }
}

/// Returns a small delta, the largest or the smallest one, or an invalid one.
fn delta_of(byte: u8) -> i64 {
    match byte {
        0 => MAX_INTEGER,
        1 => -MAX_INTEGER,
        2 => MAX_INTEGER + 1,
        3 => i64::MIN,
        _ => i64::from(byte) - 100,
    }
}

/// Returns a short key, a long one, or an invalid one.
fn key_of(byte: u8) -> String {
    match byte {
        0 => String::new(),
        1 => "k".repeat(1025),
        2..=9 => format!("{byte}").repeat(1024 / byte.to_string().len()),
        _ => format!("{byte}"),
    }
}

/// Returns an integer, another short value, a padded value of up to `VALUE_LIMIT` bytes, or an
/// invalid value.
fn value_of(byte: u8) -> String {
    let padded = |length: usize| format!("{byte}{}", " ".repeat(length - byte.to_string().len()));
    match byte {
        0 => "NaN".to_owned(),
        1 => padded(VALUE_LIMIT + 1),
        2 => i64::MAX.to_string(),
        3 => format!("[{}]", i64::MIN),
        4 => MAX_INTEGER.to_string(),
        5 => (-MAX_INTEGER).to_string(),
        6 => "-0".to_owned(),
        7 => "1e2".to_owned(),
        8..100 => byte.to_string(),
        100..180 => padded(usize::from(byte)),
        180..230 => padded(usize::from(byte) * 8),
        _ => padded(VALUE_LIMIT - usize::from(byte % 8)),
    }
}

fn expiry_of(byte: u8) -> Option<u32> {
    match byte {
        0 => Some(0),
        1 => Some(MAX_EXPIRY_SECONDS + 1),
        2 => Some(MAX_EXPIRY_SECONDS),
        3..100 => None,
        _ => Some(u32::from(byte % 8) + 1),
    }
}

fn duration_of(byte: u8) -> Duration {
    match byte % 8 {
        0 => Duration::from_nanos(1),
        1 => Duration::from_nanos(999_999_999),
        // One tick, the unit in which a cache first compares deadlines with the time.
        2 => Duration::from_nanos(1 << 30),
        3 => Duration::from_millis(500),
        4 if byte > 200 => Duration::from_secs(MAX_EXPIRY_SECONDS.into()),
        _ => Duration::from_secs(u64::from(byte % 4) + 1),
    }
}

struct Pair {
    cache: Cache,
    time: MockClock,
    now: Duration,
    entries: BTreeMap<String, Entry>,
    /// Bytes of an empty cache.
    empty: u64,
    counts: Stats,
    /// The numbers of entries created, removed by `clear`, and removed by a swap.
    put: u64,
    cleared: u64,
    swapped_out: u64,
    held: Vec<(Value, String)>,
    walk: Option<Walk>,
}

/// A walk by `keys`. Other operations run between the pages of the walk.
struct Walk {
    prefix: String,
    cursor: Option<String>,
    /// The keys with the prefix that have existed since the walk began.
    stayed: BTreeSet<String>,
    met: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    value: String,
    deadline: Option<Duration>,
}

impl Pair {
    fn new(limits: CacheLimits) -> Self {
        let (clock, time) = Clock::mock();
        let cache = Cache::new(limits, clock);
        let (empty, counts) = (cache.stats().bytes, cache.stats());
        Self {
            cache,
            time,
            now: Duration::ZERO,
            entries: BTreeMap::new(),
            empty,
            counts,
            put: 0,
            cleared: 0,
            swapped_out: 0,
            held: Vec::new(),
            walk: None,
        }
    }

    fn step(&mut self, operation: &Operation) {
        let evicted = self.cache.stats().evicted;
        self.perform(operation);
        let stats = self.cache.stats();
        if stats.evicted > evicted {
            self.forget(stats.evicted - evicted, operation);
        }
        if let Some(walk) = &mut self.walk {
            walk.stayed.retain(|key| self.entries.contains_key(key));
        }
        self.check(operation, stats);
    }

    fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::Get(key) => self.get(key),
            Operation::Exists(key) => {
                let known = known_key(key).map(|()| self.entries.contains_key(key));
                self.counts.exists += u64::from(known.is_ok());
                assert_eq!(kind(self.cache.exists(key)), known, "{operation:?}");
            }
            Operation::Delete(key) => {
                let known = known_key(key).map(|()| self.entries.remove(key).is_some());
                self.counts.deletes += u64::from(known == Ok(true));
                assert_eq!(kind(self.cache.delete(key)), known, "{operation:?}");
            }
            Operation::Set(key, value, expiry) => {
                let found = self.cache.set(key, value, *expiry).map(|()| true);
                self.put(operation, found, (key, value, *expiry), |_| true);
            }
            Operation::SetIfAbsent(key, value, expiry) => {
                let found = self.cache.set_if_absent(key, value, *expiry);
                self.put(operation, found, (key, value, *expiry), |old| old.is_none());
            }
            Operation::CompareAndSwap(key, expected, wanted, lifetime) => {
                self.swap(key, expected, wanted.as_deref(), *lifetime);
            }
            Operation::Increment(key, by, expiry) => self.increment(key, *by, *expiry),
            Operation::Take(key) => self.take(key),
            Operation::Ttl(key) => self.ttl(key),
            Operation::Expire(key, expiry) => self.expire(key, *expiry),
            Operation::GetMany(keys) => self.get_many(keys),
            Operation::SetMany(entries, expiry) => self.set_many(entries, *expiry),
            Operation::DeleteMany(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| &**key).collect();
                let valid = keys.iter().try_for_each(|key| known_key(key));
                let mut remove = |key: &&&str| self.entries.remove(**key).is_some();
                let known = valid.map(|()| keys.iter().filter(|key| remove(key)).count() as u32);
                self.counts.deletes += u64::from(known.unwrap_or(0));
                assert_eq!(kind(self.cache.delete_many(&keys)), known, "{operation:?}");
            }
            Operation::Keys(prefix) => self.keys(prefix),
            Operation::DeletePrefix(prefix) => self.delete_prefix(prefix),
            Operation::Advance(by) => {
                self.time.advance(*by);
                self.now += *by;
                let now = self.now;
                self.entries.retain(|_, entry| entry.deadline.is_none_or(|end| now < end));
            }
            Operation::Reclaim(most) => drop(self.cache.reclaim(*most)),
            Operation::List(prefix) => self.list(prefix),
            Operation::Clear => {
                self.cleared += self.cache.clear();
                self.entries.clear();
                assert_eq!(self.cache.stats().bytes, self.empty, "a cleared cache is empty");
            }
        }
    }

    fn take(&mut self, key: &str) {
        let known = known_key(key).map(|()| self.entries.remove(key));
        self.counts.takes += u64::from(matches!(known, Ok(Some(_))));
        let known = known.map(|entry| entry.map(|entry| entry.value));
        let found = self.cache.take(key).map(|value| value.map(|it| it.to_string()));
        assert_eq!(kind(found), known, "take {key}");
    }

    fn ttl(&self, key: &str) {
        let left = |entry: &Entry| match entry.deadline {
            None => TimeLeft::Unlimited,
            Some(end) => {
                let seconds = (end - self.now).as_nanos().div_ceil(1_000_000_000);
                TimeLeft::Seconds(seconds.try_into().unwrap())
            }
        };
        let known = self.entries.get(key).map_or(TimeLeft::Missing, left);
        let known = known_key(key).map(|()| known);
        assert_eq!(kind(self.cache.ttl(key)), known, "ttl {key}");
    }

    fn expire(&mut self, key: &str, expiry: Option<u32>) {
        let valid = known_key(key).and_then(|()| known_expiry(expiry));
        let known = valid.map(|()| self.entries.contains_key(key));
        assert_eq!(kind(self.cache.expire(key, expiry)), known, "expire {key}, {expiry:?}");
        if known == Ok(true) {
            let deadline = self.after(expiry);
            self.entries.get_mut(key).unwrap().deadline = deadline;
            self.counts.expires += 1;
        }
    }

    fn get(&mut self, key: &str) {
        let found = self.cache.get(key);
        if let Ok(Some(value)) = &found {
            self.held.truncate(HELD);
            self.held.insert(0, (value.clone(), value.to_string()));
        }
        let known = known_key(key).map(|()| self.entries.get(key).map(|entry| entry.value.clone()));
        match &known {
            Ok(Some(_)) => self.counts.hits += 1,
            Ok(None) => self.counts.misses += 1,
            Err(_) => (),
        }
        let found = found.map(|value| value.map(|value| value.to_string()));
        assert_eq!(kind(found), known, "get {key}");
    }

    fn put(
        &mut self,
        operation: &Operation,
        found: Result<bool, Error>,
        (key, value, expiry): (&str, &str, Option<u32>),
        condition: impl FnOnce(Option<&str>) -> bool,
    ) {
        let valid = known_key(key).and_then(|()| known_value(value));
        let valid = valid.and_then(|()| known_expiry(expiry));
        let old = self.entries.get(key).map(|entry| &*entry.value);
        let known = valid.map(|()| condition(old));
        assert_eq!(kind(found), known, "{operation:?} where there was {old:?}");
        if known == Ok(true) {
            self.store(key, Entry { value: value.to_owned(), deadline: self.after(expiry) });
            self.counts.sets += 1;
        }
    }

    fn after(&self, expiry: Option<u32>) -> Option<Duration> {
        expiry.map(|seconds| self.now + Duration::from_secs(seconds.into()))
    }

    fn swap(&mut self, key: &str, expected: &Expected, wanted: Option<&str>, lifetime: Lifetime) {
        let old = self.entries.get(key).cloned();
        let there = old.as_ref().map(|old| old.value.clone());
        let expected = match expected {
            Expected::Present => there.clone(),
            Expected::This(value) => value.clone(),
        };
        let after = match (lifetime, wanted) {
            (Lifetime::After(seconds), Some(_)) => Some(seconds),
            _ => None,
        };
        let valid = known_key(key)
            .and_then(|()| expected.as_deref().map_or(Ok(()), known_value))
            .and_then(|()| wanted.map_or(Ok(()), known_value))
            .and_then(|()| known_expiry(after));
        let is_swapped = there == expected;
        let known = valid.map(|()| if is_swapped { None } else { Some(there) });
        let found = self.cache.compare_and_swap(key, expected.as_deref(), wanted, lifetime);
        let found = found.map(|swap| match swap {
            Swap::Swapped => None,
            Swap::Changed(value) => Some(value.map(|value| value.to_string())),
        });
        assert_eq!(kind(found), known, "{key}: {expected:?} to {wanted:?}, {lifetime:?}");
        if known != Ok(None) {
            return;
        }
        self.counts.swaps += u64::from(old.is_some() || wanted.is_some());
        match wanted {
            Some(value) => {
                let deadline = match lifetime {
                    Lifetime::Keep => old.and_then(|old| old.deadline),
                    Lifetime::Unlimited | Lifetime::After(_) => self.after(after),
                };
                self.store(key, Entry { value: value.to_owned(), deadline });
            }
            None => self.swapped_out += u64::from(self.entries.remove(key).is_some()),
        }
    }

    fn increment(&mut self, key: &str, by: i64, expiry: Option<u32>) {
        let old = self.entries.get(key).cloned();
        let is_integer = |number: i64| number.abs_diff(0) <= MAX_INTEGER as u64;
        let integer = |text: &str| match text.parse::<i64>() {
            Ok(number) if is_integer(number) && number.to_string() == text => Ok(number),
            _ => Err(ErrorKind::InvalidValue),
        };
        let known = known_key(key)
            .and_then(|()| if is_integer(by) { Ok(()) } else { Err(ErrorKind::InvalidValue) })
            .and_then(|()| known_expiry(expiry))
            .and_then(|()| old.as_ref().map_or(Ok(0), |old| integer(&old.value)))
            .and_then(|number| integer(&(number + by).to_string()));
        let found = self.cache.increment(key, by, expiry);
        assert_eq!(kind(found), known, "add {by} to {key}: {old:?}");
        if let Ok(sum) = known {
            let deadline = old.map_or_else(|| self.after(expiry), |old| old.deadline);
            self.store(key, Entry { value: sum.to_string(), deadline });
            self.counts.increments += 1;
        }
    }

    fn get_many(&mut self, keys: &[String]) {
        let keys: Vec<_> = keys.iter().map(|key| &**key).collect();
        let value = |key: &&str| self.entries.get(*key).map(|entry| entry.value.clone());
        let valid = keys.iter().try_for_each(|key| known_key(key));
        let known = valid.map(|()| keys.iter().map(value).collect::<Vec<_>>());
        let found = self.cache.get_many(&keys).map(|values| {
            values.iter().map(|value| value.as_ref().map(ToString::to_string)).collect()
        });
        for value in known.iter().flatten() {
            self.counts.hits += u64::from(value.is_some());
            self.counts.misses += u64::from(value.is_none());
        }
        assert_eq!(kind(found), known, "get {keys:?}");
    }

    fn set_many(&mut self, entries: &[(String, String)], expiry: Option<u32>) {
        let entries: Vec<_> = entries.iter().map(|(key, value)| (&**key, &**value)).collect();
        let check = |(key, value): &(&str, &str)| known_key(key).and_then(|()| known_value(value));
        let known = entries.iter().try_for_each(check).and_then(|()| known_expiry(expiry));
        assert_eq!(kind(self.cache.set_many(&entries, expiry)), known, "{entries:?} {expiry:?}");
        if known.is_ok() {
            let deadline = self.after(expiry);
            for (key, value) in entries {
                self.store(key, Entry { value: value.to_owned(), deadline });
                self.counts.sets += 1;
            }
        }
    }

    fn store(&mut self, key: &str, entry: Entry) {
        self.put += u64::from(self.entries.insert(key.to_owned(), entry).is_none());
    }

    /// Reads the next page of the current walk, or the first page of a new walk.
    fn keys(&mut self, prefix: &str) {
        let keys = |prefix: &str| {
            let keys = self.entries.keys().filter(|key| key.starts_with(prefix));
            keys.cloned().collect::<BTreeSet<_>>()
        };
        let mut walk = self.walk.take().unwrap_or_else(|| Walk {
            prefix: prefix.to_owned(),
            cursor: None,
            stayed: keys(prefix),
            met: BTreeSet::new(),
        });
        let page = self.cache.keys(&walk.prefix, walk.cursor.as_deref()).unwrap();
        assert!(page.keys.len() <= MAX_KEYS, "{} keys in a page", page.keys.len());
        let found: BTreeSet<_> = page.keys.iter().cloned().collect();
        assert_eq!(found.len(), page.keys.len(), "a key is twice in a page");
        assert!(found.is_subset(&keys(&walk.prefix)), "a page has a key that is not there");
        walk.met.extend(found);
        walk.cursor = page.cursor;
        if walk.cursor.is_some() {
            self.walk = Some(walk);
        } else {
            let lost: Vec<_> = walk.stayed.difference(&walk.met).collect();
            assert!(lost.is_empty(), "a walk by {:?} left out {lost:?}", walk.prefix);
        }
    }

    fn delete_prefix(&mut self, prefix: &str) {
        let (mut removed, mut cursor) = (0, None);
        loop {
            let page = self.cache.delete_prefix(prefix, cursor.as_deref()).unwrap();
            assert!(page.removed as usize <= MAX_KEYS, "{page:?}");
            removed += page.removed as usize;
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let before = self.entries.len();
        self.entries.retain(|key, _| !key.starts_with(prefix));
        assert_eq!(removed, before - self.entries.len(), "removed by {prefix:?}");
        self.counts.deletes += removed as u64;
        self.list(prefix);
    }

    /// Compares the cache's entries under a prefix with the model's, page by page.
    fn list(&self, prefix: &str) {
        let mut known = self.entries.iter().filter(|(key, _)| key.starts_with(prefix));
        let mut after = None;
        loop {
            let page = self.cache.list(prefix, after.as_deref(), 7 + self.entries.len() / 8);
            for found in &page {
                let (key, entry) = known.next().unwrap();
                let remaining = entry.deadline.map(|end| end - self.now);
                let bytes = (key.len() + entry.value.len()) as u64;
                assert_eq!((&found.key, found.bytes, found.remaining), (key, bytes, remaining));
            }
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
        }
        assert!(known.next().is_none(), "a listing left out a live entry");
    }

    /// Removes evicted entries from the model. Only a write evicts entries, and never the entry
    /// that it wrote.
    fn forget(&mut self, evicted: u64, operation: &Operation) {
        let written = match operation {
            Operation::Set(key, ..)
            | Operation::SetIfAbsent(key, ..)
            | Operation::CompareAndSwap(key, ..)
            | Operation::Increment(key, ..) => key,
            Operation::SetMany(entries, _) => &entries.last().unwrap().0,
            _ => panic!("{operation:?} evicts"),
        };
        let before = self.entries.len() as u64;
        let there = self.cache.list("", None, usize::MAX);
        let is_there = |key: &String| there.binary_search_by_key(&key, |found| &found.key).is_ok();
        assert!(is_there(written), "{operation:?} evicted what it wrote");
        self.entries.retain(|key, _| is_there(key));
        // One write of a batch may evict an entry that a later write of the same batch sets again.
        let again = evicted - (before - self.entries.len() as u64);
        let most = if let Operation::SetMany(entries, _) = operation { entries.len() } else { 0 };
        assert!(again <= most as u64, "{evicted} evicted by {operation:?}");
        self.put += again;
        self.list("");
    }

    fn check(&self, operation: &Operation, stats: Stats) {
        let Stats { expired, evicted, entries, bytes, .. } = stats;
        let known = Stats { expired, evicted, entries, bytes, ..self.counts };
        assert_eq!(stats, known, "{operation:?}");
        assert!(stats.bytes <= stats.capacity, "{operation:?}: {stats:?}");
        assert!(stats.entries >= self.entries.len() as u64, "{operation:?}: {stats:?}");
        let most = self.cache.limits().entries();
        assert!(most.is_none_or(|most| stats.entries <= most as u64), "{operation:?}: {stats:?}");
        let removed = stats.deletes + stats.takes + self.swapped_out + self.cleared;
        let gone = stats.expired + stats.evicted + removed;
        assert_eq!(self.put, stats.entries + gone, "{operation:?}: {stats:?}");
        let unchanged = self.held.iter().all(|(value, text)| **value == **text);
        assert!(unchanged, "{operation:?} changed a value that a reader holds");
    }

    /// Reads every entry. Then lets all entries with an expiry expire, and checks that they are
    /// reclaimed without a read.
    fn end(mut self) {
        self.list("");
        let keys: Vec<_> = self.entries.keys().cloned().collect();
        for key in keys {
            self.get(&key);
        }
        self.perform(&Operation::Advance(Duration::from_secs(MAX_EXPIRY_SECONDS.into()) * 2));
        while self.cache.reclaim(1 << 10) > 0 {}
        let stats = self.cache.stats();
        assert_eq!(stats.entries, self.entries.len() as u64, "all that expired is reclaimed");
        assert!(stats.entries > 0 || stats.bytes == self.empty, "{stats:?}");
    }
}

fn known_key(key: &str) -> Result<(), ErrorKind> {
    if (1..=1024).contains(&key.len()) { Ok(()) } else { Err(ErrorKind::InvalidKey) }
}

fn known_value(value: &str) -> Result<(), ErrorKind> {
    match value {
        "NaN" => Err(ErrorKind::InvalidValue),
        _ if value.len() > VALUE_LIMIT => Err(ErrorKind::TooLarge),
        _ => Ok(()),
    }
}

fn known_expiry(expiry: Option<u32>) -> Result<(), ErrorKind> {
    let valid = expiry.is_none_or(|seconds| (1..=MAX_EXPIRY_SECONDS).contains(&seconds));
    if valid { Ok(()) } else { Err(ErrorKind::InvalidExpiry) }
}

fn kind<T>(result: Result<T, Error>) -> Result<T, ErrorKind> {
    result.map_err(|error| error.kind())
}
