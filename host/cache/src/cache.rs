//! The cache: operations on entries that expire, in a bounded number of bytes. Those of each interface
//! beside `get` and `set` have a file of their own.

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

/// A map from keys to JSON texts, in memory, shared by threads.
///
/// - An entry with an expiry is gone, for every operation, from the first instant at which that
///   many seconds have passed since it was set. The clock is monotonic; reading never extends an
///   expiry.
/// - A full cache evicts entries that were not used for a while and never refuses a `set` for lack
///   of room. It never holds more bytes than its capacity, its own bookkeeping included, and never
///   evicts the entry being set. Each of its up to 64 shards, to which keys are spread by their
///   hash, has an equal share of the capacity, so eviction may begin a little before the sum is
///   reached; it begins earlier where a [budget](Cache::within) has no more.
/// - Each operation on one key is atomic: threads see the operations in some order, the same for
///   all.
/// - After an error the old entry and its expiry are as they were. When several arguments are
///   wrong, the error is about the first of them.
/// - A value that was returned stays as it was, whatever happens to the entry.
pub struct Cache {
    limits: CacheLimits,
    clock: Clock,
    /// Guests choose the keys, so the seed is random: no guest can know which keys collide.
    hashing: RandomState,
    /// One shard that is always there, so that choosing one cannot fail.
    first: Shard,
    /// One less than a power of two.
    others: Box<[Shard]>,
    /// How often the search for expired entries has moved to the next shard.
    swept: AtomicUsize,
}

impl Cache {
    /// An empty cache. Only its limits bound it.
    #[must_use]
    pub fn new(limits: CacheLimits, clock: Clock) -> Self {
        Self::within(limits, clock, &MemoryBudget::new(usize::MAX).part(usize::MAX))
    }

    /// An empty cache that takes its bytes from a part of a budget, some kibibytes at once, and
    /// gives them back when it needs them no longer, or is dropped.
    ///
    /// Where the part has no more, the cache evicts entries as if its capacity were what it has
    /// taken, and a `set` succeeds all the same: each shard takes its first 16 KiB, and what the
    /// entry being set needs alone, whether or not they are left. Until it is written to, a cache
    /// takes about 2 KiB a shard.
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

    /// Removes the entry. True when a live one was there, false otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        Ok(self.remove(Key::new(key)?))
    }

    /// True when there is a live entry, whatever its value. Not a use of the entry for eviction.
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
    /// and come after `after`; at most `most` of them. Not a use of any for eviction.
    ///
    /// To go through all of a cache, give the last key of one listing as `after` of the next:
    /// each entry that is there all the while is in it once. A listing goes through all entries,
    /// one shard after the other, each under its lock; it is for the operator of a cache.
    #[must_use]
    pub fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Vec<EntryInfo> {
        let mut listing = Listing::new(prefix, after, most, Now::of(&self.clock));
        self.shards().for_each(|shard| shard.list(&mut listing));
        listing.entries()
    }

    /// Empties one shard after the other, and returns how many entries were removed, expired ones
    /// included. The counts in [`Cache::stats`] go on.
    pub fn clear(&self) -> u64 {
        self.shards().map(Shard::clear).sum()
    }

    /// Removes expired entries that no caller has read since, so that their memory comes back.
    /// Looks at about `most` entries, continues the next time where it stopped, and returns how
    /// many it removed. No lock is held for longer than some hundred entries take.
    ///
    /// Writing does some of this too. A host that calls it every few milliseconds with some
    /// thousand entries gets a million of them back within seconds, without a caller waiting.
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

    /// The counts of the cache, and how much it holds.
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

/// A `Debug` that shows no guest's data.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A power of two.
fn shard_count(limits: CacheLimits) -> usize {
    let least =
        Shard::least_bytes(limits.value_limit()).saturating_mul(MIN_LARGEST_ENTRIES_IN_SHARD);
    let by_capacity = limits.capacity() / least.max(MIN_SHARD_CAPACITY);
    let by_entries = limits.entries().map_or(MAX_SHARDS, |entries| entries / MIN_SHARD_ENTRIES);
    1 << by_capacity.min(by_entries).clamp(1, MAX_SHARDS).ilog2()
}

#[cfg(test)]
mod tests;
