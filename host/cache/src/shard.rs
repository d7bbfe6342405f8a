//! One part of a cache: the entries of the keys that hash to it, under one lock.
//!
//! Every operation is here, and is atomic because it is done under the lock.

use std::borrow::Cow;

use crate::clock::{Clock, Now};
use crate::entry::{Entry, Value};
use crate::eviction::{Removed, Turns, evict_least};
use crate::expiry::Deadline;
use crate::key::{Key, MAX_KEY_BYTES};
use crate::listing::Listing;
use crate::segment::{Slot, Tag};
use crate::stats::Stats;
use crate::sweep::{Sweep, Swept};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::table::{Place, Room, Slots, Table};

/// Evictions under one hold of the lock. A large value can take the place of thousands of small
/// ones, and others want the shard meanwhile.
const EVICTIONS_AT_ONCE: usize = 64;

/// Segments that a search for expired entries looks at under one hold of the lock: at most some
/// hundred entries, some tens of microseconds.
const SWEPT_AT_ONCE: usize = 8;

/// Entries under a lock, on cache lines of their own: neighbouring shards never wait for a line
/// that the other writes. Processors fetch lines of 64 bytes in pairs, hence 128.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard(Mutex<Entries>);

/// What a hit reads and writes of the shard itself stands first, in one line with the lock.
#[derive(Debug)]
#[repr(C)]
struct Entries {
    /// Counted here, and not in `stats`.
    hits: u64,
    table: Table,
    turns: Turns,
    sweep: Sweep,
    stats: Stats,
}

/// What a write puts under a key.
pub(crate) struct Write<'a> {
    /// A JSON text, within the cache's limit.
    pub(crate) value: Cow<'a, str>,
    pub(crate) deadline: Deadline,
}

/// How far a write has come under one hold of the lock.
enum Progress {
    Written,
    Refused,
    /// Entries were removed to make room, and more must be.
    Unfinished,
}

impl Shard {
    /// An empty shard with that much room, itself included: at least
    /// [`least_bytes`](Self::least_bytes), and one entry.
    pub(crate) fn new(room: Room) -> Self {
        // An empty table is made beside a full one when all is cleared.
        let room = Room { bytes: room.bytes.saturating_sub(Table::empty_bytes()), ..room };
        Self(Mutex::new(Entries {
            hits: 0,
            table: Table::new(room, size_of::<Self>()),
            turns: Turns::new(),
            sweep: Sweep::new(),
            stats: Stats::default(),
        }))
    }

    /// What a shard takes that holds nothing but one entry of the largest size.
    pub(crate) fn least_bytes(value_limit: usize) -> usize {
        let tables = Table::empty_bytes() + Table::least_bytes(MAX_KEY_BYTES, value_limit);
        size_of::<Self>().saturating_add(tables)
    }

    pub(crate) fn get(&self, hash: u32, key: Key<'_>, clock: &Clock) -> Option<Value> {
        let shard = &mut *self.lock();
        let (tag, now) = (Tag::of(hash), Now::of(clock));
        // What a hit does is in sight, and looks up the entry once.
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

    /// Writes what `write` makes of the live entry that is there, or of none; writes nothing when
    /// it makes nothing. It may be asked more than once, and the last answer counts. Whether it
    /// was written.
    pub(crate) fn write<'a>(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        mut write: impl FnMut(Option<&Entry>, &Now<'_>) -> Option<Write<'a>>,
    ) -> bool {
        loop {
            let progress = self.lock().write(Tag::of(hash), key, &Now::of(clock), &mut write);
            match progress {
                Progress::Written => return true,
                Progress::Refused => return false,
                Progress::Unfinished => (),
            }
        }
    }

    pub(crate) fn delete(&self, hash: u32, key: Key<'_>, clock: &Clock) -> bool {
        let mut shard = self.lock();
        let Some(place) = shard.find_live(Tag::of(hash), key, &Now::of(clock)) else {
            return false;
        };
        shard.table.remove(place);
        shard.stats.deletes += 1;
        true
    }

    pub(crate) fn exists(&self, hash: u32, key: Key<'_>, clock: &Clock) -> bool {
        let mut shard = self.lock();
        shard.stats.exists += 1;
        shard.find_live(Tag::of(hash), key, &Now::of(clock)).is_some()
    }

    /// Goes on with the search for expired entries, for a moment under the lock.
    pub(crate) fn sweep(&self, clock: &Clock) -> Swept {
        let mut shard = self.lock();
        shard.sweep(SWEPT_AT_ONCE, &Now::of(clock))
    }

    /// The entries that one [`sweep`](Self::sweep) looks at.
    pub(crate) const SWEPT_ENTRIES: usize = SWEPT_AT_ONCE * crate::segment::SLOTS;

    /// Shows every entry to a listing.
    pub(crate) fn list(&self, listing: &mut Listing<'_>) {
        let shard = self.lock();
        for entry in shard.table.slots().filter_map(Slot::entry) {
            let (key, value) = (entry.key(), entry.value());
            listing.see(key, key.len() + value.len(), entry.deadline());
        }
    }

    /// Removes every entry, and answers how many. They are dropped outside the lock.
    pub(crate) fn clear(&self) -> u64 {
        let mut shard = self.lock();
        let empty = shard.table.emptied();
        let old = std::mem::replace(&mut shard.table, empty);
        drop(shard);
        old.len() as u64
    }

    /// The counts of this shard, without a capacity.
    pub(crate) fn stats(&self) -> Stats {
        let shard = self.lock();
        let (entries, bytes) = (shard.table.len() as u64, shard.table.bytes() as u64);
        Stats { hits: shard.hits, entries, bytes, ..shard.stats }
    }

    /// A poisoned lock is taken like any other: no operation panics halfway, and if one did, every
    /// place is checked where it is used.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Finds the entry of a key. One that has expired is removed, and not found.
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
            self.sweep.note(deadline.due());
            self.stats.sets += 1;
            return Progress::Written;
        }
        Progress::Unfinished
    }

    /// Whether an entry can be written now; otherwise something was removed, or made, for it.
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
            // Not in this segment: its entries are not those whose turn it is.
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

    /// Removes some entries: those that expired before any that is live, as far as is known. The
    /// entry that is written to is spared while there is any other, or who adds to a number in a
    /// full cache would push out that very number.
    fn evict(&mut self, spared: Option<Tag>, now: &Now<'_>) {
        if self.sweep.is_late(now) && self.sweep(SWEPT_AT_ONCE, now).expired > 0 {
            return;
        }
        let mut removed = self.turns.evict(&mut self.table, spared, now);
        if removed == Removed::default() {
            removed = self.turns.evict(&mut self.table, None, now);
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
