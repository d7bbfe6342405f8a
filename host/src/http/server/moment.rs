//! A point in time that threads share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// An optional point in time. Zero means unset; otherwise the value is the nanoseconds since the
/// connection began, plus one.
#[derive(Default)]
pub(super) struct AtomicInstant(AtomicU64);

impl AtomicInstant {
    pub(super) fn set(&self, start: Instant) {
        self.set_to(start, Instant::now());
    }

    pub(super) fn set_to(&self, start: Instant, now: Instant) {
        self.0.store(nanoseconds(now - start).saturating_add(1), Ordering::Relaxed);
    }

    /// Adds a duration to the time, if it is set.
    pub(super) fn add(&self, time: Duration) {
        if self.is_set() {
            self.0.fetch_add(nanoseconds(time), Ordering::Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Returns the time plus a duration, or `None` if the time is unset.
    pub(super) fn plus(&self, start: Instant, time: Duration) -> Option<Instant> {
        let since = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        start.checked_add(Duration::from_nanos(since))?.checked_add(time)
    }

    /// Moves the time back by a second, if it is set.
    #[cfg(test)]
    pub(super) fn a_second_passes(&self) {
        if self.is_set() {
            self.0.fetch_sub(1_000_000_000, Ordering::Relaxed);
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
