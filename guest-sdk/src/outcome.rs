//! What operations of the cache take and return, where a plain type does not express it.

use std::time::Duration;

/// How long an entry lives that
/// [`compare_and_swap_raw`](crate::Cache::compare_and_swap_raw) writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the entry that it replaces. An entry that replaces none has no expiry.
    Keep,
    /// It has no expiry.
    Unlimited,
    /// It has this expiry, as [`set_with_expiry`](crate::Cache::set_with_expiry) takes it.
    After(Duration),
}

/// The result of [`compare_and_swap_raw`](crate::Cache::compare_and_swap_raw).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The entry was as expected, and is now as wanted.
    Swapped,
    /// It was not, and nothing has changed. With its JSON text, or `None` where there is no live
    /// entry.
    Changed(Option<String>),
}

/// How long an entry still lives, as [`ttl`](crate::Cache::ttl) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLeft {
    /// There is no live entry.
    Missing,
    /// The entry has no expiry.
    Unlimited,
    /// The entry expires after this time: whole seconds, rounded up, never zero.
    Limited(Duration),
}

/// What the host found under a key, and which call computes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The value of a live entry.
    Value(String),
    /// The value of a live entry that soon expires. This call computes the next one.
    Refresh(String),
    /// There is no live entry, and this call computes it.
    Compute,
    /// There is no live entry, another call computes it, and the time to wait is over.
    Busy,
}
