//! A long call. A thread for long calls polls the call once at first, and then again each time the
//! call is woken.

use super::queue::LongQueue;
use super::share::CpuShare;
use rustix::time::{ClockId, clock_gettime};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};
use std::task::{Context, Wake, Waker};
use std::time::Duration;
use tokio::runtime::Handle;

pub(super) type CallWork = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The call is waiting to be woken.
const WAITING: u8 = 0;
/// The call is in the queue.
const READY: u8 = 1;
/// A thread is polling the call.
const POLLED: u8 = 2;
/// A thread is polling the call, which was woken during the poll.
const WOKEN: u8 = 3;

/// A call that continues on the threads for long calls.
pub(super) struct LongCall {
    progress: Mutex<LongWork>,
    state: AtomicU8,
    is_dropped: AtomicBool,
    is_over: AtomicBool,
    share: Arc<CpuShare>,
    queue: Weak<LongQueue<Arc<LongCall>>>,
    /// The tokio runtime that drives the call's timers and I/O.
    runtime: Handle,
}

struct LongWork {
    /// `None` once the call has ended, was stopped or was dropped.
    work: Option<CallWork>,
    /// The CPU time that the call may still use.
    left: Duration,
}

/// Dropping this value drops the work of a call: at once, or after the current poll.
pub(super) struct Owner(Arc<LongCall>);

impl LongCall {
    /// Creates a long call and adds it to the queue. Must be called within a tokio runtime.
    pub(super) fn begin(
        work: CallWork,
        queue: &Arc<LongQueue<Arc<LongCall>>>,
        share: &Arc<CpuShare>,
        left: Duration,
    ) -> Owner {
        let task = Arc::new(LongCall {
            progress: Mutex::new(LongWork { work: Some(work), left }),
            state: AtomicU8::new(READY),
            is_dropped: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            share: Arc::clone(share),
            queue: Arc::downgrade(queue),
            runtime: Handle::current(),
        });
        queue.push(share, Arc::clone(&task));
        Owner(task)
    }

    /// True if the call was stopped because it exceeded its CPU limit.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Polls the call once, and queues it again if it was woken during the poll.
    pub(super) fn poll(self: Arc<Self>) {
        self.state.store(POLLED, Ordering::SeqCst);
        {
            // Dropping the work may spawn a task, for example to release the call's leases.
            let _context = self.runtime.enter();
            let ended = self.poll_work();
            if self.is_dropped.load(Ordering::SeqCst) {
                drop(self.take_work());
            }
            drop(ended);
        }
        let to =
            |from| self.state.compare_exchange(from, WAITING, Ordering::SeqCst, Ordering::SeqCst);
        if to(POLLED).is_err() {
            self.state.store(READY, Ordering::SeqCst);
            self.enter_queue();
        }
    }

    /// Polls the work. If the work has ended, panicked or exceeded its CPU limit, removes and
    /// returns it, for the caller to drop. Must be called within the runtime.
    fn poll_work(self: &Arc<Self>) -> Option<CallWork> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let LongWork { work, left } = &mut *progress;
        let waker = Waker::from(Arc::clone(self));
        let begun = thread_time();
        let poll = |work: &mut CallWork| work.as_mut().poll(&mut Context::from_waker(&waker));
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().map(poll)));
        let time = thread_time().saturating_sub(begun);
        self.share.charge(time);
        // The limit applies to CPU time: with wall-clock time, calls would end early on a busy
        // machine.
        let is_over = time > *left;
        *left = left.saturating_sub(time);
        match polled {
            Ok(Some(polled)) if polled.is_pending() && !is_over => None,
            Ok(Some(polled)) => {
                self.is_over.store(polled.is_pending(), Ordering::SeqCst);
                work.take()
            }
            _ => work.take(),
        }
    }

    fn take_work(&self) -> Option<CallWork> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).work.take()
    }

    fn enter_queue(self: Arc<Self>) {
        if let Some(queue) = self.queue.upgrade() {
            let share = Arc::clone(&self.share);
            queue.push(&share, self);
        }
    }
}

impl Wake for LongCall {
    fn wake(self: Arc<Self>) {
        let next = |state| match state {
            WAITING => Some(READY),
            // The state `WOKEN` makes `poll` queue the call again. Otherwise this wake-up would be
            // lost.
            POLLED => Some(WOKEN),
            _ => None,
        };
        if self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) == Ok(WAITING) {
            self.enter_queue();
        }
    }
}

impl Deref for Owner {
    type Target = LongCall;

    fn deref(&self) -> &LongCall {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // `is_dropped` is set first: a polling thread checks this flag after releasing the lock. In
        // the other order the work might never be dropped.
        self.0.is_dropped.store(true, Ordering::SeqCst);
        let work = match self.0.progress.try_lock() {
            Ok(mut progress) => progress.work.take(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().work.take(),
            Err(TryLockError::WouldBlock) => None,
        };
        drop(work);
    }
}

/// Returns the CPU time of this thread so far.
pub(super) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
