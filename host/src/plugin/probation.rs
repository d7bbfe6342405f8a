//! The trial of a version that replaced another: its first calls decide whether it stays.

use super::Digest;
use super::version::Version;
use crate::engine::{CallError, Limit};
use crate::hostcalls::handler::Response;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Calls that all have to end by the guest's own fault, for the old version to be brought back.
/// One may be bad luck and two a coincidence.
const CALLS: u32 = 3;

/// Calls out of time that count as one while the host is busy: a good version may be slow then, and
/// one that never answers is still found out.
const BUSY_TIMEOUTS: u32 = 10;

/// That a new version failed its trial, and the old one serves again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The version that failed.
    pub from: Digest,
    /// When the old one was brought back.
    pub at: SystemTime,
    /// What the last of its calls ended with.
    pub reason: String,
}

/// What the first calls of a new version came to so far, and the version to bring back.
///
/// It ends with the first response. An error that the guest did not cause, and a failure that the
/// service answers, count neither for nor against it: a caller who sends bad requests can neither
/// have a good version thrown out nor a bad one kept. A caller who knows a request that makes the
/// guest trap can have it thrown out, if nobody else gets an answer before the third. A call that
/// ran out of time while the host was busy may not have had its share of the processors: ten of
/// them count as one.
///
/// The old version stays in memory until the trial ends, without instances: one a plugin at most,
/// for as long as the new one has answered nobody.
pub(super) struct Probation {
    /// Read by every call: all that a trial costs once it has ended.
    open: AtomicBool,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    /// Those that failed by the guest's own fault.
    failed: u32,
    /// What they count together: each [`BUSY_TIMEOUTS`], or 1.
    weight: u32,
    previous: Option<Arc<Version>>,
}

impl Probation {
    /// A version that replaced nothing, and one that was brought back, is not on trial.
    pub(super) fn none() -> Self {
        Probation { open: AtomicBool::new(false), calls: Mutex::default() }
    }

    /// The trial of a version that replaced `previous`.
    pub(super) fn against(previous: Arc<Version>) -> Self {
        let calls = Calls { previous: Some(previous), ..Calls::default() };
        Probation { open: AtomicBool::new(true), calls: Mutex::new(calls) }
    }

    /// Takes in how a call ended. Where the trial has failed by that, it answers the number of
    /// calls that failed.
    pub(super) fn take_in(
        &self,
        answer: &Result<Response, CallError>,
        is_busy: impl FnOnce() -> bool,
    ) -> Option<u32> {
        if !self.open.load(Ordering::Relaxed) {
            return None;
        }
        match answer {
            Ok(_) => drop(self.end()),
            Err(error) if is_the_guests_own(error) => {
                let counts_less = is_out_of_time(error) && is_busy();
                return self.calls().count(if counts_less { 1 } else { BUSY_TIMEOUTS });
            }
            Err(_) => {}
        }
        None
    }

    /// Ends the trial, and answers the version that was to be brought back.
    pub(super) fn end(&self) -> Option<Arc<Version>> {
        self.open.store(false, Ordering::Relaxed);
        self.calls().previous.take()
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    /// Counts a call, and answers how many there are if it is the one by which they are too many.
    fn count(&mut self, weight: u32) -> Option<u32> {
        const MOST: u32 = CALLS * BUSY_TIMEOUTS;
        let were_too_many = self.weight >= MOST;
        self.failed = self.failed.saturating_add(1);
        self.weight = self.weight.saturating_add(weight);
        (!were_too_many && self.weight >= MOST).then_some(self.failed)
    }
}

fn is_out_of_time(error: &CallError) -> bool {
    matches!(error, CallError::Limit(reached) if reached.limit == Limit::Time)
}

/// Whether a call ended by what the guest did, and not by the request, the load or the machine.
fn is_the_guests_own(error: &CallError) -> bool {
    match error {
        CallError::Trap { .. } | CallError::Exit | CallError::Garbage(_) => true,
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
    use crate::hostcalls::handler::{Failure, FailureKind};

    #[track_caller]
    fn check(error: CallError, counts: bool) {
        assert_eq!(is_the_guests_own(&error), counts, "{error}");
    }

    /// How many calls fail before a version is thrown out, when every so many-th is a trap and the
    /// others run out of time while the host is busy.
    #[track_caller]
    fn check_calls(a_trap_each: u32, thrown_out_after: u32) {
        let calls = Mutex::new(Calls::default());
        let trial = Probation { open: AtomicBool::new(true), calls };
        let failed = (1..200).find_map(|number| {
            let is_trap = number % a_trap_each == 0;
            let error = match is_trap {
                true => CallError::Trap { reason: String::new(), frames: Vec::new() },
                false => CallError::Limit(Limit::Time.reached(&Limits::default())),
            };
            trial.take_in(&Err(error), || true)
        });
        assert_eq!(failed, Some(thrown_out_after));
        assert_eq!(trial.take_in(&Err(CallError::Exit), || true), None, "it is thrown out once");
    }

    #[test]
    fn a_call_out_of_time_counts_a_tenth_while_the_host_is_busy() {
        check_calls(1, 3);
        check_calls(2, 6);
        check_calls(1_000, 30);
        let trial = Probation { open: AtomicBool::new(true), calls: Mutex::default() };
        let timeout = || Err(CallError::Limit(Limit::Time.reached(&Limits::default())));
        let calls = [(); 3].map(|()| trial.take_in(&timeout(), || false));
        assert_eq!(calls, [None, None, Some(3)]);
    }

    #[test]
    fn only_what_the_guest_did_counts_against_it() {
        let limit = |limit: Limit| CallError::Limit(limit.reached(&Limits::default()));
        check(CallError::Trap { reason: String::new(), frames: Vec::new() }, true);
        check(CallError::Exit, true);
        check(CallError::Garbage(String::new()), true);
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
