//! The entries of a shard and their size: a directory of segments, with running totals.

use std::sync::Arc;

use crate::budget::{BudgetCharge, BudgetPart};
use crate::clock::Now;
use crate::directory::Directory;
use crate::entry::{self, Entry};
use crate::expiry::Deadline;
use crate::key::Key;
use crate::limits::{CHUNK, CHUNKS_IN_SHARD};
use crate::segment::{Segment, Slot, Tag};

/// A segment with fewer entries than this may be joined with its sibling.
const SPARSE: usize = 16;

/// The limits of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// The maximum bytes, including those of the table's owner.
    pub(crate) bytes: usize,
    /// The maximum number of entries.
    pub(crate) entries: usize,
}

/// A map from keys to entries. It grows by splitting a segment, and shrinks by joining segments.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table {
    directory: Directory,
    room: Room,
    /// Bytes of the table's owner (the shard).
    owner: usize,
    sums: Sums,
    /// The last field, so that the entries are freed before their bytes return to the budget. The
    /// charge is at least the bytes of the table and its owner, and at most `room.bytes`.
    charge: BudgetCharge,
}

#[derive(Debug, Default)]
struct Sums {
    entries: usize,
    /// Number of entries that are new, not kept (see `eviction.rs`).
    new: usize,
    /// Bytes that the entries have allocated.
    texts: usize,
}

/// The position of an entry, valid until the next insertion, removal, split or [`Table::tidy`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    segment: usize,
    slot: usize,
}

/// The result of adding slots to a full segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slots {
    /// The segment was split.
    Added,
    /// The segment can be split once there is room.
    NoRoom,
    /// The segment cannot be split.
    Never,
}

impl Place {
    /// Returns the number of the next slot in the same segment.
    pub(crate) fn next_slot(self) -> usize {
        self.slot + 1
    }
}

impl Table {
    /// Creates an empty table whose owner takes `owner` bytes. Charges the bytes of both to
    /// `memory`. Nothing more is charged until the first insertion.
    pub(crate) fn new(room: Room, owner: usize, memory: &Arc<BudgetPart>) -> Self {
        let directory = Directory::new();
        let mut charge = BudgetCharge::new(memory);
        charge.force(owner + directory.bytes());
        Self { directory, room, owner, sums: Sums::default(), charge }
    }

    /// Returns the bytes of an empty table.
    pub(crate) fn empty_bytes() -> usize {
        Directory::least_bytes()
    }

    /// Returns the bytes of a table with one entry, whose key and value have these lengths.
    pub(crate) fn least_bytes(key: usize, value: usize) -> usize {
        Directory::least_bytes() + entry::bytes(key, value)
    }

    /// Returns an empty table with the same limits and budget.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.room, self.owner, self.charge.part())
    }

    pub(crate) fn len(&self) -> usize {
        self.sums.entries
    }

    pub(crate) fn segments(&self) -> usize {
        self.directory.segments().count()
    }

    /// Returns the number of entries that are new, not kept (see `eviction.rs`).
    pub(crate) fn new_entries(&self) -> usize {
        self.sums.new
    }

    /// Returns the current bytes of the table and its owner.
    pub(crate) fn bytes(&self) -> usize {
        self.owner + self.directory.bytes() + self.sums.texts
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.directory.segments().flat_map(Segment::slots)
    }

    pub(crate) fn find(&self, tag: Tag, key: Key<'_>) -> Option<Place> {
        let segment = self.directory.find(tag);
        let slot = self.directory.get(segment)?.find(tag, key)?;
        Some(Place { segment, slot })
    }

    pub(crate) fn find_mut(&mut self, tag: Tag, key: Key<'_>) -> Option<&mut Slot> {
        let segment = self.directory.find(tag);
        let segment = self.directory.get_mut(segment)?;
        let slot = segment.find(tag, key)?;
        segment.slot_mut(slot)
    }

    pub(crate) fn slot(&self, place: Place) -> Option<&Slot> {
        self.directory.get(place.segment)?.slot(place.slot)
    }

    pub(crate) fn slot_mut(&mut self, place: Place) -> Option<&mut Slot> {
        self.directory.get_mut(place.segment)?.slot_mut(place.slot)
    }

    /// Returns true if an entry of `bytes` bytes fits beside the existing ones; `added` is true for
    /// an additional entry and false for a replacement. Charges the bytes to the budget. Even if
    /// the budget is exhausted, the table may grow to one chunk, or to any size that the new entry
    /// needs if there is no other entry.
    pub(crate) fn has_room(&mut self, bytes: usize, added: bool) -> bool {
        if added && self.sums.entries >= self.room.entries {
            return false;
        }
        let needed = self.bytes() + bytes;
        if self.takes(needed) {
            return true;
        }
        let others = self.sums.entries - usize::from(!added);
        let least = if others == 0 { needed.max(self.chunk()) } else { self.chunk() };
        self.charge.force(least.min(self.room.bytes).saturating_sub(self.charge.bytes()));
        needed <= self.charge.bytes()
    }

    /// Returns true if the table and its owner may grow to `bytes` in total. Rounds the charge up
    /// to whole chunks, at most to `room.bytes`: most writes then do not touch the shared budget.
    fn takes(&mut self, bytes: usize) -> bool {
        let taken = self.charge.bytes();
        if bytes <= taken {
            return true;
        }
        let all = bytes.next_multiple_of(self.chunk()).min(self.room.bytes);
        bytes <= all && self.charge.grow(all - taken)
    }

    /// Releases unused bytes if they amount to two chunks or more. Keeps one chunk for the next
    /// entries.
    pub(crate) fn give_back(&mut self) {
        if self.charge.bytes().saturating_sub(self.bytes()) >= 2 * self.chunk() {
            self.charge.shrink_to(self.bytes() + self.chunk());
        }
    }

    /// Releases all unused bytes if there are no entries.
    pub(crate) fn give_back_if_empty(&mut self) {
        if self.sums.entries == 0 {
            self.charge.shrink_to(self.bytes());
        }
    }

    fn chunk(&self) -> usize {
        CHUNK.min(self.room.bytes / CHUNKS_IN_SHARD)
    }

    /// Splits a tag's full segment, if there is room for the split and for an entry of `bytes`
    /// bytes.
    pub(crate) fn add_slots(&mut self, tag: Tag, bytes: usize) -> Slots {
        let at = self.directory.find(tag);
        match self.directory.split_bytes(at) {
            None => Slots::Never,
            Some(more) if !self.takes(self.bytes() + bytes + more) => Slots::NoRoom,
            Some(_) => {
                self.directory.split(at);
                Slots::Added
            }
        }
    }

    /// Inserts an entry whose key is not present. The caller has checked that there is room and a
    /// slot.
    pub(crate) fn insert(&mut self, tag: Tag, key: Key<'_>, value: &str, deadline: Deadline) {
        let at = self.directory.find(tag);
        let Some(segment) = self.directory.get_mut(at) else {
            return;
        };
        let mut slot = Slot::new(Entry::new(key, value, deadline), tag);
        self.sums.entries += 1;
        self.sums.texts += slot.bytes();
        if segment.recall(tag) {
            slot.keep();
        } else {
            self.sums.new += 1;
        }
        segment.insert(slot);
    }

    /// Replaces the value and deadline of an entry, which keeps its marks.
    pub(crate) fn replace(&mut self, place: Place, key: Key<'_>, value: &str, deadline: Deadline) {
        let Some(segment) = self.directory.get_mut(place.segment) else {
            return;
        };
        segment.soften_due(deadline.due());
        if let Some(slot) = segment.slot_mut(place.slot) {
            let (before, after) = slot.write(key, value, deadline);
            self.sums.texts = self.sums.texts - before + after;
        }
    }

    /// Sets the deadline of an entry.
    pub(crate) fn expire(&mut self, place: Place, deadline: Deadline) {
        let Some(segment) = self.directory.get_mut(place.segment) else {
            return;
        };
        segment.soften_due(deadline.due());
        if let Some(slot) = segment.slot_mut(place.slot) {
            slot.expire(deadline);
        }
    }

    /// Removes an entry, which may move other entries of its segment into the gap. Returns true if
    /// the segment was also joined with its sibling, which moves entries to another segment.
    pub(crate) fn remove(&mut self, place: Place) -> bool {
        let segment = self.directory.get_mut(place.segment);
        let Some(removed) = segment.and_then(|segment| segment.remove(place.slot)) else {
            return false;
        };
        self.sums.take_off(&removed);
        self.tidy(place.segment)
    }

    /// Returns the position of a tag's segment, valid until the next removal, split or
    /// [`tidy`](Self::tidy).
    pub(crate) fn segment_of(&self, tag: Tag) -> usize {
        self.directory.find(tag)
    }

    pub(crate) fn segment(&self, at: usize) -> Option<&Segment> {
        self.directory.get(at)
    }

    /// Returns the first tag of the next segment, wrapping round after the last.
    pub(crate) fn after(&self, at: usize) -> Tag {
        self.directory.after(at)
    }

    /// Returns the position of the first entry of a segment, at slot `from` or later, for which
    /// `is_it` returns true.
    pub(crate) fn position(
        &self,
        segment: usize,
        from: usize,
        is_it: impl Fn(&Slot) -> bool,
    ) -> Option<Place> {
        let slot = self.directory.get(segment)?.position(from, is_it)?;
        Some(Place { segment, slot })
    }

    /// Spares an entry that was used: promotes a new entry to kept, or subtracts a use from a kept
    /// entry. Returns false if the entry was not used.
    pub(crate) fn pass(&mut self, place: Place) -> bool {
        let Some(slot) = self.slot_mut(place).filter(|slot| slot.is_used()) else {
            return false;
        };
        if slot.is_kept() {
            slot.unmark();
        } else {
            slot.keep();
            self.sums.new -= 1;
        }
        true
    }

    /// Remembers the key of the entry if the entry is new. Then removes the entry, as
    /// [`Table::remove`] does.
    pub(crate) fn evict(&mut self, place: Place) -> bool {
        let tag = self.slot(place).filter(|slot| !slot.is_kept()).map(Slot::tag);
        if let (Some(tag), Some(segment)) = (tag, self.directory.get_mut(place.segment)) {
            segment.remember(tag);
        }
        self.remove(place)
    }

    /// Removes the expired entries of a segment and returns how many there were.
    pub(crate) fn remove_expired(&mut self, at: usize, now: &Now<'_>) -> usize {
        if !self.segment(at).is_some_and(|segment| segment.due().is_near(now)) {
            return 0;
        }
        self.remove_all(at, |slot| slot.has_expired(now))
    }

    /// Removes the entries of a segment for which `is_meant` returns true, and returns how many
    /// there were.
    pub(crate) fn remove_all(&mut self, at: usize, is_meant: impl Fn(&Slot) -> bool) -> usize {
        let before = self.sums.entries;
        let Some(segment) = self.directory.get_mut(at) else {
            return 0;
        };
        let mut from = 0;
        while let Some(slot) = segment.position(from, &is_meant) {
            if let Some(removed) = segment.remove(slot) {
                self.sums.take_off(&removed);
            }
            from = slot;
        }
        segment.find_due();
        before - self.sums.entries
    }

    /// Frees memory of a sparse segment: joins it with its sibling if they have few entries
    /// together, then shrinks the directory. Returns true if segments were joined.
    pub(crate) fn tidy(&mut self, at: usize) -> bool {
        let is_sparse = |segment: &Segment| segment.len() < SPARSE;
        if !self.directory.get(at).is_some_and(is_sparse) {
            return false;
        }
        let joined = self.directory.join(at);
        self.directory.shrink(self.room.bytes.saturating_sub(self.bytes()));
        joined
    }
}

impl Sums {
    fn take_off(&mut self, removed: &Slot) {
        self.entries -= 1;
        self.new -= usize::from(!removed.is_kept());
        self.texts -= removed.bytes();
    }
}
