//! Walks over a shard's entries in short steps, releasing the lock between them.

use super::{Entries, SWEPT_AT_ONCE, Shard};
use crate::clock::{Clock, Now};
use crate::entry::Entry;
use crate::segment::{Segment, Slot, Tag};
use crate::table::Table;
use crate::walk::Walk;

impl Shard {
    /// Runs the next step of a walk under the lock. Returns the visited keys that begin with
    /// `prefix` and have a live entry.
    pub(crate) fn keys(&self, prefix: &str, walk: &mut Walk, clock: &Clock) -> Vec<String> {
        let mut keys = Vec::new();
        self.lock().walk(walk, &Now::of(clock), |table, at, from| {
            let slots = table.segment(at).into_iter().flat_map(Segment::slots);
            let entries = slots.filter(|slot| slot.tag() >= from).filter_map(Slot::entry);
            let found = entries.map(Entry::key).filter(|key| key.starts_with(prefix));
            keys.extend(found.map(str::to_owned));
        });
        keys
    }

    /// Runs the next step of a walk under the lock. Removes the visited live entries whose keys
    /// begin with `prefix`, and returns how many there were. Ends the leases of all keys of the
    /// shard that begin with `prefix`.
    pub(crate) fn delete_prefix(&self, prefix: &str, walk: &mut Walk, clock: &Clock) -> usize {
        let mut removed = 0;
        let mut shard = self.lock();
        shard.walk(walk, &Now::of(clock), |table, at, from| {
            removed += table.remove_all(at, |slot| {
                let is_meant = |entry: &Entry| entry.key().starts_with(prefix);
                slot.tag() >= from && slot.entry().is_some_and(is_meant)
            });
        });
        shard.table.give_back();
        shard.stats.deletes += removed as u64;
        let ended = shard.leases.end_all(prefix);
        drop(shard);
        drop(ended);
        removed
    }
}

impl Entries {
    /// For each of the next segments of a walk, removes the expired entries, then passes the
    /// segment and the lowest tag not visited yet to `see`.
    fn walk(
        &mut self,
        walk: &mut Walk,
        now: &Now<'_>,
        mut see: impl FnMut(&mut Table, usize, Tag),
    ) {
        for _ in 0..SWEPT_AT_ONCE {
            if !walk.goes_on() {
                return;
            }
            let at = self.table.segment_of(walk.from());
            // Read both values first: removals change the number of entries, and `tidy` may join
            // segments.
            let entries = self.table.segment(at).map_or(0, Segment::len);
            let next = self.table.after(at);
            self.remove_expired(at, now);
            see(&mut self.table, at, walk.from());
            self.table.tidy(at);
            if walk.pass(entries, next) {
                return;
            }
        }
    }
}
