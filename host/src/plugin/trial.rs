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
pub(super) const CALLS: u32 = 3;

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
/// guest trap can have it thrown out, if nobody else gets an answer before the third.
///
/// The old version stays in memory until the trial ends, with the instances that it keeps for
/// calls to come: one a plugin at most, for as long as the new one has answered nobody.
pub(super) struct Trial {
    /// Read by every call: all that a trial costs once it has ended.
    open: AtomicBool,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    failed: u32,
    previous: Option<Arc<Version>>,
}

impl Trial {
    /// A version that replaced nothing, and one that was brought back, is not on trial.
    pub(super) fn none() -> Self {
        Trial { open: AtomicBool::new(false), calls: Mutex::default() }
    }

    /// The trial of a version that replaced `previous`.
    pub(super) fn against(previous: Arc<Version>) -> Self {
        let calls = Calls { failed: 0, previous: Some(previous) };
        Trial { open: AtomicBool::new(true), calls: Mutex::new(calls) }
    }

    /// Takes in how a call ended, and answers whether the trial has failed by that.
    pub(super) fn take_in(&self, answer: &Result<Response, CallError>) -> bool {
        if !self.open.load(Ordering::Relaxed) {
            return false;
        }
        match answer {
            Ok(_) => drop(self.end()),
            Err(error) if is_the_guests_own(error) => {
                let mut calls = self.calls();
                calls.failed += 1;
                return calls.failed == CALLS;
            }
            Err(_) => {}
        }
        false
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
