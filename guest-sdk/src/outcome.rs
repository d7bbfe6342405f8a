//! Types for the arguments and results of cache operations.

use std::time::Duration;

/// The lifetime of an entry written by
/// [`compare_and_swap_raw`](crate::Cache::compare_and_swap_raw).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The new entry keeps the expiry of the entry that it replaces. If it replaces no entry, it
    /// has no expiry.
    Keep,
    /// The entry has no expiry.
    Unlimited,
    /// The entry has this expiry; see [`set_with_expiry`](crate::Cache::set_with_expiry).
    After(Duration),
}

/// The result of [`compare_and_swap_raw`](crate::Cache::compare_and_swap_raw).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The entry was as expected and has been created, replaced or removed. If both texts were
    /// `None`, nothing has changed.
    Swapped,
    /// The entry was not as expected and is unchanged. Contains its JSON text, or `None` if there
    /// is no live entry.
    Changed(Option<String>),
}

/// The remaining lifetime of an entry, as [`ttl`](crate::Cache::ttl) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLeft {
    /// There is no live entry.
    Missing,
    /// The entry has no expiry.
    Unlimited,
    /// The entry expires after this time: whole seconds, rounded up, never zero.
    Limited(Duration),
}

/// The result of looking up a key: the value, if any, and whether this call must compute a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The value of a live entry.
    Value(String),
    /// The value of a live entry that expires soon. This call must compute the next value.
    Refresh(String),
    /// There is no live entry, and this call must compute the value.
    Compute,
    /// There is no live entry. This call must compute the value without storing it: it has too many
    /// leases, or another call is computing the value and this call must not wait longer.
    Busy,
}
