//! CPU fairness: long calls take turns, so that short calls find a free thread.
//!
//! A looping guest yields every tick, but enough of them would keep every thread busy, and a short
//! call would wait behind them all. So a call that has held its thread for a tick goes on only when
//! it has a turn, for a tick at a time and in the order of asking. There are fewer turns than
//! threads.

use super::ticker::TICK;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::thread::available_parallelism;
use std::time::Instant;
use tokio::sync::Semaphore;

/// The turns of a host.
pub(super) struct CpuTurns(Semaphore);

impl CpuTurns {
    /// One fewer than there are processors, so that one is always near for a short call.
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        CpuTurns(Semaphore::new(processors.saturating_sub(1).max(1)))
    }

    /// Runs a call, in turns once it has run for long.
    pub(super) async fn run<T>(&self, mut call: Pin<&mut impl Future<Output = T>>) -> T {
        let first = poll_fn(|context| {
            let start = Instant::now();
            let answer = call.as_mut().poll(context);
            match answer {
                Poll::Pending if start.elapsed() >= TICK => Poll::Ready(None),
                answer => answer.map(Some),
            }
        });
        if let Some(answer) = first.await {
            return answer;
        }
        loop {
            // The semaphore is never closed.
            let turn = self.0.acquire().await;
            let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            drop(turn);
            match polled {
                Poll::Ready(answer) => return answer,
                Poll::Pending => woken().await,
            }
        }
    }
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
