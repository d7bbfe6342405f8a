//! The recent CPU time of a plugin's long calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// The time after which used CPU time counts only half.
const HALF_LIFE: Duration = Duration::from_secs(1);

/// The recent CPU time per processor that a plugin's long calls may use before they run on the
/// threads for long calls. With a half-life of one second, this is 7 % of each processor's time.
const ALLOWANCE: Duration = Duration::from_millis(100);

/// The recent CPU time of one plugin's long calls. Each version of a plugin has its own value.
pub(in crate::engine) struct CpuShare {
    used: Mutex<Option<Used>>,
    made: Instant,
    /// Nanoseconds from `made` until the plugin has an allowance again. 0 while it is known to
    /// have one, so that [`CpuShare::has_allowance`] need not read the clock.
    spent_until: AtomicU64,
}

#[derive(Clone, Copy)]
struct Used {
    seconds: f64,
    at: Instant,
}

impl Default for CpuShare {
    fn default() -> Self {
        let spent_until = AtomicU64::new(0);
        CpuShare { used: Mutex::default(), made: Instant::now(), spent_until }
    }
}

impl CpuShare {
    /// Adds the CPU time of a call, or the wall-clock time if the CPU time was not measured.
    pub(super) fn charge(&self, time: Duration) {
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = used.map_or(0.0, |used| used.after(now)) + time.as_secs_f64();
        *used = Some(Used { seconds, at: now });
        let half_lives = (seconds / allowance()).log2();
        if half_lives > 0.0 {
            let spent = now.saturating_duration_since(self.made) + HALF_LIFE.mul_f64(half_lives);
            let nanoseconds = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
            self.spent_until.store(nanoseconds, Ordering::Relaxed);
        }
    }

    /// True if the recent CPU time of the plugin's long calls is below the allowance.
    pub(super) fn has_allowance(&self) -> bool {
        let spent_until = self.spent_until.load(Ordering::Relaxed);
        if spent_until == 0 {
            return true;
        }
        let has_returned = self.made.elapsed() >= Duration::from_nanos(spent_until);
        if has_returned {
            self.spent_until.store(0, Ordering::Relaxed);
        }
        has_returned
    }

    /// Returns the recent CPU time at the time `now`, in seconds.
    pub(super) fn used(&self, now: Instant) -> f64 {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.map_or(0.0, |used| used.after(now))
    }
}

/// Returns the allowance of a plugin on this machine, in seconds.
fn allowance() -> f64 {
    static SECONDS: OnceLock<f64> = OnceLock::new();
    *SECONDS.get_or_init(|| {
        let processors = available_parallelism().map_or(1, usize::from);
        ALLOWANCE.as_secs_f64() * processors as f64
    })
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

    #[test]
    fn an_allowance_that_is_spent_returns_after_the_time_in_which_enough_is_forgotten() {
        let share = CpuShare::default();
        share.charge(Duration::from_secs_f64(allowance() / 2.0));
        assert!(share.has_allowance());
        share.charge(Duration::from_secs_f64(allowance() * 3.5));
        assert!(!share.has_allowance());
        // In two half-lives, four times the allowance decays to the allowance.
        let until = Duration::from_nanos(share.spent_until.load(Ordering::Relaxed));
        let left = until.saturating_sub(share.made.elapsed());
        assert!(left <= 2 * HALF_LIFE && left > HALF_LIFE, "{left:?}");
        share.spent_until.store(1, Ordering::Relaxed);
        assert!(share.has_allowance());
        assert_eq!(share.spent_until.load(Ordering::Relaxed), 0);
    }
}
