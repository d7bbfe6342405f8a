//! Argument and result types of the cache's operations.

use std::time::Duration;

use crate::entry::Value;

/// The lifetime of an entry that [`Cache::compare_and_swap`](crate::Cache::compare_and_swap)
/// writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Keeps the deadline of the replaced entry. A new entry has no expiry.
    Keep,
    /// No expiry.
    Unlimited,
    /// Expires after this many seconds.
    After(u32),
}

/// The result of [`Cache::compare_and_swap`](crate::Cache::compare_and_swap).
#[derive(Debug, PartialEq, Eq)]
pub enum Swap {
    /// The entry was as expected, and the swap was made.
    Swapped,
    /// The entry was not as expected, and nothing was changed. Contains its current value, or
    /// `None` if there is no live entry.
    Changed(Option<Value>),
}

/// How long an entry has left to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLeft {
    /// There is no live entry.
    Missing,
    /// The entry has no expiry.
    Unlimited,
    /// The remaining seconds, rounded up: never 0.
    Seconds(u32),
}

impl TimeLeft {
    /// Converts the remaining time of a live entry. `None` means that the entry has no expiry.
    pub(crate) fn of(remaining: Option<Duration>) -> Self {
        let Some(remaining) = remaining else {
            return Self::Unlimited;
        };
        let seconds = remaining.as_secs().saturating_add((remaining.subsec_nanos() > 0).into());
        // At least 1: if the coarse clock lags by more than the assumed maximum, an entry can count
        // as live although its deadline has passed.
        Self::Seconds(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
    }
}

/// One page of a cache's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Keys of live entries, in no particular order.
    pub keys: Vec<String>,
    /// The cursor to pass for the next page; `None` after the last page.
    pub cursor: Option<String>,
}

/// The result of removing one page of entries by prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovedPage {
    /// Number of live entries removed.
    pub removed: u32,
    /// The cursor to pass for the next page; `None` after the last page.
    pub cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_rounded_up_to_whole_seconds_and_is_never_0() {
        let second = 1_000_000_000;
        let cases =
            [(0, 1), (1, 1), (second - 1, 1), (second, 1), (second + 1, 2), (2 * second, 2)];
        for (nanos, seconds) in cases {
            let left = TimeLeft::of(Some(Duration::from_nanos(nanos)));
            assert_eq!(left, TimeLeft::Seconds(seconds), "{nanos} ns");
        }
        assert_eq!(TimeLeft::of(Some(Duration::MAX)), TimeLeft::Seconds(u32::MAX));
        assert_eq!(TimeLeft::of(None), TimeLeft::Unlimited);
    }
}
