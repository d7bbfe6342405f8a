//! Every limit of the cache: on its arguments, on what one cache may hold, and on its parts.

use std::fmt;
use std::num::NonZeroUsize;

use thiserror::Error;

/// The longest key, in bytes of UTF-8: short enough for every backend to index.
pub const MAX_KEY_BYTES: usize = 1024;

/// The longest expiry, in seconds: ten years of 365 days.
///
/// A longer one is more often a mistake of units than a wish, and every clock and backend can hold
/// this one.
pub const MAX_EXPIRY_SECONDS: u32 = 315_360_000;

/// The largest integer that can be added to, and that a sum can be: 2^53 - 1. The least is its
/// negative. Every language has these as ordinary numbers.
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The most arrays and objects in a value that may be open at once.
///
/// Common readers of JSON stop at 127 or 128, and a message around the value needs some of those.
pub const MAX_DEPTH: u32 = 100;

/// The most keys of one call on several: more would keep a caller waiting for long.
pub const MAX_KEYS: usize = 1_000;

/// The longest value, whatever the limits of a cache are: an entry counts lengths in 32 bits.
pub(crate) const MAX_VALUE_BYTES: usize = u32::MAX as usize;

/// The longest name of a cache, in bytes: names are part of log lines, addresses and file names.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// The capacity of a cache that is not configured otherwise: 64 MiB.
///
/// Room for some hundred thousand small entries, and little enough that a dozen plugins with a
/// cache each fit a small machine.
pub const DEFAULT_CAPACITY: usize = 64 << 20;

/// The longest value of a cache that is not configured otherwise: 1 MiB.
///
/// More than that is a file, and a guest would copy it on every read.
pub const DEFAULT_VALUE_LIMIT: usize = 1 << 20;

/// How many times the value limit a capacity must be.
///
/// One `set` then throws out at most a small part of what the cache holds, and several shards can
/// each hold the largest entry.
pub const MIN_CAPACITY_IN_VALUES: usize = 16;

/// The least capacity whatever the value limit: 64 KiB.
///
/// A shard needs about 3 KiB for one entry with the longest key and a small value.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The most shards of a cache: on the largest machines, still several for each core.
pub(crate) const MAX_SHARDS: usize = 64;

/// The least number of entries of the largest size that a shard has room for, so that one of them
/// does not push out everything else.
pub(crate) const MIN_LARGEST_ENTRIES_IN_SHARD: usize = 4;

/// The least capacity of one of several shards: with less, the shard's own bookkeeping is too large
/// a part of it.
pub(crate) const MIN_SHARD_CAPACITY: usize = 32 << 10;

/// The bytes that a shard takes from a budget at once, if they are not too large a part of it: some
/// dozens of small entries, so that few writes touch what all caches share, and little enough that
/// a thousand caches of a few entries each fit a small machine. So much a shard has in any case.
pub(crate) const CHUNK: usize = 16 << 10;

/// The least number of chunks that a shard has room for.
pub(crate) const CHUNKS_IN_SHARD: usize = 8;

/// The least limit on the entries of one of several shards: keys fall to shards by chance, so with
/// less some shards would be full long before others.
pub(crate) const MIN_SHARD_ENTRIES: usize = 256;

/// The most bits of a tag that a directory looks at: 40 million entries in a shard. A shard that
/// needs more evicts entries instead.
pub(crate) const MAX_DIRECTORY_BITS: u32 = 20;

/// The most segments that one eviction looks at: some microseconds under the shard's lock. The
/// last one loses an entry even if it is used, because other threads wait for the lock.
pub(crate) const MAX_SEGMENTS_PER_EVICTION: usize = 16;

/// About the most entries that one page of a walk looks at, and the most keys that it has.
pub(crate) const MAX_PAGE_ENTRIES: usize = 1_000;

/// The most owners of an entry. One more ends the process, as it does with an `Arc`: a count that
/// wrapped to zero would free memory in use.
pub(crate) const MAX_OWNERS: u32 = u32::MAX >> 1;

/// The limits of one cache, checked against each other: its capacity and the length of its values,
/// in bytes, and optionally the number of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    capacity: usize,
    value_limit: usize,
    entries: Option<NonZeroUsize>,
}

/// Limits that no cache can keep.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitsError {
    /// No JSON text is that short.
    #[error("value limit of 0 bytes: the shortest JSON text is 1 byte, so raise the limit")]
    NoValue,
    /// No entry at all.
    #[error("a limit of 0 entries: raise it, or leave it out")]
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
    /// Takes a capacity and a value limit, in bytes.
    ///
    /// # Errors
    ///
    /// [`LimitsError`] when the value limit is 0, and when the capacity is less than
    /// [`MIN_CAPACITY`] or less than [`MIN_CAPACITY_IN_VALUES`] times the value limit.
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

    /// The same limits, and at most so many entries. Like the capacity it is shared out to the
    /// cache's shards, so eviction may begin a little before it is reached.
    ///
    /// # Errors
    ///
    /// [`LimitsError::NoEntry`] for 0.
    pub fn with_entries(self, entries: usize) -> Result<Self, LimitsError> {
        let entries = NonZeroUsize::new(entries).ok_or(LimitsError::NoEntry)?;
        Ok(Self { entries: Some(entries), ..self })
    }

    /// How many bytes the cache may hold: keys, values and what it takes to file them.
    #[must_use]
    pub fn capacity(self) -> usize {
        self.capacity
    }

    /// The longest value, in bytes.
    #[must_use]
    pub fn value_limit(self) -> usize {
        self.value_limit
    }

    /// The most entries; as many as the capacity allows unless there is a limit.
    #[must_use]
    pub fn entries(self) -> Option<usize> {
        self.entries.map(NonZeroUsize::get)
    }
}

/// As in "a capacity of 2 bytes, a value limit of 1 and any number of entries".
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
    fn a_number_of_entries_is_no_limit_unless_it_is_asked_for() {
        let limits = CacheLimits::default();
        assert_eq!(limits.entries(), None);
        assert_eq!(limits.with_entries(1).unwrap().entries(), Some(1));
        assert_eq!(limits.with_entries(0), Err(LimitsError::NoEntry));
    }
}
