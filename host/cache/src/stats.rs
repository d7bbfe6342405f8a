//! What a cache counts.

/// The counts of one cache since it was made, and what it holds now.
///
/// Each operation is in it once it has returned. The shards are asked one after another, so the
/// counts of operations that run meanwhile may be in it or not. A refused call (see
/// [`Error`](crate::Error)) counts nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls of `get` that found a live entry.
    pub hits: u64,
    /// Calls of `get` that found none, or one that had expired.
    pub misses: u64,
    /// Calls of `exists`, whatever they answered.
    pub exists: u64,
    /// Calls of `set` that stored their value, new keys and old.
    pub sets: u64,
    /// Calls of `delete` that removed a live entry.
    pub deletes: u64,
    /// Entries removed because their expiry had passed, whoever met them: any operation on the
    /// key, or eviction.
    pub expired: u64,
    /// Live entries removed to make room.
    pub evicted: u64,
    /// Entries held now, those included that have expired and that nobody has met since.
    pub entries: u64,
    /// Bytes held now: keys, values, and what it takes to file them, as asked of the allocator.
    /// Never more than `capacity`. A value that was removed while a reader holds it is not in it.
    pub bytes: u64,
    /// The bytes that the cache may hold.
    pub capacity: u64,
}

impl Stats {
    /// The counts of both. The capacities are not added: a shard has none of its own to tell.
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
        };
        assert_eq!(one.plus(one), two);
    }
}
