//! Walks through all entries of a cache, one page at a time.

use crate::error::{Error, excerpt};
use crate::limits::MAX_PAGE_ENTRIES;
use crate::segment::{SLOTS, Tag};

/// The cost of visiting a segment, in addition to its entries: as much as scanning this many
/// entries. Because of this cost, a page ends early in a cache with many segments and few entries.
const SEGMENT_COST: usize = 8;

/// The position of a walk, and how many entries it may still scan in this page.
///
/// A walk visits the shards in order, and the entries of each shard by tag. The tag of an entry
/// never changes, and segments are ordered by their tags. So a walk misses no entry when segments
/// split or join between two pages.
#[derive(Debug)]
pub(crate) struct Walk {
    shard: usize,
    /// The lowest tag of the shard that has not been visited yet.
    from: Tag,
    left: usize,
}

impl Walk {
    /// Starts a page of a walk through `shards` shards. Without a cursor, this is the first page.
    /// With a cursor, it is the page after the page that returned the cursor.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`].
    pub(crate) fn new(cursor: Option<&str>, shards: usize) -> Result<Self, Error> {
        let Some(cursor) = cursor else {
            return Ok(Self { shard: 0, from: Tag::FIRST, left: MAX_PAGE_ENTRIES });
        };
        // Accept only the exact text that `cursor` returns: other spellings parse to the same
        // numbers.
        Self::parse(cursor)
            .filter(|walk| walk.shard < shards && walk.cursor() == cursor)
            .ok_or_else(|| Error::InvalidCursor { cursor: excerpt(cursor) })
    }

    fn parse(cursor: &str) -> Option<Self> {
        let (shard, from) = cursor.split_once('-')?;
        let from = Tag::of(u32::from_str_radix(from, 16).ok()?);
        Some(Self { shard: shard.parse().ok()?, from, left: MAX_PAGE_ENTRIES })
    }

    /// Returns the cursor for the next page.
    pub(crate) fn cursor(&self) -> String {
        format!("{}-{:08x}", self.shard, self.from.number())
    }

    /// Returns the number of the shard to visit next.
    pub(crate) fn shard(&self) -> usize {
        self.shard
    }

    /// Returns the lowest tag that the walk has not visited yet.
    pub(crate) fn from(&self) -> Tag {
        self.from
    }

    /// Returns true if another segment, even a full one, fits into the page.
    pub(crate) fn goes_on(&self) -> bool {
        self.left >= SLOTS + SEGMENT_COST
    }

    /// Records that a segment with `entries` entries was visited. `next` is the first tag of the
    /// next segment. Returns true if the visited segment was the last of the shard.
    pub(crate) fn pass(&mut self, entries: usize, next: Tag) -> bool {
        self.left = self.left.saturating_sub(entries + SEGMENT_COST);
        self.from = next;
        let is_end = next == Tag::FIRST;
        if is_end {
            self.shard += 1;
        }
        is_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_place_that_printed_it() {
        let mut walk = Walk::new(None, 3).unwrap();
        assert_eq!((walk.shard(), walk.from()), (0, Tag::FIRST));
        let tag = Tag::of(0xFEDC_BA98);
        assert!(!walk.pass(1, tag));
        let next = Walk::new(Some(&walk.cursor()), 3).unwrap();
        assert_eq!((next.shard(), next.from()), (0, tag));
        assert!(walk.pass(1, Tag::FIRST));
        let next = Walk::new(Some(&walk.cursor()), 3).unwrap();
        assert_eq!((next.shard(), next.from()), (1, Tag::FIRST));
    }

    #[test]
    fn a_text_that_no_walk_prints_is_an_invalid_cursor() {
        assert_eq!(Walk::new(None, 3).unwrap().cursor(), "0-00000008");
        let texts = [
            "",
            "0",
            "-",
            "0-",
            "-00000008",
            "0-8",
            "0-000000008",
            "0-00000000",
            "0-00000009",
            "0-fffffff0",
            "0-FFFFFFF8",
            "0-+0000008",
            "+0-00000008",
            "00-00000008",
            "3-00000008",
            "0-00000008 ",
            "18446744073709551616-00000008",
            "0-00000008-0",
            "\u{661}-00000008",
            "nonsense",
        ];
        for text in texts {
            let cursor = format!("{text:?}");
            let refused = Walk::new(Some(text), 3).map(|_| ());
            assert_eq!(refused, Err(Error::InvalidCursor { cursor }), "{text:?}");
        }
        assert!(Walk::new(Some("2-fffffff8"), 3).is_ok());
    }

    #[test]
    fn a_page_ends_before_it_could_have_too_many_entries_and_after_many_empty_segments() {
        for (entries, segments) in [(58, 15), (0, 117)] {
            let mut walk = Walk::new(None, 1).unwrap();
            let mut passed = 0;
            while walk.goes_on() {
                walk.pass(entries, Tag::of(u32::MAX));
                passed += 1;
            }
            assert_eq!(passed, segments, "segments of {entries} entries");
            assert!(passed * entries <= MAX_PAGE_ENTRIES);
        }
    }
}
