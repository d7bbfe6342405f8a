//! The probation of a new version: the version's first calls decide whether it is kept.

use super::version::{Digest, Version};
use crate::engine::{CallError, Limit};
use crate::service::Response;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Number of calls that must fail through the guest's fault before a rollback. One or two failures
/// may be a coincidence.
const CALLS: u32 = 3;

/// Number of timeouts that count as one failed call while the host is busy: a good version may be
/// slow then, but a version that never responds must still be rolled back.
const BUSY_TIMEOUTS: u32 = 10;

/// Records that a new version failed its probation and the old one serves again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The version that failed.
    pub from: Digest,
    /// When the old version was restored.
    pub at: SystemTime,
    /// The error of the call that caused the rollback.
    pub reason: String,
}

/// The failures of a new version so far, and the version to restore.
///
/// The probation ends with the first response, a rollback or a further replacement. Errors that the
/// guest did not cause, and failures that the service returns, do not count: bad requests can
/// neither roll back a good version nor keep a bad one. However, a caller who knows a request that
/// makes the guest trap can force a rollback, unless a response ends the probation before the third
/// trap. Calls that time out while the host is busy may have had too little processor time, so ten
/// of them count as one.
///
/// Until the probation ends, the old version stays in memory, without idle instances: at most one
/// old version for each plugin.
pub(super) struct Probation {
    /// Every call reads this flag. A probation that has ended has no other cost. `Relaxed` is
    /// enough, because the lock of `calls` guards everything else.
    open: AtomicBool,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    /// Number of calls that failed through the guest's fault.
    failed: u32,
    /// The sum of the weights of the failed calls. The weight of a call is [`BUSY_TIMEOUTS`], or 1
    /// if the call timed out while the host was busy.
    weight: u32,
    previous: Option<Arc<Version>>,
}

impl Probation {
    /// Creates an ended probation, for a version that replaced no other version or was restored.
    pub(super) fn none() -> Self {
        Probation { open: AtomicBool::new(false), calls: Mutex::default() }
    }

    /// Creates the probation of a version that replaced `previous`.
    pub(super) fn against(previous: Arc<Version>) -> Self {
        let calls = Calls { previous: Some(previous), ..Calls::default() };
        Probation { open: AtomicBool::new(true), calls: Mutex::new(calls) }
    }

    /// Records the outcome of a call. If the version fails its probation with this call, returns
    /// the number of failed calls.
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

    /// Ends the probation, and returns the version that was kept for a rollback. Returns `None` if
    /// the probation has already ended.
    pub(super) fn end(&self) -> Option<Arc<Version>> {
        self.open.store(false, Ordering::Relaxed);
        self.calls().previous.take()
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    /// Counts a failed call. Returns the number of failed calls if this call reaches the limit.
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

/// True if the error counts as the guest's fault. A failure that the service returns does not,
/// because it may be due to the request.
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

    /// Checks the number of failed calls before a rollback, if every `trap_each`th call traps and
    /// the others time out while the host is busy.
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
