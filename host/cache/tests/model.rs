//! The cache against a plain map: whatever is asked, in whatever order, at whatever time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::collections::HashMap;
use std::time::Duration;

use hostel_cache::{Cache, CacheLimits, Clock, MIN_CAPACITY, MockClock};
use proptest::prelude::*;

const VALUE_LIMIT: usize = MIN_CAPACITY / 16;

#[derive(Debug, Clone)]
enum Operation {
    Get(u16),
    Exists(u16),
    Delete(u16),
    Set(u16, usize, Option<u32>),
    SetIfAbsent(u16, usize, Option<u32>),
    CompareAndSet(u16, bool, usize, Option<u32>),
    Add(u16, i64),
    Advance(Duration),
    Reclaim,
    Clear,
}

use Operation::{
    Add, Advance, Clear, CompareAndSet, Delete, Exists, Get, Reclaim, Set, SetIfAbsent,
};

fn operation(keys: u16) -> impl Strategy<Value = Operation> {
    // Short values mostly, so that there are many entries, and some that push out many.
    let length = || prop_oneof![8 => 1..40_usize, 2 => 1..VALUE_LIMIT];
    let expiry = || prop::option::of(1..5_u32);
    prop_oneof![
        6 => (0..keys).prop_map(Get),
        2 => (0..keys).prop_map(Exists),
        2 => (0..keys).prop_map(Delete),
        12 => (0..keys, length(), expiry()).prop_map(|(k, l, e)| Set(k, l, e)),
        2 => (0..keys, length(), expiry()).prop_map(|(k, l, e)| SetIfAbsent(k, l, e)),
        2 => (0..keys, any::<bool>(), length(), expiry())
            .prop_map(|(k, same, l, e)| CompareAndSet(k, same, l, e)),
        2 => (0..keys, -9..9_i64).prop_map(|(k, by)| Add(k, by)),
        2 => (0..2_500_u64).prop_map(|ms| Advance(Duration::from_millis(ms))),
        1 => Just(Reclaim),
        1 => (0..40_u8).prop_map(|n| if n == 0 { Clear } else { Reclaim }),
    ]
}

/// The cache, and what it would hold if it never evicted.
struct Pair {
    cache: Cache,
    time: MockClock,
    now: Duration,
    entries: HashMap<String, (String, Option<Duration>)>,
    lost: u64,
    written: usize,
}

impl Pair {
    fn new(limits: CacheLimits) -> Self {
        let (clock, time) = Clock::mock();
        let (now, entries) = (Duration::ZERO, HashMap::new());
        Self { cache: Cache::new(limits, clock), time, now, entries, lost: 0, written: 0 }
    }

    /// What the model holds, less what the cache has lost since: nothing else may differ.
    fn live(&mut self, key: &str) -> Option<String> {
        let now = self.now;
        self.entries.retain(|_, (_, deadline)| deadline.is_none_or(|deadline| now < deadline));
        if self.entries.contains_key(key) && !self.cache.exists(key).unwrap() {
            self.entries.remove(key);
            self.lost += 1;
        }
        self.entries.get(key).map(|(value, _)| value.clone())
    }

    /// A number of so many digits, another one each time.
    fn value(&mut self, length: usize) -> String {
        self.written += 1;
        if length > 300 {
            return format!("\"{:0width$}\"", self.written, width = length - 2);
        }
        format!("{}{:0width$}", 1 + self.written % 9, self.written, width = length - 1)[..length]
            .to_owned()
    }

    fn wrote(&mut self, key: &str, value: String, expiry: Option<u32>) {
        assert_eq!(self.cache.get(key).unwrap().as_deref(), Some(&*value), "not there at once");
        let deadline = expiry.map(|seconds| self.now + Duration::from_secs(seconds.into()));
        self.entries.insert(key.to_owned(), (value, deadline));
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Get(key) => {
                let key = name(*key);
                let expected = self.live(&key);
                assert_eq!(self.cache.get(&key).unwrap().as_deref(), expected.as_deref());
            }
            Exists(key) => {
                let key = name(*key);
                let expected = self.live(&key).is_some();
                assert_eq!(self.cache.exists(&key), Ok(expected));
            }
            Delete(key) => {
                let key = name(*key);
                let expected = self.live(&key).is_some();
                assert_eq!(self.cache.delete(&key), Ok(expected));
                self.entries.remove(&key);
            }
            Set(key, length, expiry) => {
                let (key, value) = (name(*key), self.value(*length));
                self.cache.set(&key, &value, *expiry).unwrap();
                self.wrote(&key, value, *expiry);
            }
            SetIfAbsent(key, length, expiry) => {
                let (key, value) = (name(*key), self.value(*length));
                let absent = self.live(&key).is_none();
                assert_eq!(self.cache.set_if_absent(&key, &value, *expiry), Ok(absent));
                if absent {
                    self.wrote(&key, value, *expiry);
                }
            }
            CompareAndSet(key, same, length, expiry) => {
                let (key, value) = (name(*key), self.value(*length));
                let old = self.live(&key);
                let expected = old.clone().filter(|_| *same).unwrap_or_else(|| "null".to_owned());
                let set = self.cache.compare_and_set(&key, &expected, &value, *expiry);
                assert_eq!(set, Ok(*same && old.is_some()));
                if set == Ok(true) {
                    self.wrote(&key, value, *expiry);
                }
            }
            Add(key, by) => {
                let key = name(*key);
                let old = self.live(&key);
                let number = old.as_deref().map_or(Some(0), |old| old.parse::<i64>().ok());
                let sum = number.and_then(|number| number.checked_add(*by));
                assert_eq!(self.cache.add(&key, *by), Ok(sum), "{old:?} and {by}");
                if let Some(sum) = sum {
                    let deadline = self.entries.get(&key).and_then(|(_, deadline)| *deadline);
                    self.entries.insert(key, (sum.to_string(), deadline));
                }
            }
            Advance(by) => {
                self.time.advance(*by);
                self.now += *by;
            }
            Reclaim => {
                self.cache.reclaim(10_000);
            }
            Clear => {
                self.cache.clear();
                self.entries.clear();
            }
        }
    }

    fn check(&mut self, limits: CacheLimits) {
        let stats = self.cache.stats();
        assert!(stats.bytes <= stats.capacity, "{stats:?}");
        assert!(stats.entries <= limits.entries().unwrap_or(usize::MAX) as u64, "{stats:?}");
    }

    /// What is there in the end, and that everything that is not was evicted.
    fn finish(&mut self) {
        let keys: Vec<_> = self.entries.keys().cloned().collect();
        for key in &keys {
            let expected = self.live(key);
            assert_eq!(self.cache.get(key).unwrap().as_deref(), expected.as_deref());
        }
        let evicted = self.cache.stats().evicted;
        assert!(self.lost <= evicted, "{} lost, {evicted} evicted", self.lost);
        self.cache.reclaim(usize::MAX);
        assert_eq!(self.cache.stats().entries, self.entries.len() as u64);
        assert_eq!(self.cache.list("", None, usize::MAX).len(), self.entries.len());
    }
}

fn name(number: u16) -> String {
    format!("key {number}")
}

#[track_caller]
fn check(limits: CacheLimits, operations: &[Operation]) {
    let mut pair = Pair::new(limits);
    for operation in operations {
        pair.run(operation);
        pair.check(limits);
    }
    pair.finish();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..Default::default() })]

    #[test]
    fn a_small_cache_only_ever_loses_what_it_evicts(
        operations in prop::collection::vec(operation(2_000), 1..2_500)
    ) {
        check(CacheLimits::new(MIN_CAPACITY, VALUE_LIMIT).unwrap(), &operations);
    }

    #[test]
    fn a_cache_of_few_entries_only_ever_loses_what_it_evicts(
        operations in prop::collection::vec(operation(100), 1..2_000)
    ) {
        let limits = CacheLimits::new(1 << 20, VALUE_LIMIT).unwrap().with_entries(50).unwrap();
        check(limits, &operations);
    }

    #[test]
    fn a_large_cache_loses_nothing(operations in prop::collection::vec(operation(300), 1..3_000)) {
        let mut pair = Pair::new(CacheLimits::new(16 << 20, VALUE_LIMIT).unwrap());
        operations.iter().for_each(|operation| pair.run(operation));
        pair.finish();
        prop_assert_eq!((pair.lost, pair.cache.stats().evicted), (0, 0));
    }
}
