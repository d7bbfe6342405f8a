//! Entry lifetimes: the expiry that a caller passes, and the deadline computed from it.

use std::time::Duration;

use crate::clock::{Moment, Now};
use crate::error::Error;
use crate::limits::MAX_EXPIRY_SECONDS;

/// A valid expiry: 1 to [`MAX_EXPIRY_SECONDS`] whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry(u32);

impl Expiry {
    /// Validates a number of seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidExpiry`] for 0 and for more than [`MAX_EXPIRY_SECONDS`].
    pub fn new(seconds: u32) -> Result<Self, Error> {
        match seconds {
            1..=MAX_EXPIRY_SECONDS => Ok(Self(seconds)),
            _ => Err(Error::InvalidExpiry { seconds }),
        }
    }

    /// Returns the expiry in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// The first moment at which an entry counts as expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(Moment);

/// The [tick](Moment::tick) of a deadline. A tick takes half the space of a deadline. For most live
/// entries, the tick suffices to see that the entry has not expired, without reading the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due(u32);

impl Deadline {
    /// The deadline of an entry without expiry.
    pub(crate) const NEVER: Self = Self(Moment::NEVER);

    /// Computes the deadline for an expiry that begins now. Reads the clock only if there is an
    /// expiry.
    pub(crate) fn from_now(expiry: Option<Expiry>, now: &Now<'_>) -> Self {
        Self(expiry.map_or(Moment::NEVER, |expiry| {
            now.moment().after(Duration::from_secs(expiry.0.into()))
        }))
    }

    /// Returns true if the deadline has passed. Does not read the clock for [`NEVER`](Self::NEVER).
    pub(crate) fn has_passed(self, now: &Now<'_>) -> bool {
        self.0 != Moment::NEVER && now.moment() >= self.0
    }

    /// Returns the time left, or `None` for [`NEVER`](Self::NEVER).
    pub(crate) fn remaining(self, now: &Now<'_>) -> Option<Duration> {
        (self.0 != Moment::NEVER).then(|| self.0.since(now.moment()))
    }

    /// Splits the deadline into two numbers, for a struct that an eight-byte field would pad.
    pub(crate) fn to_halves(self) -> [u32; 2] {
        let nanos = self.0.nanos();
        [(nanos >> 32) as u32, nanos as u32]
    }

    /// Reverses [`to_halves`](Self::to_halves).
    pub(crate) fn from_halves([high, low]: [u32; 2]) -> Self {
        Self(Moment::of_nanos(u64::from(high) << 32 | u64::from(low)))
    }

    pub(crate) fn due(self) -> Due {
        if self.0 == Moment::NEVER { Due::NEVER } else { Due(self.0.tick()) }
    }
}

impl Due {
    /// The value for an entry without expiry.
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// True once the deadline may have passed; check the entry to be sure. A distant deadline is
    /// ruled out by the coarse clock.
    #[inline(always)]
    pub(crate) fn is_near(self, now: &Now<'_>) -> bool {
        self != Self::NEVER && self.is_near_by_clock(now)
    }

    /// Not inlined, so that the inlined check of an entry without an expiry stays small.
    #[inline(never)]
    fn is_near_by_clock(self, now: &Now<'_>) -> bool {
        self.0 <= now.lately().latest_tick_since() && self.0 <= now.moment().tick()
    }

    /// True once the tick of the deadline is over. May become true slightly late.
    pub(crate) fn is_over(self, now: &Now<'_>) -> bool {
        self != Self::NEVER && self.0 < now.lately().tick()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

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
        let deadline = Deadline::from_now(Expiry::new(1).ok(), &Now::of(&clock));
        for (step, passed) in [(0, false), (999_999_999, false), (1, true), (1, true)] {
            handle.advance(Duration::from_nanos(step));
            assert_eq!(deadline.has_passed(&Now::of(&clock)), passed, "{step}");
        }
    }

    #[test]
    fn without_an_expiry_the_deadline_outlives_the_clock() {
        let (clock, handle) = Clock::mock();
        let deadline = Deadline::from_now(None, &Now::of(&clock));
        handle.advance(Duration::MAX);
        let now = Now::of(&clock);
        assert!(!deadline.has_passed(&now) && !deadline.due().is_near(&now));
    }

    #[test]
    fn a_deadline_is_near_from_its_tick_on_and_over_after_it() {
        let (clock, handle) = Clock::mock();
        let due = Deadline::from_now(Expiry::new(3).ok(), &Now::of(&clock)).due();
        let tick = 1 << 30;
        for (step, near, over) in [
            (2 * tick - 1, false, false),
            (1, true, false),
            (tick - 1, true, false),
            (tick, true, true),
        ] {
            handle.advance(Duration::from_nanos(step));
            let now = Now::of(&clock);
            assert_eq!((due.is_near(&now), due.is_over(&now)), (near, over), "{step}");
        }
    }
}
