//! A circuit breaker: blocks operations while a server does not respond, and lets one at a time
//! through as a probe.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Consecutive failures that open the circuit.
const MAX_FAILURES: u32 = 3;

/// How long an open circuit refuses operations before it lets a probe through: short enough to use
/// a recovered server soon, and long enough that probes do not load a failing server.
pub(super) const OPEN_TIME: Duration = Duration::from_millis(200);

/// The circuit of one server.
#[derive(Debug, Default)]
pub(super) struct Circuit(Mutex<CircuitState>);

#[derive(Debug)]
enum CircuitState {
    /// Operations pass. `failures` counts the failures since the last success.
    Closed { failures: u32 },
    /// Operations are refused until this time.
    Open { until: Instant },
    /// A probe has been running since this time. Any success closes the circuit. Of the failures,
    /// only that of the probe counts: it opens the circuit again.
    HalfOpen { since: Instant },
}

impl Default for CircuitState {
    fn default() -> Self {
        CircuitState::Closed { failures: 0 }
    }
}

/// Permission for an operation to use the server. Dropping it without a result counts as neither
/// success nor failure.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    circuit: &'a Circuit,
    is_probe: bool,
    entered: Instant,
}

impl Circuit {
    /// Lets an operation through, as the probe if the circuit has been open for [`OPEN_TIME`].
    /// Returns `None` if the circuit has been open for less time, or while a probe is running.
    pub(super) fn enter(&self, now: Instant) -> Option<Pass<'_>> {
        let mut state = self.state();
        match *state {
            CircuitState::Closed { .. } => Some(self.pass(false, now)),
            CircuitState::Open { until } if now >= until => {
                *state = CircuitState::HalfOpen { since: now };
                Some(self.pass(true, now))
            }
            CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => None,
        }
    }

    fn pass(&self, is_probe: bool, entered: Instant) -> Pass<'_> {
        Pass { circuit: self, is_probe, entered }
    }

    /// True if the circuit refuses operations other than a probe.
    pub(super) fn is_open(&self) -> bool {
        !matches!(*self.state(), CircuitState::Closed { .. })
    }

    fn state(&self) -> MutexGuard<'_, CircuitState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Returns the time since the circuit let the operation through.
    pub(super) fn elapsed(&self) -> Duration {
        self.entered.elapsed()
    }

    /// Reports that the server responded, which closes the circuit.
    pub(super) fn succeeded(mut self) {
        self.is_probe = false;
        *self.circuit.state() = CircuitState::default();
    }

    /// Reports that the server did not respond. Returns true if the circuit is open or half-open
    /// now.
    pub(super) fn failed(mut self, now: Instant) -> bool {
        let was_probe = std::mem::take(&mut self.is_probe);
        let open = CircuitState::Open { until: now + OPEN_TIME };
        let mut state = self.circuit.state();
        match &mut *state {
            CircuitState::Closed { failures } => *failures += 1,
            CircuitState::HalfOpen { .. } if was_probe => *state = open,
            // Only the probe's failure counts here: other operations began before the circuit
            // opened.
            CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => return true,
        }
        if let CircuitState::Closed { failures: MAX_FAILURES.. } = *state {
            *state = CircuitState::Open { until: now + OPEN_TIME };
        }
        matches!(*state, CircuitState::Open { .. })
    }
}

/// After a cancelled probe, the next operation becomes the probe.
impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.circuit.state();
        if let (true, CircuitState::HalfOpen { since }) = (self.is_probe, &*state) {
            *state = CircuitState::Open { until: *since };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a circuit that has just opened, and the earliest time at which it lets an operation
    /// through.
    fn opened() -> (Circuit, Instant) {
        let (circuit, now) = (Circuit::default(), Instant::now());
        for failure in 1..=MAX_FAILURES {
            assert_eq!(circuit.enter(now).unwrap().failed(now), failure == MAX_FAILURES);
        }
        (circuit, now + OPEN_TIME)
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_response_starts_the_count_again() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..MAX_FAILURES {
            circuit.enter(now).unwrap().succeeded();
            circuit.enter(now).unwrap().failed(now);
        }
        assert!(!circuit.is_open());
        let (circuit, later) = opened();
        let before = later - Duration::from_nanos(1);
        assert!(circuit.is_open() && circuit.enter(before).is_none());
    }

    #[test]
    fn a_half_open_circuit_permits_one_operation_that_decides() {
        let (circuit, later) = opened();
        let probe = circuit.enter(later).unwrap();
        assert!(circuit.enter(later).is_none());
        assert!(probe.failed(later) && circuit.enter(later).is_none());
        circuit.enter(later + OPEN_TIME).unwrap().succeeded();
        assert!(!circuit.is_open());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_place_to_the_next() {
        let (circuit, later) = opened();
        drop(circuit.enter(later).unwrap());
        drop(circuit.enter(later).unwrap());
        assert!(circuit.is_open() && circuit.enter(later).is_some());
    }

    #[test]
    fn operations_of_before_do_not_decide_for_the_probe() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        let old: Vec<_> = (0..5).map(|_| circuit.enter(now).unwrap()).collect();
        for _ in 0..MAX_FAILURES {
            circuit.enter(now).unwrap().failed(now);
        }
        let later = now + OPEN_TIME;
        let probe = circuit.enter(later).unwrap();
        assert!(old.into_iter().all(|pass| pass.failed(later)));
        probe.succeeded();
        assert!(!circuit.is_open());
    }
}
