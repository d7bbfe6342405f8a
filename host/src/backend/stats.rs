//! The counters and the size of a cache.

use hostel_cache::Stats;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of a cache since the host opened the cache, and the size of a cache in memory. An
/// operation that fails may be missing in the counters, even if it read or changed some entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Calls of `get` and `get-or-lease`, and keys of `get-many`, that found a live entry.
    pub hits: u64,
    /// Calls of `get` and `get-or-lease`, and keys of `get-many`, that found no live entry. On
    /// Redis, a call of `get-or-lease` counts only if it gets the lease or cannot get it because it
    /// has too many leases. In memory, each attempt of a waiting call counts.
    pub misses: u64,
    /// Calls of `exists`.
    pub exists: u64,
    /// Values that `set`, `set-if-absent`, `set-many` and `fill` stored. A repeated key in a
    /// `set-many` counts each time.
    pub sets: u64,
    /// Live entries that `delete`, `delete-many` and `delete-prefix` removed.
    pub deletes: u64,
    /// Calls of `increment` that stored a sum.
    pub increments: u64,
    /// Calls of `compare-and-swap` that created, replaced or removed an entry.
    pub swaps: u64,
    /// Calls of `take` that removed a live entry.
    pub takes: u64,
    /// Calls of `expire` that found a live entry.
    pub expires: u64,
    /// The size of a cache in this host's memory, and the numbers of its expired and evicted
    /// entries. `None` for a cache on Redis.
    pub memory: Option<MemoryStats>,
}

/// The size of a cache in memory, and the numbers of entries that expired or were evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Number of entries, including expired ones that are not removed yet.
    pub entries: u64,
    /// Bytes in use, including bookkeeping.
    pub bytes: u64,
    /// Maximum number of bytes.
    pub capacity: u64,
    /// Entries removed because their expiry had passed.
    pub expired: u64,
    /// Live entries removed to make room.
    pub evicted: u64,
}

impl From<Stats> for CacheStats {
    fn from(stats: Stats) -> Self {
        let Stats { hits, misses, exists, sets, deletes, .. } = stats;
        let Stats { increments, swaps, takes, expires, .. } = stats;
        let Stats { entries, bytes, capacity, expired, evicted, .. } = stats;
        let memory = Some(MemoryStats { entries, bytes, capacity, expired, evicted });
        CacheStats {
            hits,
            misses,
            exists,
            sets,
            deletes,
            increments,
            swaps,
            takes,
            expires,
            memory,
        }
    }
}

/// The counters of a cache on Redis.
#[derive(Debug, Default)]
pub(super) struct OperationCounts {
    hits: AtomicU64,
    misses: AtomicU64,
    exists: AtomicU64,
    sets: AtomicU64,
    deletes: AtomicU64,
    increments: AtomicU64,
    swaps: AtomicU64,
    takes: AtomicU64,
    expires: AtomicU64,
}

impl OperationCounts {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn exists(&self) {
        self.exists.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set(&self) {
        self.sets.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn delete(&self) {
        self.deletes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn increment(&self) {
        self.increments.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn swap(&self) {
        self.swaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn take(&self) {
        self.takes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expire(&self) {
        self.expires.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stats(&self) -> CacheStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheStats {
            hits: read(&self.hits),
            misses: read(&self.misses),
            exists: read(&self.exists),
            sets: read(&self.sets),
            deletes: read(&self.deletes),
            increments: read(&self.increments),
            swaps: read(&self.swaps),
            takes: read(&self.takes),
            expires: read(&self.expires),
            memory: None,
        }
    }
}
