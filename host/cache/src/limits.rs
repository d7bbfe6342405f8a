//! The limits of the cache: on arguments, on the size of a cache, and on its internals.

use std::fmt;
use std::num::NonZeroUsize;

use thiserror::Error;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// The longest expiry, in seconds: ten years of 365 days.
///
/// A longer expiry is probably in the wrong unit. The clock and every backend support an expiry of
/// this length.
pub const MAX_EXPIRY_SECONDS: u32 = 315_360_000;

/// The largest integer that `increment` accepts or produces, 2^53 - 1. The smallest is -(2^53 - 1).
/// A binary64, such as a `Number` of JavaScript, represents every integer of this range exactly.
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The maximum nesting of arrays and objects in a value.
///
/// Some common JSON parsers stop at 127 or 128 levels, and a message that contains the value needs
/// some of these levels.
pub const MAX_DEPTH: u32 = 100;

/// The most keys that a guest may pass to one batch call, so that no call takes too long. The host
/// enforces this limit.
pub const MAX_KEYS: usize = 1_000;

/// The longest value that a cache accepts, in bytes, even if its value limit is higher: an entry
/// stores the length in 32 bits.
pub(crate) const MAX_VALUE_BYTES: usize = u32::MAX as usize;

/// The longest name of a plugin or of a configured cache, in bytes: names appear in log lines,
/// addresses and file names.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// The default capacity of a cache: 64 MiB.
///
/// A cache of this size holds a few hundred thousand small entries, and a small machine has memory
/// for a dozen such caches.
pub const DEFAULT_CAPACITY: usize = 64 << 20;

/// The default maximum length of a value: 1 MiB.
///
/// Every read copies the whole value into the guest, so a larger value belongs in a file.
pub const DEFAULT_VALUE_LIMIT: usize = 1 << 20;

/// The minimum ratio of capacity to value limit.
///
/// With this ratio, one `set` evicts only a small part of the cache, and each of several shards can
/// hold the largest entry.
pub const MIN_CAPACITY_IN_VALUES: usize = 16;

/// The minimum capacity, whatever the value limit: 64 KiB.
///
/// A shard needs less than 4 KiB for one entry with the longest key and a small value.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The most shards of a cache: enough that threads on a large machine rarely wait for each other.
pub(crate) const MAX_SHARDS: usize = 64;

/// The minimum number of entries of the largest size for which each shard has room, so that one
/// such entry does not evict all others.
pub(crate) const MIN_LARGEST_ENTRIES_IN_SHARD: usize = 4;

/// The minimum capacity of a shard in a cache with several shards. In a smaller shard, the
/// bookkeeping would take too large a share of the memory.
pub(crate) const MIN_SHARD_CAPACITY: usize = 32 << 10;

/// The size of a chunk: a growing shard takes bytes from a budget up to the next multiple of a
/// chunk, if the budget has them. The chunks of a small shard are smaller. A chunk holds dozens of
/// small entries, so few writes touch the shared counters. It is small enough that a thousand
/// caches of a few entries each fit on a small machine. Every shard is guaranteed one chunk.
pub(crate) const CHUNK: usize = 16 << 10;

/// The minimum number of chunks that fit into a shard.
pub(crate) const CHUNKS_IN_SHARD: usize = 8;

/// The minimum entry limit of a shard in a cache with several shards. Keys are distributed
/// randomly, so with a lower limit some shards would be full long before others.
pub(crate) const MIN_SHARD_ENTRIES: usize = 256;

/// The most bits of a tag that a directory uses: enough for 40 million entries per shard. A shard
/// that needs more bits evicts entries instead.
pub(crate) const MAX_DIRECTORY_BITS: u32 = 20;

/// The most segments in which one eviction looks for an unused entry. The search takes a few
/// microseconds under the shard's lock. If it finds none, the eviction removes an entry even if it
/// was used, because other threads wait for the lock.
pub(crate) const MAX_SEGMENTS_PER_EVICTION: usize = 16;

/// The maximum number of entries that one page of a walk scans, and thus of keys in a page.
pub(crate) const MAX_PAGE_ENTRIES: usize = 1_000;

/// The most owners of an entry. Adding one more aborts the process, as with an `Arc`: if the count
/// wrapped to zero, memory in use would be freed.
pub(crate) const MAX_OWNERS: u32 = u32::MAX >> 1;

/// The validated limits of one cache: its capacity and its value limit in bytes, and optionally a
/// limit on the number of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    capacity: usize,
    value_limit: usize,
    entries: Option<NonZeroUsize>,
}

/// Why the given limits are invalid for a cache.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitsError {
    /// The value limit is 0, but the shortest JSON text has one byte.
    #[error("the value limit is 0 bytes, but the shortest JSON text is 1 byte: raise the limit")]
    NoValue,
    /// The entry limit is 0.
    #[error("the limit of entries is 0: raise it, or remove it")]
    NoEntry,
    /// The capacity is less than [`MIN_CAPACITY`].
    #[error("capacity of {capacity} bytes is too small: raise it to at least {MIN_CAPACITY}")]
    TooSmall {
        /// The capacity as given.
        capacity: usize,
    },
    /// The capacity is less than [`MIN_CAPACITY_IN_VALUES`] times the value limit.
    #[error(
        "capacity of {capacity} bytes is too small for a value limit of {value_limit} bytes: \
         raise the capacity to at least {MIN_CAPACITY_IN_VALUES} times the value limit, \
         or lower the value limit to at most {}",
        capacity / MIN_CAPACITY_IN_VALUES
    )]
    TooSmallForValues {
        /// The capacity as given.
        capacity: usize,
        /// The value limit as given.
        value_limit: usize,
    },
}

impl CacheLimits {
    /// Validates a capacity and a value limit, in bytes.
    ///
    /// # Errors
    ///
    /// [`LimitsError`] if the value limit is 0, or the capacity is less than [`MIN_CAPACITY`] or
    /// [`MIN_CAPACITY_IN_VALUES`] times the value limit.
    pub fn new(capacity: usize, value_limit: usize) -> Result<Self, LimitsError> {
        if value_limit == 0 {
            return Err(LimitsError::NoValue);
        }
        if capacity < MIN_CAPACITY {
            return Err(LimitsError::TooSmall { capacity });
        }
        if value_limit > capacity / MIN_CAPACITY_IN_VALUES {
            return Err(LimitsError::TooSmallForValues { capacity, value_limit });
        }
        Ok(Self { capacity, value_limit, entries: None })
    }

    /// Adds a limit on the number of entries. The limit is divided among the shards, as the
    /// capacity is, so eviction may begin below the limit.
    ///
    /// # Errors
    ///
    /// [`LimitsError::NoEntry`] for 0.
    pub fn with_entries(self, entries: usize) -> Result<Self, LimitsError> {
        let entries = NonZeroUsize::new(entries).ok_or(LimitsError::NoEntry)?;
        Ok(Self { entries: Some(entries), ..self })
    }

    /// Returns the maximum bytes of keys, values and bookkeeping together.
    #[must_use]
    pub fn capacity(self) -> usize {
        self.capacity
    }

    /// Returns the maximum length of a value, in bytes.
    #[must_use]
    pub fn value_limit(self) -> usize {
        self.value_limit
    }

    /// Returns the maximum number of entries, or `None` without a limit on their number.
    #[must_use]
    pub fn entries(self) -> Option<usize> {
        self.entries.map(NonZeroUsize::get)
    }
}

/// Prints, for example, "a capacity of 65536 bytes, a value limit of 4096 and at most 9 entries".
impl fmt::Display for CacheLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, value_limit, entries } = self;
        write!(f, "a capacity of {capacity} bytes, a value limit of {value_limit} and ")?;
        match entries {
            Some(entries) => write!(f, "at most {entries} entries"),
            None => f.write_str("any number of entries"),
        }
    }
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { capacity: DEFAULT_CAPACITY, value_limit: DEFAULT_VALUE_LIMIT, entries: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_fit_each_other_are_taken() {
        let fitting = [
            (MIN_CAPACITY, 1),
            (MIN_CAPACITY, MIN_CAPACITY / 16),
            (16 << 20, 1 << 20),
            (usize::MAX, usize::MAX / 16),
        ];
        for (capacity, value_limit) in fitting {
            let limits = CacheLimits::new(capacity, value_limit).unwrap();
            assert_eq!((limits.capacity(), limits.value_limit()), (capacity, value_limit));
        }
        let default = CacheLimits::default();
        assert_eq!(CacheLimits::new(default.capacity(), default.value_limit()), Ok(default));
    }

    #[track_caller]
    fn check(capacity: usize, value_limit: usize, named: &[&str]) {
        let message = CacheLimits::new(capacity, value_limit).unwrap_err().to_string();
        for part in named {
            assert!(message.contains(part), "{message:?} does not name {part}");
        }
    }

    #[test]
    fn limits_that_do_not_fit_are_refused_with_both_numbers_and_the_fix() {
        check((16 << 20) - 1, 1 << 20, &["16777215", "1048576", "16 times", "at most 1048575"]);
        check(MIN_CAPACITY - 1, 1, &["65535", "65536"]);
        check(usize::MAX, usize::MAX / 16 + 1, &["16 times"]);
        check(usize::MAX, usize::MAX, &["16 times"]);
        check(DEFAULT_CAPACITY, 0, &["0 bytes"]);
    }

    #[test]
    fn the_number_of_entries_is_unlimited_unless_it_is_set() {
        let limits = CacheLimits::default();
        assert_eq!(limits.entries(), None);
        assert_eq!(limits.with_entries(1).unwrap().entries(), Some(1));
        assert_eq!(limits.with_entries(0), Err(LimitsError::NoEntry));
    }
}
