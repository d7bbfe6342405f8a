//! A small hash table of entries, laid out for the cache lines of a processor.
//!
//! Each slot holds the key's tag, the marks for eviction and the tick of the deadline. Four slots
//! fit into a cache line. So a hit usually touches one or two lines of slots and then the entry. A
//! scan for expired or unused entries reads the slots in order, and rarely reads an entry.

use crate::clock::Now;
use crate::entry::Entry;
use crate::expiry::{Deadline, Due};
use crate::key::Key;

/// The number of slots of a segment: a power of two.
pub(crate) const SLOTS: usize = 64;

/// Number of entries at which a segment is full. Some slots stay free, so that an unsuccessful
/// lookup can stop early: at the first free slot.
pub(crate) const FULL: usize = 58;

/// Two segments are joined only if they have at most this many entries together, so that the result
/// is not soon split again.
const FIT_ONE: usize = SLOTS / 2;

/// Number of evicted keys that a segment remembers, each by its [trace](Tag::trace). The traces and
/// the fields before them fill one cache line.
const REMEMBERED: usize = 28;

/// A key's hash as a table uses it. The three low bits are zero, to make room for the marks of a
/// [`Slot`]; the next bit is `TAKEN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag(u32);

/// A slot of the table, free or with an entry.
///
/// A free slot has tag zero, so that a lookup can compare tags without checking first whether a
/// slot is free. The three low bits of `tag_and_marks` are the marks: two bits count uses, and one
/// bit is set once the entry is kept (see `eviction.rs`).
#[derive(Debug)]
pub(crate) struct Slot {
    entry: Option<Entry>,
    tag_and_marks: u32,
    due: Due,
}

/// The hash table that the module's documentation describes. The slots start at a cache line, and
/// no slot spans two cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Segment {
    len: u16,
    depth: u8,
    next_remembered: u8,
    /// A lower bound for the `due` of every slot.
    due: Due,
    remembered: [u16; REMEMBERED],
    /// Linear probing: an insertion uses the first free slot, starting at the home slot of the key
    /// and wrapping round. There is never a free slot between an entry's home slot and its actual
    /// slot.
    slots: [Slot; SLOTS],
}

const MARKS: u32 = 0b0111;
const USES: u32 = 0b0011;
const KEPT: u32 = 0b0100;

/// Set in every tag, so that no tag is zero: a zero marks a free slot.
const TAKEN: u32 = 0b1000;

impl Tag {
    pub(crate) const FIRST: Self = Self(TAKEN);

    /// Number of significant bits of a tag.
    pub(crate) const BITS: u32 = u32::BITS - (MARKS | TAKEN).count_ones();

    pub(crate) fn of(hash: u32) -> Self {
        Self(hash & !MARKS | TAKEN)
    }

    /// Returns the smallest tag with these highest bits.
    pub(crate) fn from_high(high: usize, bits: u32) -> Self {
        Self(((high as u64) << (u32::BITS - bits)) as u32 | TAKEN)
    }

    /// Returns the tag as a number. [`of`](Self::of) converts the number back.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// Returns the `bits` highest bits of the tag as a number.
    pub(crate) fn high(self, bits: u32) -> usize {
        (u64::from(self.0) >> (u32::BITS - bits)) as usize
    }

    fn home(self) -> usize {
        (self.0 >> (u32::BITS - Self::BITS)) as usize % SLOTS
    }

    /// Returns the bits of the tag that a segment remembers for an evicted key. Never returns zero,
    /// which marks an empty place.
    fn trace(self) -> u16 {
        ((self.0 >> (u32::BITS - Self::BITS)) as u16).max(1)
    }
}

impl Slot {
    const FREE: Self = Self { entry: None, tag_and_marks: 0, due: Due::NEVER };

    pub(crate) fn new(entry: Entry, tag: Tag) -> Self {
        let due = entry.deadline().due();
        Self { entry: Some(entry), tag_and_marks: tag.0, due }
    }

    /// Returns the entry, or `None` if the slot is free.
    pub(crate) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// Returns the bytes that the entry has allocated, or 0 if the slot is free.
    pub(crate) fn bytes(&self) -> usize {
        self.entry().map_or(0, Entry::bytes)
    }

    fn is_taken(&self) -> bool {
        self.tag_and_marks != 0
    }

    pub(crate) fn tag(&self) -> Tag {
        Tag(self.tag_and_marks & !MARKS)
    }

    pub(crate) fn due(&self) -> Due {
        self.due
    }

    /// Returns true if the entry has expired. Does not read the entry if `due` rules this out.
    pub(crate) fn has_expired(&self, now: &Now<'_>) -> bool {
        self.due.is_near(now) && self.entry().is_some_and(|entry| entry.deadline().has_passed(now))
    }

    /// Counts a use of the entry. The count stops at three.
    pub(crate) fn mark(&mut self) {
        if self.tag_and_marks & USES != USES {
            self.tag_and_marks += 1;
        }
    }

    /// Subtracts a use, if there is one.
    pub(crate) fn unmark(&mut self) {
        self.tag_and_marks -= u32::from(self.is_used());
    }

    pub(crate) fn is_used(&self) -> bool {
        self.tag_and_marks & USES != 0
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.tag_and_marks & KEPT != 0
    }

    /// Marks the entry as kept and resets its uses.
    pub(crate) fn keep(&mut self) {
        self.tag_and_marks = self.tag().0 | KEPT;
    }

    /// Returns the marks as a number. `evict_least` prefers entries with low numbers.
    pub(crate) fn worth(&self) -> u32 {
        self.tag_and_marks & MARKS
    }

    /// Replaces the value and deadline of the entry, but not the marks. Returns the entry's bytes
    /// before and after.
    pub(crate) fn write(
        &mut self,
        key: Key<'_>,
        value: &str,
        deadline: Deadline,
    ) -> (usize, usize) {
        let before = self.bytes();
        let replaced = self.entry.as_mut().is_some_and(|entry| entry.replace(value, deadline));
        if !replaced {
            self.entry = Some(Entry::new(key, value, deadline));
        }
        self.due = deadline.due();
        (before, self.bytes())
    }

    /// Sets the deadline of the entry. Does not change its value and marks.
    pub(crate) fn expire(&mut self, deadline: Deadline) {
        if let Some(entry) = self.entry() {
            entry.expire(deadline);
            self.due = deadline.due();
        }
    }

    fn is_of(&self, key: Key<'_>) -> bool {
        self.entry().is_some_and(|entry| entry.key() == key.as_str())
    }
}

impl Segment {
    pub(crate) const fn new(depth: u8) -> Self {
        Self {
            len: 0,
            depth,
            next_remembered: 0,
            due: Due::NEVER,
            remembered: [0; REMEMBERED],
            slots: [const { Slot::FREE }; SLOTS],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.into()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= FULL
    }

    /// Returns the number of high tag bits that select the segment. The tags of all its entries
    /// agree in these bits.
    pub(crate) fn depth(&self) -> u32 {
        self.depth.into()
    }

    pub(crate) fn due(&self) -> Due {
        self.due
    }

    /// Returns the number of the slot that holds a key's entry, or `None` if there is no such
    /// entry.
    pub(crate) fn find(&self, tag: Tag, key: Key<'_>) -> Option<usize> {
        for at in around(tag.home()) {
            let slot = self.slots.get(at)?;
            if slot.tag_and_marks & !MARKS == tag.0 && slot.is_of(key) {
                return Some(at);
            }
            if slot.tag_and_marks == 0 {
                return None;
            }
        }
        None
    }

    pub(crate) fn slot(&self, at: usize) -> Option<&Slot> {
        self.slots.get(at).filter(|slot| slot.is_taken())
    }

    pub(crate) fn slot_mut(&mut self, at: usize) -> Option<&mut Slot> {
        self.slots.get_mut(at).filter(|slot| slot.is_taken())
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.is_taken())
    }

    /// Returns the number of the first taken slot at or after `from` for which `is_it` returns
    /// true.
    pub(crate) fn position(&self, from: usize, is_it: impl Fn(&Slot) -> bool) -> Option<usize> {
        (from..SLOTS).find(|at| self.slot(*at).is_some_and(&is_it))
    }

    /// Inserts a slot whose key is not present. The segment must not be full.
    pub(crate) fn insert(&mut self, slot: Slot) {
        self.soften_due(slot.due);
        let free = around(slot.tag().home()).find(|at| self.slot(*at).is_none());
        if let Some(place) = free.and_then(|at| self.slots.get_mut(at)) {
            *place = slot;
            self.len += 1;
        }
    }

    /// Empties a slot and returns its content. Moves later slots of the probe sequence into the
    /// gap, because a lookup stops at a free slot.
    pub(crate) fn remove(&mut self, at: usize) -> Option<Slot> {
        let removed = std::mem::replace(self.slot_mut(at)?, Slot::FREE);
        self.len -= 1;
        let mut gap = at;
        for behind in around(at).skip(1) {
            let Some(home) = self.slot(behind).map(|slot| slot.tag().home()) else {
                break;
            };
            if distance(home, behind) >= distance(gap, behind) {
                self.slots.swap(gap, behind);
                gap = behind;
            }
        }
        Some(removed)
    }

    /// Lowers the segment's `due` to the `due` of a written slot, if the slot's is earlier.
    pub(crate) fn soften_due(&mut self, due: Due) {
        self.due = self.due.min(due);
    }

    /// Recomputes the segment's `due` from its slots: removals and later deadlines may have made it
    /// too low.
    pub(crate) fn find_due(&mut self) {
        self.due = self.slots().map(Slot::due).min().unwrap_or(Due::NEVER);
    }

    /// Remembers an evicted key. The places are used in turn.
    pub(crate) fn remember(&mut self, tag: Tag) {
        self.remember_trace(tag.trace());
    }

    fn remember_trace(&mut self, trace: u16) {
        if let Some(place) = self.remembered.get_mut(usize::from(self.next_remembered)) {
            *place = trace;
        }
        self.next_remembered = (self.next_remembered + 1) % REMEMBERED as u8;
    }

    /// Returns true if a place remembers the key, and empties this place. In rare cases, the place
    /// remembers another key with the same trace.
    pub(crate) fn recall(&mut self, tag: Tag) -> bool {
        let trace = tag.trace();
        let found = self.remembered.iter_mut().find(|place| **place == trace);
        found.map(|place| *place = 0).is_some()
    }

    /// Splits the segment: moves the slots whose tags have a one in the next bit into the returned
    /// segment.
    pub(crate) fn split(&mut self) -> Box<Self> {
        self.depth += 1;
        let mut half = Box::new(Self::new(self.depth));
        half.remembered = self.remembered;
        half.next_remembered = self.next_remembered;
        let depth = self.depth();
        for slot in std::mem::replace(&mut self.slots, [const { Slot::FREE }; SLOTS])
            .into_iter()
            .filter(Slot::is_taken)
        {
            self.len -= 1;
            let side = if slot.tag().high(depth) % 2 == 0 { &mut *self } else { &mut half };
            side.insert(slot);
        }
        self.find_due();
        half
    }

    /// Returns true if the segments have the same depth, and one could hold the entries of both and
    /// stay far from full.
    pub(crate) fn fits(&self, other: &Self) -> bool {
        self.depth == other.depth && self.len() + other.len() <= FIT_ONE
    }

    /// Reverses [`split`](Self::split): takes all slots of `half`, and the traces in every second
    /// place of `half`.
    pub(crate) fn join(&mut self, half: Self) {
        self.depth -= 1;
        for trace in half.remembered.into_iter().step_by(2).filter(|trace| *trace != 0) {
            self.remember_trace(trace);
        }
        half.slots.into_iter().filter(Slot::is_taken).for_each(|slot| self.insert(slot));
    }
}

/// Returns all slot numbers, beginning with `at` and wrapping round.
fn around(at: usize) -> impl Iterator<Item = usize> {
    (at..at + SLOTS).map(|at| at % SLOTS)
}

/// Returns the number of steps from one slot to another, wrapping round.
fn distance(from: usize, to: usize) -> usize {
    (to + SLOTS - from) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use proptest::prelude::*;

    fn slot(tag: u32, key: &str) -> Slot {
        let never = Deadline::from_now(None, &Now::of(&Clock::mock().0));
        Slot::new(Entry::new(Key::new(key).unwrap(), "1", never), Tag::of(tag))
    }

    #[test]
    fn a_segment_is_whole_lines_of_memory_and_no_slot_lies_in_two() {
        assert_eq!((size_of::<Slot>(), size_of::<Segment>()), (16, 64 + SLOTS * 16));
        assert_eq!((std::mem::offset_of!(Segment, slots), align_of::<Segment>()), (64, 64));
    }

    #[test]
    fn a_split_and_a_join_keep_the_traces_of_evicted_keys() {
        let tag = |number: usize| Tag::of((number as u32 + 1) << 4);
        let mut segment = Segment::new(0);
        (0..REMEMBERED + 2).for_each(|number| segment.remember(tag(number)));
        let mut half = segment.split();
        half.remember(tag(REMEMBERED + 2));
        assert!(!half.recall(tag(2)), "the oldest trace is the first to be replaced");
        assert!(half.recall(tag(REMEMBERED)) && half.recall(tag(3)));
        segment.join(Segment::new(1));
        assert!((2..REMEMBERED + 2).all(|number| segment.recall(tag(number))));
    }

    #[test]
    fn marks_are_counted_up_to_three_and_are_no_part_of_the_tag() {
        let mut slot = slot(u32::MAX, "k");
        (0..5).for_each(|_| slot.mark());
        assert_eq!((slot.worth(), slot.is_used(), slot.is_kept()), (3, true, false));
        (0..5).for_each(|_| slot.unmark());
        assert_eq!((slot.worth(), slot.is_used()), (0, false));
        slot.mark();
        slot.keep();
        assert_eq!((slot.worth(), slot.is_used(), slot.is_kept()), (4, false, true));
        assert_eq!(slot.tag(), Tag::of(u32::MAX));
    }

    #[test]
    fn a_remembered_key_is_recalled_once_and_for_a_while() {
        let mut segment = Segment::new(0);
        let tags: Vec<_> = (1..=40).map(|number| Tag::of(number << 8)).collect();
        tags.iter().for_each(|tag| segment.remember(*tag));
        assert!(!segment.recall(tags[11]), "it remembers no more than 28");
        assert!(segment.recall(tags[12]) && !segment.recall(tags[12]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_segment_finds_what_a_list_holds(
            steps in prop::collection::vec((any::<bool>(), 0..90_u32), 1..300),
            // One home slot for all keys, the last home slots (where probing wraps round), or any.
            homes in prop_oneof![Just(0_u32..1), Just(60..64), Just(0..64)],
        ) {
            let (mut segment, mut held) = (Segment::new(0), Vec::<u32>::new());
            for (add, number) in steps {
                let home = homes.start + number % (homes.end - homes.start);
                let (tag, key) = (home << 4 | (number % 3) << 20, number.to_string());
                let found = segment.find(Tag::of(tag), Key::new(&key).unwrap());
                prop_assert_eq!(found.is_some(), held.contains(&number));
                match found {
                    None if add && held.len() < FULL => {
                        segment.insert(slot(tag, &key));
                        held.push(number);
                    }
                    Some(at) if !add => {
                        let removed = segment.remove(at).unwrap();
                        prop_assert_eq!(removed.entry().unwrap().key(), key);
                        held.retain(|held| *held != number);
                    }
                    _ => (),
                }
                prop_assert_eq!((segment.len(), segment.slots().count()), (held.len(), held.len()));
            }
        }
    }
}
