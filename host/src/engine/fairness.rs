//! CPU fairness. If a plugin's calls have recently used much CPU time, its calls run on the threads
//! for long calls. So the calls of other plugins find a free thread, and one plugin's long calls do
//! not delay another plugin's.
//!
//! A looping guest yields every tick, but enough looping guests would keep every thread of the
//! runtime busy, and a short call would wait behind them all. So each plugin has an allowance of
//! CPU time, which calls of more than a tick use up. While the allowance is used up, the threads of
//! [`LongCalls`] run the plugin's calls: new calls at once, and running calls as soon as they
//! yield. Such a thread polls a call for one tick at a time. The next poll always goes to the
//! plugin that has recently used the least CPU time: on one thread, a single long call beside 64
//! long calls of another plugin gets half of the time, not a 65th.
//!
//! On Linux, the threads for long calls run at low priority, so they get nearly no CPU time while
//! short calls keep every processor busy. The allowance lets a plugin compute on the runtime's
//! threads even then.

mod priority;
mod queue;
mod share;
mod task;

pub(crate) use priority::shorten_slice;
pub(super) use share::CpuShare;

use super::ticker::TICK;
use priority::lower_priority;
use queue::LongQueue;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use task::{LongCall, thread_time};

/// Why a call was stopped.
#[derive(Debug, PartialEq)]
pub(super) enum CallStopped {
    /// The call has exceeded its CPU limit.
    Cpu,
    /// The host panicked while a thread for long calls polled the call.
    Panicked,
}

/// The threads for the long calls of a host. When this value is dropped, the threads end once no
/// call is ready.
pub(super) struct LongCalls(Arc<LongQueue<Arc<LongCall>>>);

impl LongCalls {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// When the system cannot start a thread.
    pub(super) fn start() -> io::Result<Self> {
        let queue = LongQueue::new();
        let calls = LongCalls(Arc::clone(&queue));
        for _ in 0..threads() {
            let queue = Arc::clone(&queue);
            let work = move || {
                lower_priority();
                work_on(&queue);
            };
            std::thread::Builder::new().name("hostel-long-call".to_owned()).spawn(work)?;
        }
        Ok(calls)
    }

    /// Runs a plugin's call: in the calling task while the plugin has an allowance of CPU time, and
    /// then on the threads for long calls.
    ///
    /// Dropping the future drops the call: at once, or after the current poll if a thread is
    /// polling it.
    ///
    /// # Errors
    ///
    /// When the call has used more CPU time than `cpu` and has not ended, or the host panicked
    /// while a thread for long calls polled the call.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        share: &Arc<CpuShare>,
        cpu: Duration,
        mut call: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    ) -> Result<T, CallStopped> {
        let mut held = Duration::ZERO;
        while held < TICK && share.has_allowance() {
            // Measure wall-clock time: most calls are short, and reading CPU time would take a
            // system call.
            let begun = Instant::now();
            if let Poll::Ready(answer) = polled_once(&mut call).await {
                return Ok(answer);
            }
            held += begun.elapsed();
            woken().await;
        }
        if !held.is_zero() {
            share.charge(held);
        }
        while share.has_allowance() {
            if held > cpu {
                return Err(CallStopped::Cpu);
            }
            let begun = thread_time();
            let polled = polled_once(&mut call).await;
            // `polled_once` never suspends, so both readings come from the same thread.
            let time = thread_time().saturating_sub(begun);
            share.charge(time);
            if let Poll::Ready(answer) = polled {
                return Ok(answer);
            }
            held += time;
            woken().await;
        }
        let (answer, answered) = tokio::sync::oneshot::channel();
        let work = Box::pin(async move {
            // Sending fails if the caller no longer waits.
            let _ = answer.send(call.await);
        });
        let task = LongCall::begin(work, &self.0, share, cpu.saturating_sub(held));
        answered.await.map_err(|_| match task.is_over() {
            true => CallStopped::Cpu,
            false => CallStopped::Panicked,
        })
    }
}

impl Drop for LongCalls {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Polls ready calls until the queue is closed and empty.
fn work_on(queue: &LongQueue<Arc<LongCall>>) {
    while let Some(task) = queue.next() {
        task.poll();
    }
}

/// Returns the number of threads: one fewer than the processors, so that one processor stays free
/// for short calls and other programs, but at least one.
fn threads() -> usize {
    available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

async fn polled_once<F: Future>(call: &mut Pin<Box<F>>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await
}

/// Waits until the task is polled again: usually because the previously polled future woke it.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

#[cfg(test)]
mod tests;
