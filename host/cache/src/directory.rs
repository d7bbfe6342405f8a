//! Maps a tag to the segment of its key (extendible hashing).
//!
//! The directory has one place for each value of a tag's highest `bits` bits. A segment whose tags
//! share fewer bits owns several adjacent places: the first place holds the segment, and the others
//! are empty. A full segment is split without changing the other segments, so no caller waits until
//! a whole table is copied, and no second copy takes memory. Two sibling segments with few entries
//! are joined.

use crate::limits::MAX_DIRECTORY_BITS;
use crate::segment::{Segment, Tag};

const _: () = assert!(MAX_DIRECTORY_BITS < Tag::BITS);

/// Bytes of one place.
const PLACE: usize = size_of::<Option<Box<Segment>>>();

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Directory {
    places: Vec<Option<Box<Segment>>>,
    bits: u32,
    segments: usize,
    /// Number of segments that own a single place. If no segment does, half of the places would
    /// suffice.
    deepest: usize,
}

impl Directory {
    /// Creates a directory with one segment for all tags.
    pub(crate) fn new() -> Self {
        Self { places: vec![Some(Box::new(Segment::new(0)))], bits: 0, segments: 1, deepest: 1 }
    }

    /// Returns the place of a tag's segment.
    pub(crate) fn find(&self, tag: Tag) -> usize {
        let mut at = tag.high(self.bits);
        // If a segment owns 2^n places, the number of its first place ends with n zero bits: clear
        // the lowest set bit until a place with a segment is found.
        while at != 0 && self.get(at).is_none() {
            at &= at - 1;
        }
        at
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Segment> {
        self.places.get(at)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Segment> {
        self.places.get_mut(at)?.as_deref_mut()
    }

    /// Returns the first tag of the segment after the segment at `at`. After the last segment comes
    /// the first.
    pub(crate) fn after(&self, at: usize) -> Tag {
        let next = at + self.get(at).map_or(1, |segment| self.width(segment));
        if next < self.places.len() { Tag::from_high(next, self.bits) } else { Tag::FIRST }
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.places.iter().flatten().map(|segment| &**segment)
    }

    /// Returns the bytes that the directory and its segments have allocated, without the entries.
    pub(crate) fn bytes(&self) -> usize {
        self.places.len() * PLACE + self.segments * size_of::<Segment>()
    }

    /// Returns the bytes of a new directory.
    pub(crate) const fn least_bytes() -> usize {
        PLACE + size_of::<Segment>()
    }

    /// Returns the maximum number of bytes that splitting a segment adds, temporary bytes included.
    /// Returns `None` if the segment cannot be split.
    pub(crate) fn split_bytes(&self, at: usize) -> Option<usize> {
        let depth = self.get(at)?.depth();
        let wider = if depth == self.bits { 2 * self.places.len() * PLACE } else { 0 };
        (depth < MAX_DIRECTORY_BITS).then_some(size_of::<Segment>() + wider)
    }

    /// Splits a segment in two. Place numbers obtained before become invalid.
    pub(crate) fn split(&mut self, mut at: usize) {
        let Some(depth) = self.get(at).map(Segment::depth) else {
            return;
        };
        if depth == self.bits {
            self.double();
            at *= 2;
        }
        let Some(segment) = self.get_mut(at) else {
            return;
        };
        let half = segment.split();
        let width = self.width(&half);
        if let Some(place) = self.places.get_mut(at + width) {
            *place = Some(half);
            self.segments += 1;
            self.deepest += if width == 1 { 2 } else { 0 };
        }
    }

    /// Joins the segment at a place with its sibling if they have few entries together, and repeats
    /// this with the joined segment. Returns true if any segments were joined.
    pub(crate) fn join(&mut self, mut at: usize) -> bool {
        let before = self.segments;
        while let Some((low, high)) = self.halves(at) {
            let Some(half) = self.places.get_mut(high).and_then(Option::take) else {
                break;
            };
            self.segments -= 1;
            self.deepest -= if high - low == 1 { 2 } else { 0 };
            if let Some(segment) = self.get_mut(low) {
                segment.join(*half);
            }
            at = low;
        }
        self.segments < before
    }

    /// Halves the list of places, repeatedly, as long as every segment owns at least two places.
    /// Each new list is allocated before the old one is freed, so it must fit into `room` bytes.
    pub(crate) fn shrink(&mut self, room: usize) {
        while self.deepest == 0 && self.bits > 0 && self.places.len() / 2 * PLACE <= room {
            let mut half = Vec::with_capacity(self.places.len() / 2);
            half.extend(self.places.drain(..).step_by(2));
            self.places = half;
            self.bits -= 1;
            self.deepest = self.count_deepest();
        }
    }

    /// Returns the places of a segment and its sibling, in order. Returns `None` if the two cannot
    /// be joined.
    fn halves(&self, at: usize) -> Option<(usize, usize)> {
        let segment = self.get(at)?;
        let width = self.width(segment);
        let (low, high) = (at & !width, at | width);
        let fit = segment.depth() > 0 && self.get(low)?.fits(self.get(high)?);
        fit.then_some((low, high))
    }

    /// Returns how many places a segment owns.
    fn width(&self, segment: &Segment) -> usize {
        1 << (self.bits - segment.depth())
    }

    /// Doubles the number of places.
    fn double(&mut self) {
        let mut twice = Vec::with_capacity(2 * self.places.len());
        twice.extend(self.places.drain(..).flat_map(|place| [place, None]));
        self.places = twice;
        self.bits += 1;
        self.deepest = 0;
    }

    fn count_deepest(&self) -> usize {
        match self.bits {
            0 => 1,
            // A segment at an odd place owns only that place, and its sibling also owns a single
            // place.
            _ => 2 * self.places.iter().skip(1).step_by(2).flatten().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Now};
    use crate::entry::Entry;
    use crate::expiry::Deadline;
    use crate::key::Key;
    use crate::segment::Slot;

    /// Derives a tag and a key from a number. The tags of consecutive numbers differ in their high
    /// bits.
    fn tag(number: u32) -> (Tag, String) {
        (Tag::of(number.wrapping_mul(0x9E37_79B1)), number.to_string())
    }

    fn add(directory: &mut Directory, number: u32) {
        let (tag, key) = tag(number);
        while directory.get(directory.find(tag)).is_some_and(Segment::is_full) {
            let bytes = directory.bytes();
            let most = directory.split_bytes(directory.find(tag)).unwrap();
            directory.split(directory.find(tag));
            assert!(directory.bytes() <= bytes + most);
        }
        let never = Deadline::from_now(None, &Now::of(&Clock::mock().0));
        let entry = Entry::new(Key::new(&key).unwrap(), "1", never);
        let at = directory.find(tag);
        directory.get_mut(at).unwrap().insert(Slot::new(entry, tag));
    }

    fn slot(directory: &Directory, number: u32) -> Option<(usize, usize)> {
        let (tag, key) = tag(number);
        let at = directory.find(tag);
        Some((at, directory.get(at)?.find(tag, Key::new(&key).unwrap())?))
    }

    /// Asserts that a round by `after` visits every segment once, and that `segments` and `deepest`
    /// are correct.
    fn check(directory: &Directory) {
        let (mut tag, mut met) = (Tag::FIRST, 0);
        loop {
            met += 1;
            tag = directory.after(directory.find(tag));
            if tag == Tag::FIRST {
                break;
            }
        }
        assert_eq!((met, directory.segments().count()), (directory.segments, directory.segments));
        let deepest = directory.segments().filter(|s| s.depth() == directory.bits).count();
        assert_eq!((directory.deepest, directory.places.len()), (deepest, 1 << directory.bits));
    }

    #[test]
    fn entries_are_found_while_segments_split_and_join() {
        let mut directory = Directory::new();
        let least = directory.bytes();
        for number in 0..3000 {
            add(&mut directory, number);
            if number % 100 == 0 {
                check(&directory);
                assert!((0..=number).all(|number| slot(&directory, number).is_some()));
            }
        }
        assert!(directory.segments > 3000 / 58 && directory.bytes() < 3000 * 40);
        for number in 0..3000 {
            let (at, slot_at) = slot(&directory, number).unwrap();
            directory.get_mut(at).unwrap().remove(slot_at);
            directory.join(at);
            directory.shrink(usize::MAX);
            if number % 100 == 0 {
                check(&directory);
                assert!((0..=number).all(|number| slot(&directory, number).is_none()));
                assert!((number + 1..3000).all(|number| slot(&directory, number).is_some()));
            }
        }
        check(&directory);
        assert_eq!((directory.segments, directory.bytes()), (1, least));
    }
}
