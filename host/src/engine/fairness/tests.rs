//! Tests of long calls: how they share the threads, and how they end.

use super::task::thread_time;
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Keeps the thread busy for this many ticks of CPU time.
fn hold(ticks: u32) {
    let begun = thread_time();
    while thread_time() - begun < ticks * TICK {
        std::hint::spin_loop();
    }
}

/// Starts a single thread for long calls.
fn on_one_thread() -> LongCalls {
    let queue = LongQueue::new();
    let calls = LongCalls(Arc::clone(&queue));
    std::thread::spawn(move || work_on(&queue));
    calls
}

/// Computes for one tick, yields, and then awaits `rest`.
async fn long<T>(rest: impl Future<Output = T>) -> T {
    hold(1);
    tokio::task::yield_now().await;
    rest.await
}

/// Keeps its thread busy for one tick, counts the tick and yields, in an endless loop.
async fn spins(polls: Arc<AtomicUsize>) {
    loop {
        hold(1);
        polls.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

/// Returns the CPU share of a plugin that has used up its allowance.
fn share() -> Arc<CpuShare> {
    let share = CpuShare::default();
    share.charge(Duration::from_secs(60));
    Arc::new(share)
}

#[tokio::test]
async fn long_calls_stay_on_the_runtimes_thread_for_as_long_as_their_plugin_has_an_allowance() {
    let calls = LongCalls::start().unwrap();
    let here = std::thread::current().id();
    let share = Arc::default();
    let ends = || long(async { std::thread::current().id() });
    assert_eq!(calls.run(&share, Duration::MAX, Box::pin(ends())).await, Ok(here));
    share.charge(Duration::from_secs(60));
    assert_ne!(calls.run(&share, Duration::MAX, Box::pin(ends())).await, Ok(here));
    let spinning = spins(Arc::default());
    let ended = calls.run(&Arc::default(), 3 * TICK, Box::pin(spinning)).await;
    assert_eq!(ended, Err(CallStopped::Cpu), "before the allowance is over");
}

#[tokio::test]
async fn a_call_that_computes_for_long_leaves_the_runtimes_thread() {
    let calls = LongCalls::start().unwrap();
    let here = std::thread::current().id();
    let begins = async { std::thread::current().id() };
    assert_eq!(calls.run(&Arc::default(), Duration::MAX, Box::pin(begins)).await, Ok(here));
    let goes_on = long(async { std::thread::current().id() });
    assert_ne!(calls.run(&share(), Duration::MAX, Box::pin(goes_on)).await, Ok(here));
}

#[tokio::test]
async fn a_long_call_still_waits_for_timers_and_for_what_wakes_it() {
    let calls = LongCalls::start().unwrap();
    let (tell, told) = oneshot::channel();
    let waits = long(async {
        tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>())
            .await
            .unwrap_err();
        told.await
    });
    let tells = async {
        tokio::task::yield_now().await;
        tell.send(7).unwrap();
    };
    let share = share();
    let waits = calls.run(&share, Duration::MAX, Box::pin(waits));
    assert_eq!(tokio::join!(waits, tells).0, Ok(Ok(7)));
}

#[tokio::test]
async fn the_call_of_a_plugin_that_has_computed_little_does_not_wait_behind_those_of_another() {
    let calls = Arc::new(on_one_thread());
    let (greedy, modest) = (share(), share());
    let polls = Arc::new(AtomicUsize::new(0));
    let spinning: Vec<_> = (0..20)
        .map(|_| {
            let (calls, greedy) = (Arc::clone(&calls), Arc::clone(&greedy));
            let spins = Box::pin(spins(Arc::clone(&polls)));
            tokio::spawn(async move { calls.run(&greedy, Duration::MAX, spins).await })
        })
        .collect();
    while polls.load(Ordering::Relaxed) < 40 {
        tokio::task::yield_now().await;
    }
    let counted = Arc::clone(&polls);
    let work = async move {
        let before = counted.load(Ordering::Relaxed);
        for _ in 0..5 {
            hold(1);
            tokio::task::yield_now().await;
        }
        counted.load(Ordering::Relaxed) - before
    };
    let between = calls.run(&modest, Duration::MAX, Box::pin(work)).await.unwrap();
    // If all calls took turns, 20 ticks of the greedy plugin would follow each tick of this call.
    assert!(between < 20, "{between} ticks of the greedy plugin");
    spinning.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Sends, when it is dropped, whether the thread is within a tokio runtime.
struct ReportsDrop(mpsc::Sender<bool>);

impl Drop for ReportsDrop {
    fn drop(&mut self) {
        self.0.send(Handle::try_current().is_ok()).unwrap();
    }
}

#[tokio::test]
async fn a_call_that_has_computed_for_too_long_is_stopped_and_dropped() {
    let calls = LongCalls::start().unwrap();
    let (dropped, is_dropped) = mpsc::channel();
    let dropped = ReportsDrop(dropped);
    let spins = async move {
        let _dropped = dropped;
        spins(Arc::default()).await;
    };
    let ended = calls.run(&share(), 3 * TICK, Box::pin(spins)).await;
    assert_eq!(ended, Err(CallStopped::Cpu));
    assert_eq!(is_dropped.recv(), Ok(true));
}

#[tokio::test]
async fn an_abandoned_call_is_dropped_wherever_it_is() {
    let calls = Arc::new(on_one_thread());
    // When it is abandoned, the first call is waiting, unless its poll has not ended yet. Each
    // other call is in the queue or being polled.
    for rest in 0..10_u32 {
        let (dropped, is_dropped) = mpsc::channel();
        let dropped = ReportsDrop(dropped);
        let (tell, is_long) = oneshot::channel();
        let call = async move {
            let _dropped = dropped;
            long(async {
                tell.send(()).unwrap();
                match rest {
                    0 => std::future::pending().await,
                    _ => spins(Arc::default()).await,
                }
            })
            .await;
        };
        let running = {
            let calls = Arc::clone(&calls);
            tokio::spawn(async move { calls.run(&share(), Duration::MAX, Box::pin(call)).await })
        };
        is_long.await.unwrap();
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(is_dropped.recv(), Ok(true));
    }
}

#[tokio::test]
async fn a_call_that_panics_takes_no_thread_with_it() {
    let calls = on_one_thread();
    let panics = long(async { panic!("a fault of the host, for this test") });
    assert_eq!(
        calls.run::<()>(&share(), Duration::MAX, Box::pin(panics)).await,
        Err(CallStopped::Panicked)
    );
    let goes_on = long(async { 7 });
    assert_eq!(calls.run(&share(), Duration::MAX, Box::pin(goes_on)).await, Ok(7));
}

#[tokio::test]
async fn the_threads_end_with_the_host() {
    let calls = LongCalls::start().unwrap();
    let queue = Arc::downgrade(&calls.0);
    drop(calls);
    while queue.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}
