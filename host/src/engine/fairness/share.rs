//! What each plugin has computed of late.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// The time in which half of what a plugin has computed is forgotten.
const HALF_LIFE: Duration = Duration::from_secs(1);

/// What the long calls of a plugin may have computed of late before further ones go on at a low
/// priority, for each processor of the machine: 7 % of it, as half is forgotten in a second.
const ALLOWANCE: Duration = Duration::from_millis(100);

/// What the long calls of one plugin have computed of late.
#[derive(Default)]
pub(in crate::engine) struct CpuShare(Mutex<Option<Used>>);

#[derive(Clone, Copy)]
struct Used {
    seconds: f64,
    at: Instant,
}

impl CpuShare {
    /// Adds what a call has computed.
    pub(super) fn charge(&self, time: Duration) {
        let now = Instant::now();
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = used.map_or(0.0, |used| used.after(now)) + time.as_secs_f64();
        *used = Some(Used { seconds, at: now });
    }

    /// Whether its long calls have computed for less than their allowance of late.
    pub(super) fn has_allowance(&self) -> bool {
        static SECONDS: OnceLock<f64> = OnceLock::new();
        let seconds = SECONDS.get_or_init(|| {
            let processors = available_parallelism().map_or(1, usize::from);
            ALLOWANCE.as_secs_f64() * processors as f64
        });
        self.used(Instant::now()) < *seconds
    }

    /// Seconds that it has computed of late.
    pub(super) fn used(&self, now: Instant) -> f64 {
        let used = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.map_or(0.0, |used| used.after(now))
    }
}

impl Used {
    fn after(self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.seconds * (-passed / HALF_LIFE.as_secs_f64()).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_a_plugin_has_computed_is_forgotten_in_a_second() {
        let at = Instant::now();
        let used = Used { seconds: 4.0, at };
        let after = |seconds| used.after(at + Duration::from_secs(seconds));
        assert_eq!([after(0), after(1), after(2)], [4.0, 2.0, 1.0]);
    }
}
