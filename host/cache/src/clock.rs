//! The clock of the cache: a count of nanoseconds that never decreases.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// A monotonic clock: the system's, or a mock that a test advances.
///
/// Clones share the same time. The system's clock counts nanoseconds since its creation and ignores
/// changes of the wall clock. On Linux it stops while the machine is suspended. Either clock stops
/// for good after 584 years.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The value of [`system::now`] when the clock was created.
    System(u64),
    Mock(Arc<AtomicU64>),
}

/// The lag of a mock clock's coarse reading, in nanoseconds: the maximum lag on a kernel with 100
/// timer ticks a second.
const LATE: u64 = 10_000_000;

/// The assumed maximum lag of a coarse reading, in ticks of [`Moment::tick`].
const LATEST_TICKS: u32 = 8;

/// A handle that advances a mock [`Clock`] and all its clones.
#[derive(Debug, Clone)]
pub struct MockClock(Arc<AtomicU64>);

/// At most one exact reading of a clock, made on first use, so that all code that runs until a lock
/// is released sees the same time. Checking an entry without an expiry reads no clock, and checking
/// a distant deadline needs only a coarse reading.
pub(crate) struct Now<'a> {
    clock: &'a Clock,
    moment: OnceCell<Moment>,
}

/// A point in time, in nanoseconds since the clock was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Clock {
    /// Returns a clock that starts at zero now and follows the system's monotonic clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(system::now()))
    }

    /// Returns a clock that stays at zero until the handle advances it.
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

    /// Returns a coarse reading. It is normally at most 10 milliseconds old, and may be
    /// [older](Moment::latest_tick_since) after the machine was paused. On Linux, a coarse reading
    /// of the system's clock costs about a quarter of an exact one. On other systems, it is exact.
    fn lately(&self) -> Moment {
        match &self.0 {
            Source::System(start) => Moment::between(*start, system::lately()),
            Source::Mock(nanos) => Moment::between(LATE, nanos.load(Ordering::Acquire)),
        }
    }
}

/// The system's monotonic clock, in nanoseconds since some time before this process started.
#[cfg(target_os = "linux")]
mod system {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn now() -> u64 {
        read(ClockId::Monotonic)
    }

    /// Returns the time of the kernel's last timer tick; there is one every 1 to 10 milliseconds.
    pub(super) fn lately() -> u64 {
        read(ClockId::MonotonicCoarse)
    }

    fn read(clock: ClockId) -> u64 {
        let time = clock_gettime(clock);
        // These clocks are never negative.
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
    /// Prepares a reading. The clock is read on first use.
    pub(crate) fn of(clock: &'a Clock) -> Self {
        Self { clock, moment: OnceCell::new() }
    }

    pub(crate) fn moment(&self) -> Moment {
        *self.moment.get_or_init(|| self.clock.now())
    }

    /// Returns the exact reading if the clock was already read, otherwise a coarse reading, which
    /// may be slightly old.
    pub(crate) fn lately(&self) -> Moment {
        self.moment.get().copied().unwrap_or_else(|| self.clock.lately())
    }
}

impl MockClock {
    /// Advances the clock. After 584 years the clock stops instead of wrapping.
    pub fn advance(&self, by: Duration) {
        let step = |nanos| Some(Moment(nanos).after(by).0);
        // The closure always returns `Some`, so the update cannot fail.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
    }
}

impl Moment {
    /// The deadline of an entry without expiry: later than any reading of a clock.
    pub(crate) const NEVER: Self = Self(u64::MAX);
    const LAST: u64 = u64::MAX - 1;

    /// Returns the tick that contains the moment. A tick is 2^30 nanoseconds, a little more than a
    /// second. All moments after 146 years are in the same tick.
    pub(crate) fn tick(self) -> u32 {
        u32::try_from(self.0 >> 30).unwrap_or(u32::MAX).min(u32::MAX - 1)
    }

    /// Returns the time from `start` to `reading`: zero if `reading` is earlier, and at most the
    /// last moment that a clock can show.
    fn between(start: u64, reading: u64) -> Self {
        Self(reading.saturating_sub(start).min(Self::LAST))
    }

    /// Returns an upper bound for the current tick, given this coarse reading and its assumed
    /// maximum lag. The kernel normally updates the coarse clock every 1 to 10 milliseconds. On an
    /// overloaded virtual machine, the update may come seconds late.
    pub(crate) fn latest_tick_since(self) -> u32 {
        self.tick().saturating_add(LATEST_TICKS)
    }

    pub(crate) fn of_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the time since an earlier moment; zero if `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Returns this moment plus `by`, at most the last moment that a clock can show.
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
