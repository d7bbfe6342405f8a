//! Time as the cache sees it: nanoseconds that only go forward.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// A monotonic clock: the system's, or one that a test moves by hand.
///
/// A clone shows the same time. It counts nanoseconds from its own start, is not moved by changes
/// of the wall clock, and on Linux stands still while the machine is suspended. It ends at 584
/// years, and then stands still too.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The reading of [`system`] at the clock's start.
    System(u64),
    Mock(Arc<AtomicU64>),
}

/// By how much a mock clock's cheap reading is late: as late as where the kernel's timer ticks a
/// hundred times a second.
const LATE: u64 = 10_000_000;

/// By how many ticks a cheap reading may be late.
const LATEST_TICKS: u32 = 8;

/// Moves the [`Clock`] that it was made with, and every clone of that clock.
#[derive(Debug, Clone)]
pub struct MockClock(Arc<AtomicU64>);

/// One exact reading of a clock, made when it is first asked for: what happens under one lock
/// happens at one moment. What has no expiry reads no clock, and what is far from its deadline is
/// told by a cheap reading of a moment before.
pub(crate) struct Now<'a> {
    clock: &'a Clock,
    moment: OnceCell<Moment>,
}

/// A reading of a clock, in nanoseconds since the clock's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Clock {
    /// The operating system's monotonic clock, starting now.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(system::now()))
    }

    /// A clock that stands at zero until the handle advances it.
    #[must_use]
    pub fn mock() -> (Self, MockClock) {
        let nanos = Arc::new(AtomicU64::new(0));
        (Self(Source::Mock(Arc::clone(&nanos))), MockClock(nanos))
    }

    fn now(&self) -> Moment {
        match &self.0 {
            Source::System(start) => Moment::between(*start, system::now()),
            Source::Mock(nanos) => Moment(nanos.load(Ordering::Acquire)),
        }
    }

    /// A moment that has just passed: milliseconds ago, and [more](Moment::latest_tick_since) where
    /// a machine stood still. On Linux reading it takes a quarter of the time.
    fn lately(&self) -> Moment {
        match &self.0 {
            Source::System(start) => Moment::between(*start, system::lately()),
            Source::Mock(nanos) => Moment::between(LATE, nanos.load(Ordering::Acquire)),
        }
    }
}

/// The system's monotonic clock, in nanoseconds since some moment before this process.
#[cfg(target_os = "linux")]
mod system {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn now() -> u64 {
        read(ClockId::Monotonic)
    }

    /// What the clock showed when the kernel's timer last ticked, every 1 to 10 milliseconds.
    pub(super) fn lately() -> u64 {
        read(ClockId::MonotonicCoarse)
    }

    fn read(clock: ClockId) -> u64 {
        let time = clock_gettime(clock);
        // Neither is ever negative on these clocks.
        (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
    }
}

/// The system's monotonic clock, in nanoseconds since it was first read.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn now() -> u64 {
        u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) fn lately() -> u64 {
        now()
    }
}

impl<'a> Now<'a> {
    /// The moment at which it will first be asked for.
    pub(crate) fn of(clock: &'a Clock) -> Self {
        Self { clock, moment: OnceCell::new() }
    }

    pub(crate) fn moment(&self) -> Moment {
        *self.moment.get_or_init(|| self.clock.now())
    }

    /// A moment that has passed, not long ago, for what that can tell: by the exact reading where
    /// there is one, otherwise by a cheap one.
    pub(crate) fn lately(&self) -> Moment {
        self.moment.get().copied().unwrap_or_else(|| self.clock.lately())
    }
}

impl MockClock {
    /// Moves the clock forward. It stops at its end, 584 years, instead of wrapping.
    pub fn advance(&self, by: Duration) {
        let step = |nanos| Some(Moment(nanos).after(by).0);
        // The closure always answers `Some`, so the update cannot fail.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
    }
}

impl Moment {
    /// Later than any clock can show, so that comparing with it needs no special case.
    pub(crate) const NEVER: Self = Self(u64::MAX);
    const LAST: u64 = u64::MAX - 1;

    /// The part of time that the moment is in: 2^30 nanoseconds, a little more than a second. The
    /// last but one of all, at 146 years, has no end.
    pub(crate) fn tick(self) -> u32 {
        u32::try_from(self.0 >> 30).unwrap_or(u32::MAX).min(u32::MAX - 1)
    }

    /// What a clock shows that began at one reading and is read at another. It stops at the last
    /// moment that it can show.
    fn between(start: u64, reading: u64) -> Self {
        Self(reading.saturating_sub(start).min(Self::LAST))
    }

    /// The latest tick that it may be now if a cheap reading shows this moment. A kernel moves what
    /// is read cheaply with its timer, every 1 to 10 milliseconds; that may come late where a
    /// machine's host is too busy to run it, so seconds are allowed for.
    pub(crate) fn latest_tick_since(self) -> u32 {
        self.tick().saturating_add(LATEST_TICKS)
    }

    pub(crate) fn of_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// The time from an earlier moment to this one; zero from a later one.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment and `by`, at most the last that a clock can show.
    pub(crate) fn after(self, by: Duration) -> Self {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(by).min(Self::LAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_clock_and_its_clones_move_only_when_advanced() {
        let (clock, handle) = Clock::mock();
        let clone = clock.clone();
        assert_eq!(clock.now(), Moment(0));
        handle.advance(Duration::from_nanos(1));
        assert_eq!((clock.now(), clone.now()), (Moment(1), Moment(1)));
    }

    #[test]
    fn a_reading_is_made_once() {
        let (clock, handle) = Clock::mock();
        let now = Now::of(&clock);
        handle.advance(Duration::from_nanos(1));
        assert_eq!(now.moment(), Moment(1));
        handle.advance(Duration::from_nanos(1));
        assert_eq!(now.moment(), Moment(1));
    }

    #[test]
    fn a_tick_is_about_a_second_and_the_last_is_before_never() {
        let ticks = [(0, 0), (1 << 30, 1), ((1 << 30) - 1, 0), (Moment::LAST, u32::MAX - 1)];
        for (nanos, tick) in ticks {
            assert_eq!(Moment(nanos).tick(), tick, "{nanos}");
        }
    }

    #[test]
    fn a_clock_stops_at_its_end_before_never() {
        let (clock, handle) = Clock::mock();
        for _ in 0..2 {
            handle.advance(Duration::MAX);
            assert_eq!(clock.now(), Moment(Moment::LAST));
            assert!(clock.now() < Moment::NEVER);
        }
    }

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = Clock::system();
        let readings: Vec<_> = (0..1000).map(|_| clock.now()).collect();
        assert!(readings.is_sorted());
    }

    #[test]
    fn the_cheap_reading_is_late_and_not_by_much() {
        let clock = Clock::system();
        let end = clock.now().after(Duration::from_millis(30));
        loop {
            let before = clock.now();
            let lately = clock.lately();
            let after = clock.now();
            assert!(lately <= after, "{lately:?} is to come at {after:?}");
            assert!(before.tick() <= lately.latest_tick_since(), "{lately:?} was {before:?}");
            if after > end {
                break;
            }
        }
        let (clock, handle) = Clock::mock();
        assert_eq!(clock.lately(), Moment(0));
        handle.advance(Duration::from_secs(1));
        assert_eq!(clock.lately(), Moment(1_000_000_000 - LATE));
    }
}
