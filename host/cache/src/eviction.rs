//! Eviction: which entry a full shard removes.
//!
//! The policy is S3-FIFO (Yang et al., SOSP 2023) without its queues: clock hands visit the entries
//! in the table's own order, by hash. So there is no list to update, and a hit only increments a
//! use count in the entry's slot.
//!
//! An entry is new until a hand first reaches it. If it was used by then, it is promoted to kept.
//! Otherwise it is evicted and its key is remembered for a while; a remembered key that is set
//! again is kept at once. New entries are evicted while they are more than a tenth of all entries,
//! so a scan that sets many entries and uses none again cannot displace frequently used entries.
//! While at most a tenth of the entries are new, kept entries are evicted: another hand subtracts
//! one use from each entry that it passes, and evicts the first entry without uses.

use crate::clock::Now;
use crate::limits::MAX_SEGMENTS_PER_EVICTION;
use crate::segment::{Slot, Tag};
use crate::table::Table;

/// New entries are evicted first while more than one entry in this many is new.
const NEW_SHARE: usize = 10;

/// Where eviction continues: one hand visits the new entries, the other the kept ones.
#[derive(Debug)]
pub(crate) struct ClockHands {
    new: ClockHand,
    kept: ClockHand,
}

/// A segment and the first of its slots that the hand has not passed yet.
#[derive(Debug)]
struct ClockHand {
    segment: Tag,
    slot: usize,
}

/// The numbers of entries that an eviction removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Entries that had expired.
    pub(crate) expired: usize,
    /// Other entries, which were evicted to make room.
    pub(crate) evicted: usize,
}

impl ClockHands {
    pub(crate) const fn new() -> Self {
        Self { new: ClockHand::FIRST, kept: ClockHand::FIRST }
    }

    /// Removes the expired entries of a segment, or else evicts one entry whose tag is not
    /// `spared`. Removes nothing only if there is no such entry.
    pub(crate) fn evict(
        &mut self,
        table: &mut Table,
        spared: Option<Tag>,
        now: &Now<'_>,
    ) -> Removed {
        let may_go = |slot: &Slot| Some(slot.tag()) != spared;
        for _ in 0..MAX_SEGMENTS_PER_EVICTION {
            let removed = match table.new_entries() * NEW_SHARE > table.len() {
                true => self.new.advance(table, now, |slot| !slot.is_kept() && may_go(slot)),
                false => self.kept.advance(table, now, |slot| slot.is_kept() && may_go(slot)),
            };
            if removed != Removed::default() {
                return removed;
            }
        }
        self.evict_any(table, spared)
    }

    /// Evicts the entry with the lowest [worth](Slot::worth) in the next segment that has an entry
    /// to evict.
    fn evict_any(&mut self, table: &mut Table, spared: Option<Tag>) -> Removed {
        for _ in 0..table.segments() {
            let at = table.segment_of(self.new.segment);
            self.new.segment = table.after(at);
            if evict_least(table, at, spared) {
                return Removed { expired: 0, evicted: 1 };
            }
        }
        Removed::default()
    }
}

impl ClockHand {
    const FIRST: Self = Self { segment: Tag::FIRST, slot: 0 };

    /// Removes the expired entries of the current segment. If there are none, visits the entries
    /// for which `is_wanted` returns true: passes the used ones, and evicts the first unused one.
    /// If all of these were used, moves to the next segment.
    fn advance(
        &mut self,
        table: &mut Table,
        now: &Now<'_>,
        is_wanted: impl Fn(&Slot) -> bool,
    ) -> Removed {
        let at = table.segment_of(self.segment);
        let expired = table.remove_expired(at, now);
        if expired > 0 {
            table.tidy(at);
            return Removed { expired, evicted: 0 };
        }
        while let Some(place) = table.position(at, self.slot, &is_wanted) {
            if !table.pass(place) {
                if table.evict(place) {
                    // The segment was joined with another: entries that the hand has not passed may
                    // now be before it.
                    self.slot = 0;
                }
                return Removed { expired: 0, evicted: 1 };
            }
            self.slot = place.next_slot();
        }
        *self = Self { segment: table.after(at), slot: 0 };
        Removed::default()
    }
}

/// Evicts the entry with the lowest [worth](Slot::worth) in a segment, but never one with the tag
/// `spared`. Returns false if there is no entry to evict.
pub(crate) fn evict_least(table: &mut Table, at: usize, spared: Option<Tag>) -> bool {
    let may_go = |slot: &&Slot| Some(slot.tag()) != spared;
    let slots = table.segment(at).map(|segment| segment.slots().filter(may_go));
    let least = slots.and_then(|slots| slots.map(Slot::worth).min());
    let is_least = |slot: &Slot| Some(slot.worth()) == least && may_go(&slot);
    let place = table.position(at, 0, is_least);
    place.map(|place| table.evict(place)).is_some()
}

#[cfg(test)]
mod tests {
    use crate::{Cache, CacheLimits, Clock};

    const ENTRIES: usize = 200;

    /// Returns a full cache of one shard, with new entries under the keys `0` to `199`.
    fn full() -> Cache {
        let limits = CacheLimits::default().with_entries(ENTRIES).unwrap();
        let cache = Cache::new(limits, Clock::mock().0);
        set(&cache, 0..ENTRIES);
        cache
    }

    fn set(cache: &Cache, names: std::ops::Range<usize>) {
        names.for_each(|name| cache.set(&name.to_string(), "1", None).unwrap());
    }

    fn get(cache: &Cache, names: std::ops::Range<usize>) -> usize {
        names.filter(|name| cache.get(&name.to_string()).unwrap().is_some()).count()
    }

    fn count(cache: &Cache, names: std::ops::Range<usize>) -> usize {
        names.filter(|name| cache.exists(&name.to_string()).unwrap()).count()
    }

    #[test]
    fn what_is_used_once_does_not_push_out_what_is_used_twice() {
        let cache = full();
        assert_eq!(get(&cache, 0..100), 100);
        set(&cache, 1_000..100_000);
        assert_eq!(count(&cache, 0..100), 100, "a scan pushed out what was used");
        assert_eq!(count(&cache, 100..200), 0, "what was never used has outlived a scan");
        assert_eq!(cache.stats().entries, ENTRIES as u64);
    }

    #[test]
    fn an_entry_that_is_no_longer_used_is_evicted_eventually() {
        let cache = full();
        get(&cache, 0..200);
        set(&cache, 1_000..1_200);
        for round in 1..40 {
            let names = 10_000 * round..10_000 * round + 200;
            set(&cache, names.clone());
            get(&cache, names);
        }
        assert_eq!(count(&cache, 0..200), 0);
    }

    #[test]
    fn an_evicted_key_that_is_stored_again_soon_stays_without_a_use() {
        let cache = full();
        set(&cache, 1_000..1_010);
        let evicted: Vec<_> = (0..200).filter(|name| count(&cache, *name..name + 1) == 0).collect();
        evicted.iter().for_each(|name| set(&cache, *name..name + 1));
        set(&cache, 2_000..2_400);
        let kept = evicted.iter().filter(|name| count(&cache, **name..**name + 1) == 1).count();
        // A segment may forget an evicted key when it is joined with another segment.
        assert!(kept * 2 > evicted.len(), "{kept} of {} are kept", evicted.len());
        assert!(evicted.len() >= 3);
    }

    #[test]
    fn an_entry_that_is_set_again_keeps_its_uses() {
        let cache = full();
        get(&cache, 0..50);
        set(&cache, 0..100);
        set(&cache, 1_000..3_000);
        assert_eq!((count(&cache, 0..50), count(&cache, 50..100)), (50, 0));
    }

    #[test]
    fn when_all_are_used_one_goes_all_the_same() {
        let cache = full();
        for _ in 0..5 {
            get(&cache, 0..200);
        }
        set(&cache, 1_000..1_001);
        assert_eq!((count(&cache, 0..200), count(&cache, 1_000..1_001)), (199, 1));
    }
}
