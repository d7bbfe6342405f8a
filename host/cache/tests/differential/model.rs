//! A cache and the plainest form of what it promises, side by side. The bytes that choose the
//! operations come from a test or from a fuzzer.

use std::collections::BTreeMap;
use std::time::Duration;

use hostel_cache::{Cache, CacheLimits, Clock, MAX_EXPIRY_SECONDS, MIN_CAPACITY, MockClock, Stats};
use hostel_cache::{Error, ErrorKind, Value};

/// The longest value of a cache that is soon full.
const VALUE_LIMIT: usize = MIN_CAPACITY / 16;

/// How many values are held at once, to be seen unchanged later.
const HELD: usize = 8;

/// Does what the bytes say, and compares after each operation.
///
/// # Panics
///
/// Where the cache and its model differ.
pub(crate) fn check(bytes: &[u8]) {
    let Some((limits, operations)) = bytes.split_first() else {
        return;
    };
    let mut pair = Pair::new(limits_of(*limits));
    for bytes in operations.chunks_exact(4) {
        pair.step(&Operation::of(bytes));
    }
    pair.end();
}

/// A cache with room for all, or one that is soon full: of bytes, or of entries.
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
    CompareAndSet(String, String, Option<u32>),
    Add(String, i64),
    Advance(Duration),
    Reclaim(usize),
    List(String),
    Clear,
}

impl Operation {
    fn of(bytes: &[u8]) -> Self {
        let [what, key, value, time] = [0, 1, 2, 3].map(|at| bytes[at]);
        let (key, expiry) = (key_of(key), expiry_of(time));
        match what % 32 {
            0..=5 => Self::Get(key),
            6 | 7 => Self::Exists(key),
            8 | 9 => Self::Delete(key),
            10..=17 => Self::Set(key, value_of(value), expiry),
            18 | 19 => Self::SetIfAbsent(key, value_of(value), expiry),
            20..=22 => Self::CompareAndSet(key, value_of(value), expiry),
            23 | 24 => Self::Add(key, i64::from(value) - 100),
            25..=28 => Self::Advance(duration_of(time)),
            29 => Self::Reclaim(usize::from(value) * 16),
            30 => Self::List(if value < 128 { key } else { String::new() }),
            _ if time % 16 == 0 => Self::Clear,
            _ => Self::Get(key),
        }
    }
}

/// Some of many short keys, some long ones, and two that are refused.
fn key_of(byte: u8) -> String {
    match byte {
        0 => String::new(),
        1 => "k".repeat(1025),
        2..=9 => format!("{byte}").repeat(1024 / byte.to_string().len()),
        _ => format!("{byte}"),
    }
}

/// Integers, longer texts up to the limit, and some that are refused.
fn value_of(byte: u8) -> String {
    let padded = |length: usize| format!("{byte}{}", " ".repeat(length - byte.to_string().len()));
    match byte {
        0 => "NaN".to_owned(),
        1 => padded(VALUE_LIMIT + 1),
        2 => i64::MAX.to_string(),
        3 => format!("[{}]", i64::MIN),
        4..100 => byte.to_string(),
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
        // What the cache takes for a second where it does not look closely.
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
    /// What an empty cache takes.
    empty: u64,
    counts: Stats,
    /// Entries that were put where none was, and those that `clear` took.
    put: u64,
    cleared: u64,
    held: Vec<(Value, String)>,
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
        let (entries, held) = (BTreeMap::new(), Vec::new());
        Self { cache, time, now: Duration::ZERO, entries, empty, counts, put: 0, cleared: 0, held }
    }

    fn step(&mut self, operation: &Operation) {
        let evicted = self.cache.stats().evicted;
        self.perform(operation);
        let stats = self.cache.stats();
        if stats.evicted > evicted {
            self.forget(stats.evicted - evicted, operation);
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
            Operation::CompareAndSet(key, value, expiry) => {
                // What is there where anything is: a comparison by chance would hardly succeed.
                let expected = self.entries.get(key).map_or("1", |entry| &entry.value).to_owned();
                let expected = if expiry.is_some() { expected } else { value.clone() };
                let found = self.cache.compare_and_set(key, &expected, value, *expiry);
                self.put(operation, found, (key, value, *expiry), |old| old == Some(&*expected));
            }
            Operation::Add(key, by) => self.add(key, *by),
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
            let deadline = expiry.map(|seconds| self.now + Duration::from_secs(seconds.into()));
            self.store(key, Entry { value: value.to_owned(), deadline });
        }
    }

    fn add(&mut self, key: &str, by: i64) {
        let old = self.entries.get(key).cloned();
        let number = old.as_ref().map_or(Some(0), |old| old.value.parse::<i64>().ok());
        let known = known_key(key).map(|()| number.and_then(|number| number.checked_add(by)));
        assert_eq!(kind(self.cache.add(key, by)), known, "add {by} to {key}: {old:?}");
        if let Ok(Some(sum)) = known {
            let deadline = old.and_then(|old| old.deadline);
            self.store(key, Entry { value: sum.to_string(), deadline });
        }
    }

    fn store(&mut self, key: &str, entry: Entry) {
        self.counts.sets += 1;
        self.put += u64::from(self.entries.insert(key.to_owned(), entry).is_none());
    }

    /// Compares all entries, in pages.
    fn list(&self, prefix: &str) {
        let mut known = self.entries.iter().filter(|(key, _)| key.starts_with(prefix));
        let mut after = None;
        loop {
            let page = self.cache.list(prefix, after.as_deref(), 7);
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

    /// Takes what was evicted out of the model. Only a write evicts, never the entry it wrote, and
    /// it counts what it evicts.
    fn forget(&mut self, evicted: u64, operation: &Operation) {
        let written = match operation {
            Operation::Set(key, ..)
            | Operation::SetIfAbsent(key, ..)
            | Operation::CompareAndSet(key, ..)
            | Operation::Add(key, _) => key,
            _ => panic!("{operation:?} evicts"),
        };
        let before = self.entries.len() as u64;
        let there = self.cache.list("", None, usize::MAX);
        let is_there = |key: &String| there.binary_search_by_key(&key, |found| &found.key).is_ok();
        assert!(is_there(written), "{operation:?} evicted what it wrote");
        self.entries.retain(|key, _| is_there(key));
        assert_eq!(before - self.entries.len() as u64, evicted, "evicted by {operation:?}");
        self.list("");
    }

    fn check(&self, operation: &Operation, stats: Stats) {
        let Stats { hits, misses, exists, sets, deletes, .. } = self.counts;
        let known = Stats { hits, misses, exists, sets, deletes, ..stats };
        assert_eq!(stats, known, "{operation:?}");
        assert!(stats.bytes <= stats.capacity, "{operation:?}: {stats:?}");
        assert!(stats.entries >= self.entries.len() as u64, "{operation:?}: {stats:?}");
        let most = self.cache.limits().entries();
        assert!(most.is_none_or(|most| stats.entries <= most as u64), "{operation:?}: {stats:?}");
        let gone = stats.expired + stats.evicted + stats.deletes + self.cleared;
        assert_eq!(self.put, stats.entries + gone, "{operation:?}: {stats:?}");
        let unchanged = self.held.iter().all(|(value, text)| **value == **text);
        assert!(unchanged, "{operation:?} changed a value that a reader holds");
    }

    /// After all, every entry is read, and then everything expires and comes back unread.
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
