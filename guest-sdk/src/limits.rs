//! The limits that this SDK checks itself. The host checks all others, and the fake does as well,
//! because its cache is the host's.

/// The longest expiry, in seconds: ten years of 365 days, as `hostel:cache/cache` defines it.
pub(crate) const MAX_EXPIRY_SECONDS: u32 = 315_360_000;

/// The largest integer of `hostel:cache/atomics`, and the smallest one without its sign.
pub(crate) const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The most keys of one call of `hostel:cache/batch`.
pub(crate) const MAX_KEYS: usize = 1_000;
