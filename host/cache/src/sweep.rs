//! The sweep: removes expired entries, even if no operation uses their keys again.
//!
//! The sweep visits the segments in turn, as long as any segment may contain an expired entry. If a
//! segment's `due` rules out expired entries, the visit usually reads one cache line of it.
//! Otherwise it reads the whole segment and the entries that may have expired.

use crate::clock::Now;
use crate::expiry::Due;
use crate::segment::{Segment, Tag};
use crate::table::Table;

/// The position and state of the sweep.
#[derive(Debug)]
pub(crate) struct Sweep {
    next: Tag,
    /// A lower bound for the `due` of every segment.
    due: Due,
    /// A lower bound for the `due` of the segments visited in this round, and of the deadlines
    /// recorded since the round began.
    passed: Due,
}

/// The result of a step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Swept {
    /// The number of expired entries that were removed.
    pub(crate) expired: usize,
    /// True if no entry can have expired, or if a round has ended.
    pub(crate) is_done: bool,
}

impl Sweep {
    pub(crate) const fn new() -> Self {
        Self { next: Tag::FIRST, due: Due::NEVER, passed: Due::NEVER }
    }

    /// Records the new deadline of an entry.
    pub(crate) fn note(&mut self, due: Due) {
        self.due = self.due.min(due);
        self.passed = self.passed.min(due);
    }

    /// Returns true once the tick of the earliest recorded deadline is over, or slightly later.
    pub(crate) fn is_late(&self, now: &Now<'_>) -> bool {
        self.due.is_over(now)
    }

    /// Visits at most `segments` segments, and removes their expired entries.
    pub(crate) fn step(&mut self, table: &mut Table, segments: usize, now: &Now<'_>) -> Swept {
        let mut expired = 0;
        for _ in 0..segments {
            if !self.due.is_near(now) {
                return Swept { expired, is_done: true };
            }
            let at = table.segment_of(self.next);
            expired += table.remove_expired(at, now);
            table.tidy(at);
            // Look the segment up again: `tidy` may have joined it with another.
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
