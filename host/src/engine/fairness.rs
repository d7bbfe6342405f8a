//! CPU fairness: a call that has computed for long goes on on a thread for long calls, so that short
//! calls find a free thread, and the long calls of one plugin do not keep another's waiting.
//!
//! A looping guest yields every tick, but enough of them would keep every thread of the runtime
//! busy, and a short call would wait behind them all. So a call that has held its thread for a tick
//! moves to one of the threads of [`LongCalls`], if the long calls of its plugin have computed for
//! their allowance of late. There it is polled for a tick at a time. Of all that are ready, the next is
//! one of the plugin that has computed least of late: one long call beside 64 of another plugin has
//! half of the time, not a 65th.
//!
//! The threads of long calls get what the runtime's threads leave, which is nearly nothing where short
//! calls keep every processor busy. The allowance lets a plugin compute there all the same.

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
    /// It has computed for longer than it may.
    Cpu,
    /// A fault of the host ended it.
    Panicked,
}

/// The threads for the long calls of a host. They end when it is dropped.
pub(super) struct LongCalls(Arc<LongQueue<Arc<LongCall>>>);

impl LongCalls {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
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

    /// Runs a call of a plugin, here until it has run for a tick and its plugin's long calls for their
    /// allowance, and then on one of the threads.
    ///
    /// Dropping the future drops the call: at once, or where it is just being polled, after that.
    ///
    /// # Errors
    ///
    /// When it has computed for longer than `cpu`.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        share: &Arc<CpuShare>,
        cpu: Duration,
        mut call: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    ) -> Result<T, CallStopped> {
        let mut held = Duration::ZERO;
        while held < TICK && share.has_allowance() {
            // By the clock: reading the thread's own time takes a system call, and most calls are
            // short.
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
            // Between the two, the task stays on its thread.
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
            // Fails where the caller no longer waits.
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

/// Polls what is ready until there is nothing more to come.
fn work_on(queue: &LongQueue<Arc<LongCall>>) {
    while let Some(task) = queue.next() {
        task.poll();
    }
}

/// One fewer than there are processors, so that one is always free for a short call, and for other
/// programs; with one processor, one.
fn threads() -> usize {
    available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

async fn polled_once<F: Future>(call: &mut Pin<Box<F>>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await
}

/// Waits until what was polled before wakes the task.
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
