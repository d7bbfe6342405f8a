//! One part of a cache: the entries of the keys that hash to it, under one lock.
//!
//! How entries are filed, found and thrown out is known here and nowhere else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::eviction::Sieve;
use crate::expiry::{Deadline, Expiry};
use crate::index::Index;
use crate::key::{Key, MAX_KEY_BYTES};
use crate::listing::Listing;
use crate::pages::Pages;
use crate::stats::Stats;
use crate::value::Json;

/// The most entries in a shard: what keeps every position and every count of chains in a `u32`.
const MAX_ENTRIES: u32 = 1 << 31;

/// What an `Arc<str>` allocates beside its text: two counts.
const ARC_BYTES: usize = 2 * size_of::<usize>();

/// Entries under a lock, on cache lines of their own: neighbouring shards never wait for a line
/// that the other writes. Processors fetch lines of 64 bytes in pairs, hence 128.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard(Mutex<Entries>);

/// The entries themselves. The three files use the same positions: what is at a position of one
/// belongs to what is there in the others.
#[derive(Debug)]
struct Entries {
    entries: Pages<Entry>,
    index: Index,
    order: Sieve,
    /// Bytes that keys and values have allocated.
    texts: usize,
    capacity: usize,
    stats: Stats,
}

#[derive(Debug)]
struct Entry {
    key: Box<str>,
    value: Arc<str>,
    deadline: Deadline,
}

impl Shard {
    /// An empty shard of at most `capacity` bytes, which is at least
    /// [`least_capacity`](Self::least_capacity).
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Mutex::new(Entries::new(capacity)))
    }

    /// What a shard takes that holds nothing but one entry of the largest size.
    pub(crate) fn least_capacity(value_limit: usize) -> usize {
        let empty = Entries::new(0);
        empty.bytes() + empty.growth() + text_bytes(MAX_KEY_BYTES, value_limit)
    }

    pub(crate) fn get(&self, hash: u32, key: Key<'_>, clock: &Clock) -> Option<Arc<str>> {
        let mut shard = self.lock();
        let found = shard.find_live(hash, key, clock);
        match found {
            Some(at) => {
                shard.stats.hits += 1;
                shard.order.mark(at);
            }
            None => shard.stats.misses += 1,
        }
        shard.entries.get(found?).map(|entry| Arc::clone(&entry.value))
    }

    pub(crate) fn set(
        &self,
        hash: u32,
        key: Key<'_>,
        value: Json<'_>,
        expiry: Option<Expiry>,
        clock: &Clock,
    ) {
        let mut shard = self.lock();
        // The old entry goes first, and so does not stand in the way of a larger new one.
        if let Some(old) = shard.find_live(hash, key, clock) {
            shard.remove(old);
        }
        shard.make_room(text_bytes(key.as_str().len(), value.as_str().len()), clock);
        shard.push(hash, key, value, Deadline::from_now(expiry, clock));
        shard.stats.sets += 1;
    }

    pub(crate) fn delete(&self, hash: u32, key: Key<'_>, clock: &Clock) -> bool {
        let mut shard = self.lock();
        let Some(at) = shard.find_live(hash, key, clock) else {
            return false;
        };
        shard.remove(at);
        shard.stats.deletes += 1;
        true
    }

    pub(crate) fn exists(&self, hash: u32, key: Key<'_>, clock: &Clock) -> bool {
        let mut shard = self.lock();
        shard.stats.exists += 1;
        shard.find_live(hash, key, clock).is_some()
    }

    /// Shows every entry to a listing.
    pub(crate) fn list(&self, listing: &mut Listing<'_>) {
        let shard = self.lock();
        for at in 0..shard.entries.len() {
            if let Some(Entry { key, value, deadline }) = shard.entries.get(at) {
                listing.see(key, key.len() + value.len(), *deadline);
            }
        }
    }

    /// Removes every entry, and answers how many. They are dropped outside the lock.
    pub(crate) fn clear(&self) -> u64 {
        let mut shard = self.lock();
        let empty = Entries { stats: shard.stats, ..Entries::new(shard.capacity) };
        let old = std::mem::replace(&mut *shard, empty);
        drop(shard);
        u64::from(old.entries.len())
    }

    /// The counts of this shard, without a capacity.
    pub(crate) fn stats(&self) -> Stats {
        let shard = self.lock();
        let (entries, bytes) = (u64::from(shard.entries.len()), shard.bytes() as u64);
        Stats { entries, bytes, ..shard.stats }
    }

    /// A poisoned lock is taken like any other: no operation panics halfway, and if one did, every
    /// position is checked where it is used.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn new(capacity: usize) -> Self {
        Self {
            entries: Pages::new(),
            index: Index::new(),
            order: Sieve::new(),
            texts: 0,
            capacity,
            stats: Stats::default(),
        }
    }

    /// Finds the entry of a key. One that has expired is removed, and not found.
    fn find_live(&mut self, hash: u32, key: Key<'_>, clock: &Clock) -> Option<u32> {
        let is_it = |at| self.entries.get(at).is_some_and(|entry| *entry.key == *key.as_str());
        let at = self.index.find(hash, is_it)?;
        if self.has_expired(at, clock) {
            self.remove(at);
            self.stats.expired += 1;
            return None;
        }
        Some(at)
    }

    fn has_expired(&self, at: u32, clock: &Clock) -> bool {
        self.entries.get(at).is_some_and(|entry| entry.deadline.has_passed(clock))
    }

    /// Throws entries out until one more, whose texts take so many bytes, can be added.
    fn make_room(&mut self, texts: usize, clock: &Clock) {
        while self.bytes() + self.growth() + texts > self.capacity
            || self.entries.len() >= MAX_ENTRIES
        {
            let now = clock.now();
            let is_gone = |at| {
                self.entries
                    .get(at)
                    .is_some_and(|entry: &Entry| entry.deadline.is_at_or_before(now))
            };
            let Some(victim) = self.order.victim(is_gone) else {
                return;
            };
            if self.has_expired(victim, clock) {
                self.stats.expired += 1;
            } else {
                self.stats.evicted += 1;
            }
            self.remove(victim);
        }
    }

    fn push(&mut self, hash: u32, key: Key<'_>, value: Json<'_>, deadline: Deadline) {
        let entry = Entry { key: key.as_str().into(), value: value.as_str().into(), deadline };
        self.texts += entry.text_bytes();
        self.entries.push(entry);
        self.index.push(hash);
        self.order.push();
    }

    fn remove(&mut self, at: u32) {
        if let Some(entry) = self.entries.swap_remove(at) {
            self.texts -= entry.text_bytes();
            self.index.swap_remove(at);
            self.order.swap_remove(at);
        }
    }

    /// What the shard takes of memory now, itself included.
    fn bytes(&self) -> usize {
        let files = self.entries.bytes() + self.index.bytes() + self.order.bytes();
        size_of::<Shard>() + files + self.texts
    }

    /// What one more entry takes at most, its texts not included.
    fn growth(&self) -> usize {
        self.entries.growth() + self.index.growth() + self.order.growth()
    }
}

impl Entry {
    fn text_bytes(&self) -> usize {
        text_bytes(self.key.len(), self.value.len())
    }
}

/// What a key and a value of these lengths allocate.
const fn text_bytes(key: usize, value: usize) -> usize {
    key + (ARC_BYTES + value).next_multiple_of(align_of::<usize>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE_LIMIT: usize = 1000;

    struct Subject {
        shard: Shard,
        clock: Clock,
        capacity: usize,
    }

    impl Subject {
        fn new(capacity: usize) -> Self {
            Self { shard: Shard::new(capacity), clock: Clock::mock().0, capacity }
        }

        fn set(&self, key: &str, value: &str) {
            let (key, value) = (Key::new(key).unwrap(), Json::new(value, VALUE_LIMIT).unwrap());
            // Few hashes, so that every chain holds entries of different keys.
            let hash = key.as_str().len() as u32;
            self.shard.set(hash, key, value, None, &self.clock);
            let stored = self.shard.get(hash, key, &self.clock);
            assert_eq!(stored.as_deref(), Some(value.as_str()), "{key:?}");
            let bytes = self.shard.stats().bytes;
            assert!(bytes <= self.capacity as u64, "{bytes} of {} bytes", self.capacity);
        }
    }

    #[test]
    fn the_least_capacity_holds_any_one_entry() {
        let subject = Subject::new(Shard::least_capacity(VALUE_LIMIT));
        let longest = "7".repeat(300);
        for key in ["k".repeat(MAX_KEY_BYTES), "l".repeat(MAX_KEY_BYTES), "m".to_owned()] {
            for value in ["1", &*longest, &format!("\"{}\"", "x".repeat(VALUE_LIMIT - 2)), "2"] {
                subject.set(&key, value);
            }
        }
    }

    #[test]
    fn room_that_small_entries_took_is_there_for_large_ones() {
        let subject = Subject::new(4 * Shard::least_capacity(VALUE_LIMIT));
        for number in 0..2000 {
            subject.set(&number.to_string(), "1");
        }
        let small = subject.shard.stats().entries;
        let large = format!("\"{}\"", "x".repeat(VALUE_LIMIT - 2));
        for number in 0..100 {
            subject.set(&number.to_string(), &large);
        }
        let stats = subject.shard.stats();
        assert!(small > 100, "{small} small entries");
        assert!(stats.entries * 1000 > stats.bytes / 2, "{stats:?}");
    }

    #[test]
    fn shards_do_not_share_a_pair_of_cache_lines() {
        assert_eq!((align_of::<Shard>(), size_of::<Shard>() % 128), (128, 0));
    }

    #[test]
    fn a_panic_under_the_lock_leaves_the_shard_usable() {
        let subject = Subject::new(1 << 20);
        subject.set("k", "1");
        std::thread::scope(|scope| {
            let panicked = scope.spawn(|| {
                let _guard = subject.shard.lock();
                panic!("on purpose, under the lock");
            });
            assert!(panicked.join().is_err());
        });
        assert!(subject.shard.0.is_poisoned());
        subject.set("k", "2");
    }
}
