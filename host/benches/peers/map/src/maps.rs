//! The maps, each configured as its authors would for this use.
//!
//! - All use foldhash's seeded hasher: guests choose the keys, so an unseeded hasher is unsafe.
//!   This hasher is also faster than the defaults of moka and DashMap.
//! - All validate the value on `set`, as a host must, with Hostel's own check.
//! - Peers store `Box<str>` keys and `Arc<str>` values, so that a lookup copies no text.
//! - quick_cache has no expiry. Where an expiry is needed, its entries contain a deadline, which a
//!   reader compares with the clock. moka expires each entry by its `Expiry`.
//! - A capacity is in the unit of the peer's weights. If a benchmark needs no limit, it sets a
//!   capacity that is never reached.

use foldhash::quality::RandomState;
use hostel_cache::{Cache, CacheLimits, Clock, Json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The operations of a map that the benchmarks use.
pub trait Map: Send + Sync {
    /// Copies the value into `into` if it fits, as a host does into its guest's memory. Returns
    /// false on a miss.
    fn get(&self, key: &str, into: &mut [u8]) -> bool;
    /// Sets an entry with the expiry of the map, if the map has one.
    fn set(&self, key: &str, value: &str);
    /// Runs the maintenance that the map needs between calls.
    fn settle(&self) {}
    fn len(&self) -> usize;
}

/// The expiry of all entries of a map.
pub type Seconds = Option<u32>;

fn copy(value: &str, into: &mut [u8]) -> bool {
    if let Some(place) = into.get_mut(..value.len()) {
        place.copy_from_slice(value.as_bytes());
    }
    true
}

fn checked(value: &str) -> Arc<str> {
    Json::new(value, 1 << 20).expect("the bench sets JSON").as_str().into()
}

pub struct Ours(pub Cache, pub Seconds);

impl Ours {
    pub fn new(capacity: usize, expiry: Seconds) -> Self {
        let value_limit = (1 << 20).min(capacity / 64);
        let limits = CacheLimits::new(capacity, value_limit).expect("limits fit");
        Self(Cache::new(limits, Clock::system()), expiry)
    }
}

impl Map for Ours {
    fn get(&self, key: &str, into: &mut [u8]) -> bool {
        self.0.get(key).is_ok_and(|value| value.is_some_and(|value| copy(&value, into)))
    }

    fn set(&self, key: &str, value: &str) {
        self.0.set(key, value, self.1).expect("a valid entry");
    }

    fn len(&self) -> usize {
        self.0.stats().entries as usize
    }
}

/// Computes an entry's weight: the length of its key and value, plus this overhead of the map.
#[derive(Clone, Copy)]
pub struct Weigh(pub usize);

impl Weigh {
    fn of(self, key: &str, value: &str) -> usize {
        key.len() + value.len() + self.0
    }
}

impl quick_cache::Weighter<Box<str>, Arc<str>> for Weigh {
    fn weight(&self, key: &Box<str>, value: &Arc<str>) -> u64 {
        self.of(key, value) as u64
    }
}

type Lifecycle = quick_cache::sync::DefaultLifecycle<Box<str>, Arc<str>>;

pub struct Quick(quick_cache::sync::Cache<Box<str>, Arc<str>, Weigh, RandomState, Lifecycle>);

impl Quick {
    /// `entries` is the expected number of entries, from which the map computes its initial size.
    pub fn new(entries: usize, weight: u64, weigh: Weigh) -> Self {
        let lifecycle = Lifecycle::default();
        let hashing = RandomState::default();
        Self(quick_cache::sync::Cache::with(entries, weight, weigh, hashing, lifecycle))
    }
}

impl Map for Quick {
    fn get(&self, key: &str, into: &mut [u8]) -> bool {
        self.0.get(key).is_some_and(|value| copy(&value, into))
    }

    fn set(&self, key: &str, value: &str) {
        self.0.insert(key.into(), checked(value));
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// quick_cache with a deadline beside each value.
pub struct QuickExpiring(
    quick_cache::sync::Cache<
        Box<str>,
        (Arc<str>, Instant),
        quick_cache::UnitWeighter,
        RandomState,
        quick_cache::sync::DefaultLifecycle<Box<str>, (Arc<str>, Instant)>,
    >,
    Duration,
);

impl QuickExpiring {
    pub fn new(entries: usize, expiry: u32) -> Self {
        let (lifecycle, hashing) = (Default::default(), RandomState::default());
        let weigh = quick_cache::UnitWeighter;
        let cache =
            quick_cache::sync::Cache::with(entries, 2 * entries as u64, weigh, hashing, lifecycle);
        Self(cache, Duration::from_secs(expiry.into()))
    }
}

impl Map for QuickExpiring {
    fn get(&self, key: &str, into: &mut [u8]) -> bool {
        let found = self.0.get(key).filter(|(_, deadline)| Instant::now() < *deadline);
        found.is_some_and(|(value, _)| copy(&value, into))
    }

    fn set(&self, key: &str, value: &str) {
        self.0.insert(key.into(), (checked(value), Instant::now() + self.1));
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

pub struct Moka(moka::sync::Cache<Box<str>, Arc<str>, RandomState>);

struct After(Duration);

impl<K, V> moka::Expiry<K, V> for After {
    fn expire_after_create(&self, _: &K, _: &V, _: Instant) -> Option<Duration> {
        Some(self.0)
    }

    fn expire_after_update(
        &self,
        _: &K,
        _: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.0)
    }
}

impl Moka {
    pub fn new(weight: u64, weigh: Weigh, expiry: Seconds) -> Self {
        let builder = moka::sync::Cache::builder()
            .max_capacity(weight)
            .weigher(move |key: &Box<str>, value: &Arc<str>| weigh.of(key, value) as u32);
        let builder = match expiry {
            Some(seconds) => builder.expire_after(After(Duration::from_secs(seconds.into()))),
            None => builder,
        };
        Self(builder.build_with_hasher(RandomState::default()))
    }
}

impl Map for Moka {
    fn get(&self, key: &str, into: &mut [u8]) -> bool {
        self.0.get(key).is_some_and(|value| copy(&value, into))
    }

    fn set(&self, key: &str, value: &str) {
        self.0.insert(key.into(), checked(value));
    }

    fn settle(&self) {
        self.0.run_pending_tasks();
    }

    fn len(&self) -> usize {
        self.0.run_pending_tasks();
        self.0.entry_count() as usize
    }
}

pub struct Dash(dashmap::DashMap<Box<str>, Arc<str>, RandomState>);

impl Dash {
    pub fn new() -> Self {
        Self(dashmap::DashMap::with_hasher(RandomState::default()))
    }
}

impl Map for Dash {
    fn get(&self, key: &str, into: &mut [u8]) -> bool {
        // Release the lock before copying, as in the other maps: guests must not block each other.
        let value = self.0.get(key).map(|value| Arc::clone(&value));
        value.is_some_and(|value| copy(&value, into))
    }

    fn set(&self, key: &str, value: &str) {
        self.0.insert(key.into(), checked(value));
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}
