//! The entries of a shard and what they take: a directory of segments, and the sums over it.

use std::sync::Arc;

use crate::budget::{BudgetCharge, BudgetPart};
use crate::clock::Now;
use crate::directory::Directory;
use crate::entry::{self, Entry};
use crate::expiry::Deadline;
use crate::key::Key;
use crate::limits::{CHUNK, CHUNKS_IN_SHARD};
use crate::segment::{Segment, Slot, Tag};

/// Entries below which it is worth looking whether a segment could join its other half.
const SPARSE: usize = 16;

/// The most that a table may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Bytes, those of whoever owns the table included.
    pub(crate) bytes: usize,
    /// Entries.
    pub(crate) entries: usize,
}

/// Entries by their keys. It grows and shrinks a segment at a time.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table {
    directory: Directory,
    room: Room,
    /// Bytes of the table's owner.
    owner: usize,
    sums: Sums,
    /// Behind what it pays for, so that bytes are given back when they are free. Never less than
    /// the bytes of table and owner, and never more than the room.
    charge: BudgetCharge,
}

#[derive(Debug, Default)]
struct Sums {
    entries: usize,
    /// Entries that were not kept yet.
    new: usize,
    /// Bytes that the entries have allocated.
    texts: usize,
}

/// Where an entry stands, until the next insertion or removal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    segment: usize,
    slot: usize,
}

/// Whether a segment that was full can take more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slots {
    /// It was split.
    Added,
    /// It can be split when there is room.
    NoRoom,
    /// It cannot be split.
    Never,
}

impl Place {
    /// The slot behind it, in the same segment.
    pub(crate) fn next_slot(self) -> usize {
        self.slot + 1
    }
}

impl Table {
    /// An empty table, whose owner takes `owner` bytes. What both take is charged to the part, and
    /// nothing more until an entry is made.
    pub(crate) fn new(room: Room, owner: usize, memory: &Arc<BudgetPart>) -> Self {
        let directory = Directory::new();
        let mut charge = BudgetCharge::new(memory);
        charge.force(owner + directory.bytes());
        Self { directory, room, owner, sums: Sums::default(), charge }
    }

    /// What a table takes that holds nothing.
    pub(crate) fn empty_bytes() -> usize {
        Directory::least_bytes()
    }

    /// What a table takes that holds one entry.
    pub(crate) fn least_bytes(key: usize, value: usize) -> usize {
        Directory::least_bytes() + entry::bytes(key, value)
    }

    /// An empty table with the same room.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.room, self.owner, self.charge.part())
    }

    pub(crate) fn len(&self) -> usize {
        self.sums.entries
    }

    pub(crate) fn segments(&self) -> usize {
        self.directory.segments().count()
    }

    /// How many entries were not kept yet.
    pub(crate) fn new_entries(&self) -> usize {
        self.sums.new
    }

    /// What table and owner take of memory now.
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

    /// Whether an entry of so many bytes can be made beside those that are there, where `added` is
    /// true for one more entry, and false for one that takes the place of another. Takes the bytes
    /// from the budget. Where that has no more, a first chunk is taken all the same, and so is what the
    /// entry needs when there is no other one to evict.
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

    /// Whether table and owner may have so many bytes. Takes them in chunks, so that few writes
    /// take anything.
    fn takes(&mut self, bytes: usize) -> bool {
        let taken = self.charge.bytes();
        if bytes <= taken {
            return true;
        }
        let all = bytes.next_multiple_of(self.chunk()).min(self.room.bytes);
        bytes <= all && self.charge.grow(all - taken)
    }

    /// Gives back what is not used, where that is two chunks or more, and keeps one for the next
    /// entries.
    pub(crate) fn give_back(&mut self) {
        if self.charge.bytes().saturating_sub(self.bytes()) >= 2 * self.chunk() {
            self.charge.shrink_to(self.bytes() + self.chunk());
        }
    }

    /// Gives back all that is not used, where there are no entries.
    pub(crate) fn give_back_if_empty(&mut self) {
        if self.sums.entries == 0 {
            self.charge.shrink_to(self.bytes());
        }
    }

    fn chunk(&self) -> usize {
        CHUNK.min(self.room.bytes / CHUNKS_IN_SHARD)
    }

    /// Makes slots where the segment of a tag has none, if there is room for them beside an entry
    /// of so many bytes.
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

    /// Adds an entry whose key is not there, where there is room and a slot.
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

    /// Puts another value into the entry's place, which keeps its marks.
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

    /// Gives the entry another deadline.
    pub(crate) fn expire(&mut self, place: Place, deadline: Deadline) {
        let Some(segment) = self.directory.get_mut(place.segment) else {
            return;
        };
        segment.soften_due(deadline.due());
        if let Some(slot) = segment.slot_mut(place.slot) {
            slot.expire(deadline);
        }
    }

    /// Removes an entry. Whether those around it stand elsewhere now.
    pub(crate) fn remove(&mut self, place: Place) -> bool {
        let segment = self.directory.get_mut(place.segment);
        let Some(removed) = segment.and_then(|segment| segment.remove(place.slot)) else {
            return false;
        };
        self.sums.take_off(&removed);
        self.tidy(place.segment)
    }

    /// Where the segment of a tag stands, until the next insertion or removal.
    pub(crate) fn segment_of(&self, tag: Tag) -> usize {
        self.directory.find(tag)
    }

    pub(crate) fn segment(&self, at: usize) -> Option<&Segment> {
        self.directory.get(at)
    }

    /// The first tag of the next segment; of the first one, after the last.
    pub(crate) fn after(&self, at: usize) -> Tag {
        self.directory.after(at)
    }

    /// The first entry of a segment, from a slot on, that is wanted.
    pub(crate) fn position(
        &self,
        segment: usize,
        from: usize,
        is_it: impl Fn(&Slot) -> bool,
    ) -> Option<Place> {
        let slot = self.directory.get(segment)?.position(from, is_it)?;
        Some(Place { segment, slot })
    }

    /// Lets an entry stay that was used: a new one is kept, and a kept one has a use less. False when
    /// it was not used.
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

    /// Removes an entry for want of room, and remembers its key if it was new. Whether those around
    /// it stand elsewhere now.
    pub(crate) fn evict(&mut self, place: Place) -> bool {
        let tag = self.slot(place).filter(|slot| !slot.is_kept()).map(Slot::tag);
        if let (Some(tag), Some(segment)) = (tag, self.directory.get_mut(place.segment)) {
            segment.remember(tag);
        }
        self.remove(place)
    }

    /// Removes what has expired in a segment, and says how many entries that were.
    pub(crate) fn remove_expired(&mut self, at: usize, now: &Now<'_>) -> usize {
        if !self.segment(at).is_some_and(|segment| segment.due().is_near(now)) {
            return 0;
        }
        self.remove_all(at, |slot| slot.has_expired(now))
    }

    /// Removes the entries of a segment that are meant, and returns how many there were.
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

    /// Gives back what a nearly empty segment can do without: another such, and then places.
    /// Whether it joined another.
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
