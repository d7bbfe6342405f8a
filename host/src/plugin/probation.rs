//! The probation of a version that replaced another: its first calls decide whether it is kept.

use super::version::{Digest, Version};
use crate::engine::{CallError, Limit};
use crate::service::Response;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Calls that must fail by the guest's fault before a rollback. One may be bad luck and two a
/// coincidence.
const CALLS: u32 = 3;

/// Timeouts that count as one failed call while the host is busy: a good version may be slow then,
/// but one that never responds must still be rolled back.
const BUSY_TIMEOUTS: u32 = 10;

/// Records that a new version failed its probation and the old one serves again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The version that failed.
    pub from: Digest,
    /// When the old version was restored.
    pub at: SystemTime,
    /// The error of its last call.
    pub reason: String,
}

/// The failures of a new version so far, and the version to restore.
///
/// It ends with the first response. An error that the guest did not cause, and a failure that the
/// service returns, count neither for nor against the version: a caller that sends bad requests can
/// neither have a good version rolled back nor a bad one kept. A caller who knows a request that
/// makes the guest trap can force a rollback, unless another caller gets a response before the
/// third trap. A call that timed out while the host was busy may not have had its share of the
/// processors: ten of them count as one.
///
/// The old version stays in memory until the probation ends, without instances: at most one for
/// each plugin, until the new one has responded once.
pub(super) struct Probation {
    /// Read by every call: the only cost of a probation once it has ended. `Relaxed` is enough,
    /// because the lock of `calls` guards everything else.
    open: AtomicBool,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    /// Calls that failed by the guest's fault.
    failed: u32,
    /// The sum of their weights: each [`BUSY_TIMEOUTS`], or 1.
    weight: u32,
    previous: Option<Arc<Version>>,
}

impl Probation {
    /// For a version that replaced nothing or was restored: already ended.
    pub(super) fn none() -> Self {
        Probation { open: AtomicBool::new(false), calls: Mutex::default() }
    }

    /// For a version that replaced `previous`.
    pub(super) fn against(previous: Arc<Version>) -> Self {
        let calls = Calls { previous: Some(previous), ..Calls::default() };
        Probation { open: AtomicBool::new(true), calls: Mutex::new(calls) }
    }

    /// Records the outcome of a call. If the version thereby fails its probation, returns the
    /// number of failed calls.
    pub(super) fn take_in(
        &self,
        outcome: &Result<Response, CallError>,
        is_busy: impl FnOnce() -> bool,
    ) -> Option<u32> {
        if !self.open.load(Ordering::Relaxed) {
            return None;
        }
        match outcome {
            Ok(_) => drop(self.end()),
            Err(error) if is_guest_fault(error) => {
                let counts_less = is_out_of_time(error) && is_busy();
                return self.calls().count(if counts_less { 1 } else { BUSY_TIMEOUTS });
            }
            Err(_) => {}
        }
        None
    }

    /// Ends the probation, and returns the version that it kept for a rollback.
    pub(super) fn end(&self) -> Option<Arc<Version>> {
        self.open.store(false, Ordering::Relaxed);
        self.calls().previous.take()
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    /// Counts a failed call; returns the number of failures if this one exceeds the allowance.
    fn count(&mut self, weight: u32) -> Option<u32> {
        const MAX_WEIGHT: u32 = CALLS * BUSY_TIMEOUTS;
        let were_too_many = self.weight >= MAX_WEIGHT;
        self.failed = self.failed.saturating_add(1);
        self.weight = self.weight.saturating_add(weight);
        (!were_too_many && self.weight >= MAX_WEIGHT).then_some(self.failed)
    }
}

fn is_out_of_time(error: &CallError) -> bool {
    matches!(error, CallError::Limit(reached) if reached.limit == Limit::Time)
}

/// True if the guest made the call fail, rather than the request, the load or the machine.
fn is_guest_fault(error: &CallError) -> bool {
    match error {
        CallError::Trap { .. } | CallError::Exit | CallError::ContractViolation(_) => true,
        CallError::Limit(reached) => reached.limit != Limit::Request,
        CallError::Failure(_)
        | CallError::Host(_)
        | CallError::Busy(_)
        | CallError::UnknownService { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;
    use crate::service::{Failure, FailureKind};

    #[track_caller]
    fn check(error: CallError, counts: bool) {
        assert_eq!(is_guest_fault(&error), counts, "{error}");
    }

    /// Checks after how many failed calls a version is rolled back if each `trap_each`th is a trap
    /// and the others time out while the host is busy.
    #[track_caller]
    fn check_calls(trap_each: u32, rolled_back_after: u32) {
        let calls = Mutex::new(Calls::default());
        let probation = Probation { open: AtomicBool::new(true), calls };
        let failed = (1..200).find_map(|number| {
            let is_trap = number % trap_each == 0;
            let error = match is_trap {
                true => CallError::Trap { reason: String::new(), frames: Vec::new() },
                false => CallError::Limit(Limit::Time.reached(&Limits::default())),
            };
            probation.take_in(&Err(error), || true)
        });
        assert_eq!(failed, Some(rolled_back_after));
        let again = probation.take_in(&Err(CallError::Exit), || true);
        assert_eq!(again, None, "it is rolled back once");
    }

    #[test]
    fn a_timeout_counts_a_tenth_while_the_host_is_busy() {
        check_calls(1, 3);
        check_calls(2, 6);
        check_calls(1_000, 30);
        let probation = Probation { open: AtomicBool::new(true), calls: Mutex::default() };
        let timeout = || Err(CallError::Limit(Limit::Time.reached(&Limits::default())));
        let calls = [(); 3].map(|()| probation.take_in(&timeout(), || false));
        assert_eq!(calls, [None, None, Some(3)]);
    }

    #[test]
    fn only_what_the_guest_did_counts_against_it() {
        let limit = |limit: Limit| CallError::Limit(limit.reached(&Limits::default()));
        check(CallError::Trap { reason: String::new(), frames: Vec::new() }, true);
        check(CallError::Exit, true);
        check(CallError::ContractViolation(String::new()), true);
        for reached in [Limit::Time, Limit::Memory, Limit::Stack, Limit::Handles, Limit::Response] {
            check(limit(reached), true);
        }
        check(limit(Limit::Request), false);
        check(CallError::Busy(String::new()), false);
        check(CallError::Host(String::new()), false);
        for kind in [FailureKind::BadRequest, FailureKind::Internal] {
            check(CallError::Failure(Failure { kind, message: String::new() }), false);
        }
    }
}
