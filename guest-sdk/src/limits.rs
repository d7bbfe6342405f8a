//! The limits of the cache that the SDK checks itself. The host or the fake checks the other
//! limits.

/// The longest expiry, in seconds: ten years of 365 days, as `hostel:cache/cache` defines it.
pub(crate) const MAX_EXPIRY_SECONDS: u32 = 315_360_000;

/// The largest magnitude of an integer in `hostel:cache/atomics`: 2^53 - 1.
pub(crate) const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The maximum number of keys in one call of `hostel:cache/batch`.
pub(crate) const MAX_KEYS: usize = 1_000;
