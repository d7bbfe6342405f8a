//! Leases of a shard's keys, under the same lock as the entries.

use std::time::Duration;

use super::{Progress, Shard, Write};
use crate::clock::{Clock, Now};
use crate::key::Key;
use crate::lease::{Found, Holder};
use crate::segment::Tag;

impl Shard {
    /// Returns the value of the live entry, as [`get`](Self::get) does. Grants the holder the lease
    /// of the key if there is no live entry, or if the entry expires within `early`, unless another
    /// holder has the lease.
    pub(crate) fn get_or_lease(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        early: Duration,
        holder: Holder,
    ) -> Found {
        let shard = &mut *self.lock();
        let now = Now::of(clock);
        let place = shard.find_live(Tag::of(hash), key, &now);
        let Some(slot) = place.and_then(|place| shard.table.slot_mut(place)) else {
            shard.stats.misses += 1;
            return match shard.leases.begin(key.as_str(), holder, None) {
                Ok(()) => Found::Compute,
                Err(end) => Found::Held(end),
            };
        };
        slot.mark();
        shard.hits += 1;
        // Unreachable: the entry was found under the same lock.
        let Some(entry) = slot.entry() else { return Found::Compute };
        let is_near = entry.deadline().remaining(&now).is_some_and(|left| left < early);
        if is_near && shard.leases.begin(key.as_str(), holder, Some(entry)).is_ok() {
            return Found::Refresh(entry.share());
        }
        Found::Value(entry.share())
    }

    /// Writes the value if the holder's lease is valid. In any case, ends the holder's lease.
    /// Returns true if the value was written.
    pub(crate) fn fill<'a>(
        &self,
        hash: u32,
        key: Key<'_>,
        clock: &Clock,
        holder: Holder,
        write: impl Fn(&Now<'_>) -> Write<'a>,
    ) -> bool {
        let tag = Tag::of(hash);
        loop {
            let mut shard = self.lock();
            let now = Now::of(clock);
            let place = shard.find_live(tag, key, &now);
            let entry = place.and_then(|place| shard.table.slot(place)?.entry());
            let progress = if shard.leases.is_valid(key.as_str(), holder, entry) {
                shard.write(tag, key, &now, &mut |_, now| Some(write(now)))
            } else {
                Progress::Refused
            };
            if let Progress::Unfinished = progress {
                continue;
            }
            let is_written = matches!(progress, Progress::Written);
            shard.stats.sets += u64::from(is_written);
            let ended = shard.leases.release(key.as_str(), holder);
            drop(shard);
            drop(ended);
            return is_written;
        }
    }

    /// Ends the lease of a key after an operation that did not change the entry. Operations that
    /// change the entry end the lease themselves.
    pub(crate) fn end_lease(&self, key: Key<'_>) {
        let ended = self.lock().leases.end(key.as_str());
        drop(ended);
    }

    /// Ends the holder's lease of a key. Does nothing if the holder has no lease of the key.
    pub(crate) fn release(&self, key: Key<'_>, holder: Holder) {
        let ended = self.lock().leases.release(key.as_str(), holder);
        drop(ended);
    }
}
