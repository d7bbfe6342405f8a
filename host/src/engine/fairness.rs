//! CPU fairness: long calls take turns, so that short calls find a free thread.
//!
//! A looping guest yields every tick, but enough of them would keep every thread busy, and a short
//! call would wait behind them all. So a call that has held its thread for a tick goes on only when
//! it has a turn, for a tick at a time and in the order of asking. There are fewer turns than
//! threads. A turn ends only after the runtime has polled its I/O and timers: a runtime with one
//! thread, as on a machine with one processor, would otherwise poll them once in 61 ticks (tokio's
//! `event_interval`), and every other client would wait that long.

use super::ticker::TICK;
use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

thread_local! {
    /// True when the call that this thread has just polled is pending because of
    /// [`yield_to_runtime`], and not because its guest waits.
    static YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Yields to the runtime, from within a call that [`CpuTurns::run`] polls.
///
/// The task is woken only after the runtime has run the tasks that are ready and has polled its
/// I/O and timers. A task that wakes itself would be polled again before both.
pub(super) async fn yield_to_runtime() {
    YIELDED.set(true);
    tokio::task::yield_now().await;
}

/// The turns of a host.
pub(super) struct CpuTurns(Semaphore);

impl CpuTurns {
    /// One fewer than there are processors, so that one is always near for a short call.
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        CpuTurns(Semaphore::new(processors.saturating_sub(1).max(1)))
    }

    /// Runs a call, in turns once it has run for long. None where it has computed for longer than
    /// `cpu`.
    pub(super) async fn run<T>(
        &self,
        cpu: Duration,
        mut call: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        let mut held = Duration::ZERO;
        loop {
            // The semaphore is never closed.
            let turn = if held < TICK { None } else { self.0.acquire().await.ok() };
            let clock = PollClock::start(held >= TICK);
            let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            if let Poll::Ready(answer) = polled {
                return Some(answer);
            }
            held += clock.elapsed();
            if held > cpu {
                return None;
            }
            // A call that waits for anything else, as a guest that sleeps, may wait for hours.
            let yielded = YIELDED.take();
            let turn = turn.filter(|_| yielded);
            woken().await;
            drop(turn);
        }
    }
}

/// Measures one poll.
enum PollClock {
    /// By the clock: reading the thread's own time takes a system call, and most calls are short.
    Wall(Instant),
    /// By the processor time of the thread, so that a busy machine ends no call early.
    Thread(Duration),
}

impl PollClock {
    fn start(is_long: bool) -> Self {
        if is_long { PollClock::Thread(thread_time()) } else { PollClock::Wall(Instant::now()) }
    }

    fn elapsed(self) -> Duration {
        match self {
            PollClock::Wall(start) => start.elapsed(),
            PollClock::Thread(start) => thread_time().saturating_sub(start),
        }
    }
}

/// The processor time that this thread has taken so far.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
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
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::AsyncReadExt;

    /// Holds the thread for a tick.
    fn hold() {
        let start = Instant::now();
        while start.elapsed() < TICK {
            std::hint::spin_loop();
        }
    }

    /// Holds its thread for one tick after the other, and counts them.
    async fn spins(polls: Arc<AtomicUsize>) {
        loop {
            hold();
            polls.fetch_add(1, Ordering::Relaxed);
            yield_to_runtime().await;
        }
    }

    #[tokio::test]
    async fn one_thread_polls_its_io_after_each_turn() {
        let turns = Arc::new(CpuTurns(Semaphore::new(1)));
        let polls = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let (turns, polls) = (Arc::clone(&turns), Arc::clone(&polls));
            tokio::spawn(async move { turns.run(Duration::MAX, pin!(spins(polls))).await });
        }
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = tokio::net::UnixStream::from_std(near).unwrap();
        // The first byte comes when each call has held the thread once, and has to take turns.
        for most in [4, 2, 2, 2] {
            let before = polls.load(Ordering::Relaxed);
            far.write_all(b"x").unwrap();
            // There is room for more, so that tokio waits for the next byte by its poll.
            assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 1);
            let between = polls.load(Ordering::Relaxed) - before;
            assert!(between <= most, "{between} polls before the byte was seen");
        }
    }

    #[tokio::test]
    async fn a_call_that_waits_for_something_else_holds_no_turn() {
        let turns = Arc::new(CpuTurns(Semaphore::new(1)));
        let (tell, waits) = tokio::sync::oneshot::channel();
        let call = async {
            hold();
            yield_to_runtime().await;
            tell.send(()).unwrap();
            std::future::pending::<()>().await;
        };
        let calling = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.run(Duration::MAX, pin!(call)).await })
        };
        waits.await.unwrap();
        assert_eq!(turns.0.available_permits(), 1);
        calling.abort();
    }
}
