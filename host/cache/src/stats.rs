//! The counters and the current size of a cache.

/// The counters of one cache since it was created, and its current size.
///
/// An operation changes its counters before it returns. The shards are read one after another, so
/// concurrent operations may or may not be included. A refused call (see [`Error`](crate::Error))
/// is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls of `get` and `get_or_lease`, and keys of `get_many`, that found a live entry.
    pub hits: u64,
    /// Calls of `get` and `get_or_lease`, and keys of `get_many`, that found no live entry.
    pub misses: u64,
    /// Calls of `exists`, whatever they returned.
    pub exists: u64,
    /// Values that `set`, `set_if_absent`, `set_many` and `fill` stored.
    pub sets: u64,
    /// Live entries that `delete`, `delete_many` and `delete_prefix` removed.
    pub deletes: u64,
    /// Entries that an operation, an eviction or the sweep found expired and removed.
    pub expired: u64,
    /// Entries evicted to make room.
    pub evicted: u64,
    /// Current entries, including expired ones that have not been removed yet.
    pub entries: u64,
    /// Current bytes: keys, values and bookkeeping, as requested from the allocator. Never more
    /// than `capacity`. Excludes leases, and old values that readers still hold.
    pub bytes: u64,
    /// The maximum of `bytes`.
    pub capacity: u64,
    /// Calls of `increment` that stored a sum.
    pub increments: u64,
    /// Calls of `compare_and_swap` that created, replaced or removed an entry.
    pub swaps: u64,
    /// Calls of `take` that removed a live entry.
    pub takes: u64,
    /// Calls of `expire` that found a live entry.
    pub expires: u64,
}

impl Stats {
    /// Adds the counters and the size of `other`, a shard. Keeps the capacity, because `capacity`
    /// is 0 for a shard.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            exists: self.exists + other.exists,
            sets: self.sets + other.sets,
            deletes: self.deletes + other.deletes,
            expired: self.expired + other.expired,
            evicted: self.evicted + other.evicted,
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
            capacity: self.capacity,
            increments: self.increments + other.increments,
            swaps: self.swaps + other.swaps,
            takes: self.takes + other.takes,
            expires: self.expires + other.expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_added_and_the_capacity_is_kept() {
        let one = Stats {
            hits: 1,
            misses: 2,
            exists: 3,
            sets: 4,
            deletes: 5,
            expired: 6,
            evicted: 7,
            entries: 8,
            bytes: 9,
            capacity: 10,
            increments: 11,
            swaps: 12,
            takes: 13,
            expires: 14,
        };
        let two = Stats {
            hits: 2,
            misses: 4,
            exists: 6,
            sets: 8,
            deletes: 10,
            expired: 12,
            evicted: 14,
            entries: 16,
            bytes: 18,
            capacity: 10,
            increments: 22,
            swaps: 24,
            takes: 26,
            expires: 28,
        };
        assert_eq!(one.plus(one), two);
    }
}
