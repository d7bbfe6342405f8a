//! The search for entries that have expired and that nobody reads.
//!
//! It goes through the segments in turn, and only while one may be due. A segment that is not costs
//! it one line of memory, and one that is, its own lines and the entries that are removed.

use crate::clock::Now;
use crate::expiry::Due;
use crate::segment::{Segment, Tag};
use crate::table::Table;

/// Where the search is, and what it has seen.
#[derive(Debug)]
pub(crate) struct Sweep {
    next: Tag,
    /// At or before what any segment is due.
    due: Due,
    /// The same, of those that this round has passed and of what was added since it began.
    passed: Due,
}

/// What a step of the search did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Entries that had expired, and are removed.
    pub(crate) expired: usize,
    /// Whether nothing is due, or a round has ended.
    pub(crate) is_done: bool,
}

impl Sweep {
    pub(crate) const fn new() -> Self {
        Self { next: Tag::FIRST, due: Due::NEVER, passed: Due::NEVER }
    }

    /// Takes note of an entry that is set.
    pub(crate) fn note(&mut self, due: Due) {
        self.due = self.due.min(due);
        self.passed = self.passed.min(due);
    }

    /// Whether entries have expired for sure, some time ago.
    pub(crate) fn is_late(&self, now: &Now<'_>) -> bool {
        self.due.is_over(now)
    }

    /// Looks at so many segments at most.
    pub(crate) fn step(&mut self, table: &mut Table, segments: usize, now: &Now<'_>) -> Swept {
        let mut expired = 0;
        for _ in 0..segments {
            if !self.due.is_near(now) {
                return Swept { expired, is_done: true };
            }
            let at = table.segment_of(self.next);
            expired += table.remove_expired(at, now);
            table.tidy(at);
            let at = table.segment_of(self.next);
            let due = table.segment(at).map_or(Due::NEVER, Segment::due);
            self.passed = self.passed.min(due);
            self.next = table.after(at);
            if self.next == Tag::FIRST {
                self.due = std::mem::replace(&mut self.passed, Due::NEVER);
                return Swept { expired, is_done: true };
            }
        }
        Swept { expired, is_done: false }
    }
}
