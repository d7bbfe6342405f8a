//! One shard of a cache: the entries of the keys that hash to it, under one lock.
//!
//! Each operation on a key is atomic because it reads and changes the entry under the lock.

mod leases;
mod walks;

use std::borrow::Cow;
use std::sync::Arc;

use crate::budget::BudgetPart;
use crate::clock::{Clock, Now};
use crate::entry::{Entry, Value};
use crate::eviction::{ClockHands, Removed, evict_least};
use crate::expiry::{Deadline, Expiry};
use crate::key::Key;
use crate::lease::Leases;
use crate::limits::MAX_KEY_BYTES;
use crate::listing::Listing;
use crate::outcome::TimeLeft;
use crate::segment::{Slot, Tag};
use crate::stats::Stats;
use crate::sweep::{Sweep, Swept};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::table::{Place, Room, Slots, Table};

/// Maximum evictions before the lock is released. A large value can displace thousands of small
/// ones, and other threads must not wait for all of those evictions.
const EVICTIONS_AT_ONCE: usize = 64;

/// Segments that one step of a sweep or a walk scans under the lock: at most 512 entries, which
/// takes tens of microseconds. A sweep or a walk releases the lock after each step. A write to a
/// full cache takes up to [`EVICTIONS_AT_ONCE`] steps of the sweep under one lock.
const SWEPT_AT_ONCE: usize = 8;

/// Entries under a lock. The alignment prevents false sharing between neighbouring shards: it is
/// 128 because some processors prefetch cache lines of 64 bytes in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard(Mutex<Entries>);

/// A hit by `get` touches only the first fields. `repr(C)` keeps them in the lock's cache line.
#[derive(Debug)]
#[repr(C)]
struct Entries {
    /// Hits are counted here instead of in `stats`, to stay in the first cache line.
    hits: u64,
    table: Table,
    hands: ClockHands,
    sweep: Sweep,
    stats: Stats,
    leases: Leases,
}

/// The new value and deadline of an entry.
pub(crate) struct Write<'a> {
    /// A JSON text, within the cache's limit.
    pub(crate) value: Cow<'a, str>,
    pub(crate) deadline: Deadline,
}

/// Selects the counter that an operation increments.
pub(crate) type Count = fn(&mut Stats) -> &mut u64;

/// The progress of a write at the time when it releases the lock.
enum Progress {
    Written,
    Refused,
    /// Some room was made, but more may be needed.
    Unfinished,
}

impl Shard {
    /// Creates an empty shard within `room`, which includes the shard's own size. `room` must allow
    /// at least [`least_bytes`](Self::least_bytes) bytes and one entry. The shard charges its bytes
    /// to `memory`.
    pub(crate) fn new(room: Room, memory: &Arc<BudgetPart>) -> Self {
        // Reserve a second empty table: `clear` creates it while the full one still exists.
        let room = Room { bytes: room.bytes.saturating_sub(Table::empty_bytes()), ..room };
        Self(Mutex::new(Entries {
            hits: 0,
            table: Table::new(room, size_of::<Self>(), memory),
            hands: ClockHands::new(),
            sweep: Sweep::new(),
            stats: Stats::default(),
            leases: Leases::default(),
        }))
    }

    /// Returns the bytes that a shard needs for one entry of the largest size. See
    /// [`new`](Self::new).
    pub(crate) fn least_bytes(value_limit: usize) -> usize {
        let tables = Table::empty_bytes() + Table::least_bytes(MAX_KEY_BYTES, value_limit);
        size_of::<Self>().saturating_add(tables)
    }

    pub(crate) fn get(&self, hash: u32, key: Key<'_>, clock: &Clock) -> Option<Value> {
        let shard = &mut *self.lock();
        let (tag, now) = (Tag::of(hash), Now::of(clock));
        // The fast path of a hit: one lookup, inline.
        if let Some(slot) = shard.table.find_mut(tag, key) {
            if !slot.has_expired(&now) {
                slot.mark();
                shard.hits += 1;
                return slot.entry().map(Entry::share);
            }
            shard.find_live(tag, key, &now);
        }
        shard.stats.misses += 1;
        None
    }

    /// Passes the live entry, if any, to `write` and stores the result, unless it is `None`.
    /// `write` may be called several times, and only its last result counts. Returns true, and
    /// increments the counter, if a value was stored.
    pub(crate) fn write<'a>(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        count: Count,
        mut write: impl FnMut(Option<&Entry>, &Now<'_>) -> Option<Write<'a>>,
    ) -> bool {
        loop {
            let mut shard = self.lock();
            match shard.write(Tag::of(hash), key, &Now::of(clock), &mut write) {
                Progress::Written => {
                    *count(&mut shard.stats) += 1;
                    let ended = shard.leases.end(key.as_str());
                    // Unlock first: dropping a lease wakes its waiters, which may need this lock.
                    drop(shard);
                    drop(ended);
                    return true;
                }
                Progress::Refused => return false,
                Progress::Unfinished => (),
            }
        }
    }

    /// Removes the live entry if there is one and `allows` accepts it. Returns true, and increments
    /// the counter, if it was removed.
    pub(crate) fn remove(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        count: Count,
        allows: impl FnOnce(&Entry) -> bool,
    ) -> bool {
        let mut shard = self.lock();
        let place = shard.find_live(Tag::of(hash), key, &Now::of(clock));
        let entry = place.and_then(|place| shard.table.slot(place)?.entry());
        let is_refused = entry.is_some_and(|entry| !allows(entry));
        if is_refused {
            return false;
        }
        if let Some(place) = place {
            shard.table.remove(place);
            shard.table.give_back();
            *count(&mut shard.stats) += 1;
        }
        let ended = shard.leases.end(key.as_str());
        drop(shard);
        drop(ended);
        place.is_some()
    }

    pub(crate) fn exists(&self, hash: u32, key: Key<'_>, clock: &Clock) -> bool {
        let mut shard = self.lock();
        shard.stats.exists += 1;
        shard.find_live(Tag::of(hash), key, &Now::of(clock)).is_some()
    }

    pub(crate) fn ttl(&self, hash: u32, key: Key<'_>, clock: &Clock) -> TimeLeft {
        let (mut shard, now) = (self.lock(), Now::of(clock));
        let place = shard.find_live(Tag::of(hash), key, &now);
        let entry = place.and_then(|place| shard.table.slot(place)?.entry());
        entry.map_or(TimeLeft::Missing, |entry| TimeLeft::of(entry.deadline().remaining(&now)))
    }

    /// Sets the deadline of the live entry. Returns true if there is a live entry.
    pub(crate) fn expire(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        expiry: Option<Expiry>,
    ) -> bool {
        let (mut shard, now) = (self.lock(), Now::of(clock));
        let place = shard.find_live(Tag::of(hash), key, &now);
        if let Some(place) = place {
            let deadline = Deadline::from_now(expiry, &now);
            shard.table.expire(place, deadline);
            shard.sweep.note(deadline.due());
            shard.stats.expires += 1;
        }
        let ended = shard.leases.end(key.as_str());
        drop(shard);
        drop(ended);
        place.is_some()
    }

    /// Continues the sweep for expired entries, holding the lock briefly.
    pub(crate) fn sweep(&self, clock: &Clock) -> Swept {
        let mut shard = self.lock();
        let swept = shard.sweep(SWEPT_AT_ONCE, &Now::of(clock));
        shard.table.give_back();
        shard.table.give_back_if_empty();
        swept
    }

    /// An upper bound for the number of entries that one [`sweep`](Self::sweep) scans.
    pub(crate) const SWEPT_ENTRIES: usize = SWEPT_AT_ONCE * crate::segment::SLOTS;

    /// Passes every entry to a listing.
    pub(crate) fn list(&self, listing: &mut Listing<'_>) {
        let shard = self.lock();
        for entry in shard.table.slots().filter_map(Slot::entry) {
            let (key, value) = (entry.key(), entry.value());
            listing.see(key, key.len() + value.len(), entry.deadline());
        }
    }

    /// Removes all entries and returns how many there were. They are dropped, and their bytes
    /// released, outside the lock: dropping many entries takes a long time.
    pub(crate) fn clear(&self) -> u64 {
        let mut shard = self.lock();
        let empty = shard.table.emptied();
        let old = std::mem::replace(&mut shard.table, empty);
        let ended = shard.leases.end_all("");
        drop(shard);
        drop(ended);
        old.len() as u64
    }

    /// Returns the counters and the size of this shard. `capacity` is 0.
    pub(crate) fn stats(&self) -> Stats {
        let shard = self.lock();
        let (entries, bytes) = (shard.table.len() as u64, shard.table.bytes() as u64);
        Stats { hits: shard.hits, entries, bytes, ..shard.stats }
    }

    /// Locks the entries. Ignores poisoning: no operation panics halfway, and even if one did,
    /// every place is checked before use.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Finds the live entry of a key. Removes the entry if it has expired.
    fn find_live(&mut self, tag: Tag, key: Key<'_>, now: &Now<'_>) -> Option<Place> {
        let place = self.table.find(tag, key)?;
        if self.table.slot(place)?.has_expired(now) {
            self.table.remove(place);
            self.stats.expired += 1;
            return None;
        }
        Some(place)
    }

    fn write<'a>(
        &mut self,
        tag: Tag,
        key: Key<'_>,
        now: &Now<'_>,
        write: &mut impl FnMut(Option<&Entry>, &Now<'_>) -> Option<Write<'a>>,
    ) -> Progress {
        for _ in 0..EVICTIONS_AT_ONCE {
            let old = self.find_live(tag, key, now);
            let entry = old.and_then(|place| self.table.slot(place)?.entry());
            let Some(Write { value, deadline }) = write(entry, now) else {
                return Progress::Refused;
            };
            let bytes = crate::entry::bytes(key.as_str().len(), value.len());
            if !self.has_room(tag, bytes, old.is_none(), now) {
                continue;
            }
            match old {
                Some(place) => self.table.replace(place, key, &value, deadline),
                None => self.table.insert(tag, key, &value, deadline),
            }
            self.table.give_back();
            self.sweep.note(deadline.due());
            return Progress::Written;
        }
        Progress::Unfinished
    }

    /// Returns true if an entry can be written now. Otherwise makes some room; the caller must look
    /// up the entry again and retry.
    fn has_room(&mut self, tag: Tag, bytes: usize, is_new: bool, now: &Now<'_>) -> bool {
        if !self.table.has_room(bytes, is_new) {
            self.evict((!is_new).then_some(tag), now);
            return false;
        }
        if !is_new {
            return true;
        }
        let at = self.table.segment_of(tag);
        let Some(segment) = self.table.segment(at) else {
            return false;
        };
        let is_full = segment.is_full();
        if (is_full || segment.due().is_over(now)) && self.remove_expired(at, now) {
            return false;
        }
        if !is_full {
            return true;
        }
        match self.table.add_slots(tag, bytes) {
            Slots::Added => (),
            // The evicted entry need not be in this segment: the split needs only bytes.
            Slots::NoRoom => self.evict(None, now),
            Slots::Never => {
                self.stats.evicted += u64::from(evict_least(&mut self.table, at, None));
            }
        }
        false
    }

    fn remove_expired(&mut self, at: usize, now: &Now<'_>) -> bool {
        let expired = self.table.remove_expired(at, now);
        self.stats.expired += expired as u64;
        expired > 0
    }

    /// If the sweep is late, removes the expired entries that its next step finds. If it is not
    /// late, or finds none, removes the entries that the clock hands select. Spares the existing
    /// entry of the key being written unless no other entry is left: without this, incrementing a
    /// counter in a full cache could evict the counter.
    fn evict(&mut self, spared: Option<Tag>, now: &Now<'_>) {
        if self.sweep.is_late(now) && self.sweep(SWEPT_AT_ONCE, now).expired > 0 {
            return;
        }
        let mut removed = self.hands.evict(&mut self.table, spared, now);
        if removed == Removed::default() {
            removed = self.hands.evict(&mut self.table, None, now);
        }
        self.stats.expired += removed.expired as u64;
        self.stats.evicted += removed.evicted as u64;
    }

    fn sweep(&mut self, segments: usize, now: &Now<'_>) -> Swept {
        let swept = self.sweep.step(&mut self.table, segments, now);
        self.stats.expired += swept.expired as u64;
        swept
    }
}
