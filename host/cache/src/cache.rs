//! [`Cache`]: a map of bounded size whose entries may expire. This file implements the basic
//! operations, such as `get` and `set`. The submodules implement the operations of the other WIT
//! interfaces.

mod atomics;
mod batch;
mod entries;
mod leases;

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::quality::RandomState;

use crate::budget::{BudgetPart, MemoryBudget};
use crate::clock::{Clock, Now};
use crate::entry::{Entry, Value};
use crate::error::Error;
use crate::expiry::{Deadline, Expiry};
use crate::key::Key;
use crate::limits::{
    CacheLimits, MAX_SHARDS, MAX_VALUE_BYTES, MIN_LARGEST_ENTRIES_IN_SHARD, MIN_SHARD_CAPACITY,
    MIN_SHARD_ENTRIES,
};
use crate::listing::{EntryInfo, Listing};
use crate::shard::{Count, Shard, Write};
use crate::stats::Stats;
use crate::sync::{AtomicUsize, Ordering};
use crate::table::Room;
use crate::value::Json;

/// A thread-safe in-memory map from keys to JSON texts.
///
/// - For operations on its key, an entry is missing as soon as its expiry has passed. The clock is
///   monotonic. Reading an entry never extends its expiry.
/// - A full cache first evicts entries that have not been used recently. The cache never refuses a
///   `set` for lack of room, and a `set` never evicts the value that it stores. Entries and
///   bookkeeping never take more bytes than the capacity. Leases, old values that readers still
///   hold, and entries that `clear` is freeing are not counted. Keys are distributed by hash over
///   up to 64 shards with equal shares of the capacity, so eviction may begin below the capacity.
///   Eviction begins earlier when a shared [budget](Cache::within) is exhausted.
/// - Each operation on one key is atomic: all threads observe the operations in the same order.
/// - An operation that fails leaves the entry and its expiry unchanged. If several arguments are
///   invalid, the error describes the first.
/// - A returned value never changes, whatever happens to the entry afterwards.
pub struct Cache {
    limits: CacheLimits,
    clock: Clock,
    /// The seed is random because guests choose the keys: with a known seed, a guest could make
    /// keys collide on purpose.
    hashing: RandomState,
    /// One shard outside the slice, so that choosing a shard cannot fail.
    first: Shard,
    /// The other shards. Their number is one less than a power of two, so that it serves as a mask.
    others: Box<[Shard]>,
    /// Number of times that [`Cache::reclaim`] has moved to the next shard.
    swept: AtomicUsize,
}

impl Cache {
    /// Creates an empty cache, bounded only by its limits.
    #[must_use]
    pub fn new(limits: CacheLimits, clock: Clock) -> Self {
        Self::within(limits, clock, &MemoryBudget::new(usize::MAX).part(usize::MAX))
    }

    /// Creates an empty cache that charges its bytes to a part of a memory budget, several KiB at a
    /// time. The cache releases bytes that it no longer needs, except a small reserve per shard. It
    /// releases all bytes when it is dropped.
    ///
    /// When the part or its budget is exhausted, the cache evicts entries as if its capacity were
    /// the bytes already charged. `set` still succeeds: even beyond the limits, each shard may
    /// charge up to 16 KiB, or more if a single entry needs more. Before its first write, a cache
    /// charges less than 2 KiB per shard.
    #[must_use]
    pub fn within(limits: CacheLimits, clock: Clock, memory: &Arc<BudgetPart>) -> Self {
        let shards = shard_count(limits);
        let entries = limits.entries().map_or(usize::MAX, |entries| entries / shards);
        let room = Room { bytes: limits.capacity() / shards, entries };
        let new_shard = || Shard::new(room, memory);
        Self {
            limits,
            clock,
            hashing: RandomState::default(),
            first: new_shard(),
            swept: AtomicUsize::new(0),
            others: (1..shards).map(|_| new_shard()).collect(),
        }
    }

    /// Returns the value of a live entry, or `None` if there is no such entry; a stored `null` is
    /// `Some("null")`. Counts as a use of the entry for eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.get(hash, key, &self.clock))
    }

    /// Creates an entry, or replaces its value and expiry. `expiry` is in seconds. With `None` the
    /// entry never expires, even if it replaces an entry with an expiry.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`], [`Json::new`] and [`Expiry::new`].
    pub fn set(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), Error> {
        self.write(key, value, expiry, |_| true).map(drop)
    }

    /// Removes the entry. Returns true if a live entry was removed.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        Ok(self.remove(Key::new(key)?))
    }

    /// Returns true if there is a live entry, whatever its value. Does not count as a use of the
    /// entry for eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.exists(hash, key, &self.clock))
    }

    /// Returns at most `most` live entries whose keys begin with `prefix` and come after `after`:
    /// the first such entries in byte order of their keys. Does not count as a use of any entry for
    /// eviction.
    ///
    /// To list a whole cache, pass the last key of each listing as `after` of the next: every entry
    /// that exists throughout is listed once. Each call scans all entries, and locks one shard at a
    /// time. This method is for operators, not for guests.
    #[must_use]
    pub fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Vec<EntryInfo> {
        let mut listing = Listing::new(prefix, after, most, Now::of(&self.clock));
        self.shards().for_each(|shard| shard.list(&mut listing));
        listing.entries()
    }

    /// Removes all entries, one shard after another, and returns how many there were, expired ones
    /// included. Does not reset the counters in [`Cache::stats`].
    pub fn clear(&self) -> u64 {
        self.shards().map(Shard::clear).sum()
    }

    /// Removes expired entries, to free their memory even if no caller uses their keys again. Scans
    /// at most `most` entries and 512 more per shard, continuing where the last call stopped. If
    /// `most` is 0, scans none. Returns how many entries it removed. Holds each lock only for a few
    /// hundred entries at a time.
    ///
    /// Writes also remove some expired entries. A host that scans 10,000 entries every 20
    /// milliseconds removes a million expired entries in a few seconds, without noticeable delays
    /// of other operations.
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

    /// Returns the counters of the cache and its current size.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let capacity = self.limits.capacity() as u64;
        let empty = Stats { capacity, ..Stats::default() };
        self.shards().fold(empty, |sum, shard| sum.plus(shard.stats()))
    }

    /// Returns the limits that the cache was created with.
    #[must_use]
    pub fn limits(&self) -> CacheLimits {
        self.limits
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Returns the key's shard, and the half of the key's hash that did not select the shard.
    fn place_of(&self, key: Key<'_>) -> (&Shard, u32) {
        let mut hasher = self.hashing.build_hasher();
        hasher.write(key.as_str().as_bytes());
        let hash = hasher.finish();
        (self.shard((hash >> 32) as usize), hash as u32)
    }

    /// Returns a shard by number; only the low bits of the number count.
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
        let value = self.json(value)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        Ok(self.store(key, value, expiry, condition))
    }

    fn store(
        &self,
        key: Key<'_>,
        value: Json<'_>,
        expiry: Option<Expiry>,
        condition: impl Fn(Option<&str>) -> bool,
    ) -> bool {
        let (shard, hash) = self.place_of(key);
        let count: Count = |stats| &mut stats.sets;
        shard.write(hash, key, &self.clock, count, |old, now| {
            let allowed = condition(old.map(Entry::value));
            let deadline = Deadline::from_now(expiry, now);
            allowed.then_some(Write { value: value.as_str().into(), deadline })
        })
    }

    fn remove(&self, key: Key<'_>) -> bool {
        let (shard, hash) = self.place_of(key);
        shard.remove(hash, key, &self.clock, |stats| &mut stats.deletes, |_| true)
    }

    fn json<'a>(&self, value: &'a str) -> Result<Json<'a>, Error> {
        Json::new(value, self.limits.value_limit().min(MAX_VALUE_BYTES))
    }
}

/// `Debug` omits keys and values: they belong to guests and must not reach a log.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Returns the number of shards: a power of two, so that a mask of a hash selects a shard.
fn shard_count(limits: CacheLimits) -> usize {
    let least =
        Shard::least_bytes(limits.value_limit()).saturating_mul(MIN_LARGEST_ENTRIES_IN_SHARD);
    let by_capacity = limits.capacity() / least.max(MIN_SHARD_CAPACITY);
    let by_entries = limits.entries().map_or(MAX_SHARDS, |entries| entries / MIN_SHARD_ENTRIES);
    1 << by_capacity.min(by_entries).clamp(1, MAX_SHARDS).ilog2()
}

#[cfg(test)]
mod tests;
