//! How long an entry lives: the expiry that a caller gives, and the deadline that comes of it.

use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::error::Error;

/// The longest expiry, in seconds: ten years of 365 days.
///
/// More is a mistake of units more often than a wish, and every clock and backend can hold this.
pub const MAX_EXPIRY_SECONDS: u32 = 315_360_000;

/// A valid expiry: 1 to [`MAX_EXPIRY_SECONDS`] whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry(u32);

impl Expiry {
    /// Takes a number of seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidExpiry`] for 0, and for more than [`MAX_EXPIRY_SECONDS`].
    pub fn new(seconds: u32) -> Result<Self, Error> {
        match seconds {
            1..=MAX_EXPIRY_SECONDS => Ok(Self(seconds)),
            _ => Err(Error::InvalidExpiry { seconds }),
        }
    }

    /// The expiry in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// The first moment at which an entry is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(Moment);

impl Deadline {
    /// The deadline of an entry that is set now. The clock is read only when there is an expiry.
    pub(crate) fn from_now(expiry: Option<Expiry>, clock: &Clock) -> Self {
        Self(expiry.map_or(Moment::NEVER, |expiry| {
            clock.now().after(Duration::from_secs(expiry.0.into()))
        }))
    }

    /// Whether the entry is gone. The clock is read only when there is a deadline.
    pub(crate) fn has_passed(self, clock: &Clock) -> bool {
        self.0 != Moment::NEVER && self.is_at_or_before(clock.now())
    }

    /// Time that is left at a moment before it, if there is a deadline.
    pub(crate) fn remaining(self, now: Moment) -> Option<Duration> {
        (self.0 != Moment::NEVER).then(|| self.0.since(now))
    }

    /// Whether the entry is gone at a moment.
    pub(crate) fn is_at_or_before(self, now: Moment) -> bool {
        self.0 != Moment::NEVER && now >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_one_second_to_ten_years() {
        for seconds in [1, 2, MAX_EXPIRY_SECONDS - 1, MAX_EXPIRY_SECONDS] {
            assert_eq!(Expiry::new(seconds).map(Expiry::seconds), Ok(seconds));
        }
        for seconds in [0, MAX_EXPIRY_SECONDS + 1, u32::MAX] {
            assert_eq!(Expiry::new(seconds), Err(Error::InvalidExpiry { seconds }));
        }
    }

    #[test]
    fn a_deadline_passes_in_its_first_nanosecond() {
        let (clock, handle) = Clock::mock();
        handle.advance(Duration::from_nanos(7));
        let deadline = Deadline::from_now(Expiry::new(1).ok(), &clock);
        for (step, passed) in [(0, false), (999_999_999, false), (1, true), (1, true)] {
            handle.advance(Duration::from_nanos(step));
            assert_eq!(deadline.has_passed(&clock), passed, "{:?}", clock.now());
        }
    }

    #[test]
    fn without_an_expiry_the_deadline_outlives_the_clock() {
        let (clock, handle) = Clock::mock();
        let deadline = Deadline::from_now(None, &clock);
        handle.advance(Duration::MAX);
        assert!(!deadline.has_passed(&clock));
    }
}
