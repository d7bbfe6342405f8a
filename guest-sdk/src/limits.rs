//! The limits that this SDK checks itself. The host checks all others, and the fake does as well,
//! because its cache is the host's.

/// The longest expiry, in seconds: ten years of 365 days, as `hostel:cache/cache` defines it.
pub(crate) const MAX_EXPIRY_SECONDS: u32 = 315_360_000;
