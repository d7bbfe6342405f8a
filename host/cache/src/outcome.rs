//! What the operations on one entry or many take and answer, where a plain type does not say it.

use std::time::Duration;

use crate::entry::Value;

/// How long an entry lives that [`Cache::compare_and_swap`](crate::Cache::compare_and_swap) writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the entry that it replaces. An entry that replaces none has no expiry.
    Keep,
    /// It has no expiry.
    Unlimited,
    /// It is gone after so many seconds.
    After(u32),
}

/// What came of a [`Cache::compare_and_swap`](crate::Cache::compare_and_swap).
#[derive(Debug, PartialEq, Eq)]
pub enum Swap {
    /// The entry was as expected, and is now as wanted.
    Swapped,
    /// It was not: its value, or none where there is no live entry. Nothing has changed.
    Changed(Option<Value>),
}

/// How long an entry still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLeft {
    /// There is no live entry.
    Missing,
    /// It has no expiry.
    Unlimited,
    /// So many seconds, rounded up: never 0.
    Seconds(u32),
}

impl TimeLeft {
    /// What is left to a live entry.
    pub(crate) fn of(remaining: Option<Duration>) -> Self {
        let Some(remaining) = remaining else {
            return Self::Unlimited;
        };
        let seconds = remaining.as_secs().saturating_add((remaining.subsec_nanos() > 0).into());
        // At least 1: where the cheap clock was late, a deadline can have passed meanwhile.
        Self::Seconds(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
    }
}

/// Some keys of a walk through a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Keys of live entries, in no order.
    pub keys: Vec<String>,
    /// Where the walk goes on; none: it is over.
    pub cursor: Option<String>,
}

/// What one step of removing entries by prefix did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovedPage {
    /// Live entries that were removed.
    pub removed: u32,
    /// Where the walk goes on; none: it is over.
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
