//! Tests of leases in memory: the limits, the waits, and every way in which a call can end.

use super::*;
use crate::telemetry::Metrics;
use hostel_cache::{Cache, CacheLimits, Clock};
use std::sync::atomic::AtomicUsize;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

fn store() -> CacheStore {
    CacheStore::in_memory(Arc::new(Cache::new(CacheLimits::default(), Clock::system())))
}

fn call(store: &CacheStore) -> CallLeases {
    CallLeases::new(store.clone(), Instant::now() + LONG)
}

fn waits(most: usize) -> LeaseWaits {
    LeaseWaits::new(Arc::new(Semaphore::new(most)), Arc::new(Semaphore::new(most)))
}

fn meter() -> LeaseMeter {
    Metrics::new().leases().cache("c")
}

async fn ask(leases: &mut CallLeases, key: &str, wait: Duration) -> LeaseFound {
    leases.get_or_lease(key, None, wait, &waits(1), &meter()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_miss_a_key_at_once_one_computes_and_all_get_its_value() {
    let (store, computed) = (store(), Arc::new(AtomicUsize::new(0)));
    let waits = waits(200);
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let (store, computed, waits) = (store.clone(), Arc::clone(&computed), waits.clone());
        calls.spawn(async move {
            let (mut leases, meter) = (call(&store), meter());
            match leases.get_or_lease("k", None, LONG, &waits, &meter).await.unwrap() {
                LeaseFound::Compute => {
                    computed.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(50)).await;
                    assert!(leases.fill("k", "7", None, &meter).await.unwrap());
                    "7".to_owned()
                }
                LeaseFound::Value(value) => value.to_string(),
                other => panic!("{other:?}"),
            }
        });
    }
    let values = calls.join_all().await;
    assert_eq!((values.len(), computed.load(Ordering::Relaxed)), (200, 1));
    assert!(values.iter().all(|value| value == "7"));
}

#[tokio::test]
async fn a_call_that_ends_gives_its_leases_back() {
    let store = store();
    let mut first = call(&store);
    for key in ["a", "b"] {
        assert!(matches!(ask(&mut first, key, LONG).await, LeaseFound::Compute));
        assert!(matches!(ask(&mut call(&store), key, Duration::ZERO).await, LeaseFound::Busy));
    }
    drop(first);
    for key in ["a", "b"] {
        assert!(matches!(ask(&mut call(&store), key, Duration::ZERO).await, LeaseFound::Compute));
    }
}

#[tokio::test]
async fn a_waiting_call_takes_over_when_the_holders_call_ends() {
    let store = store();
    let (mut first, mut second) = (call(&store), call(&store));
    assert!(matches!(ask(&mut first, "k", LONG).await, LeaseFound::Compute));
    let (found, ()) = tokio::join!(ask(&mut second, "k", LONG), async move { drop(first) });
    assert!(matches!(found, LeaseFound::Compute));
}

#[tokio::test]
async fn a_wait_takes_at_most_three_quarters_of_the_rest_of_the_call() {
    let store = store();
    let mut holder = call(&store);
    ask(&mut holder, "k", LONG).await;
    let mut short = CallLeases::new(store.clone(), Instant::now() + Duration::from_millis(100));
    let found = timeout(LONG / 2, ask(&mut short, "k", LONG)).await;
    assert!(matches!(found, Ok(LeaseFound::Busy)));
}

#[tokio::test]
async fn calls_beyond_the_maximum_of_waiting_ones_get_busy_at_once() {
    let (store, waits, meter) = (store(), waits(1), meter());
    let (mut holder, mut first, mut second) = (call(&store), call(&store), call(&store));
    ask(&mut holder, "k", LONG).await;
    let waiting = first.get_or_lease("k", None, LONG, &waits, &meter);
    let refused = async {
        let found = second.get_or_lease("k", None, LONG, &waits, &meter).await;
        drop(holder);
        found
    };
    let (waited, refused) = tokio::join!(waiting, refused);
    assert!(matches!(waited, Ok(LeaseFound::Compute)));
    assert!(matches!(refused, Ok(LeaseFound::Busy)));
}

#[tokio::test]
async fn a_call_holds_a_bounded_number_of_leases() {
    let store = store();
    let mut leases = call(&store);
    for number in 0..MAX_LEASES {
        let found = ask(&mut leases, &format!("k{number}"), LONG).await;
        assert!(matches!(found, LeaseFound::Compute));
    }
    assert!(matches!(ask(&mut leases, "more", LONG).await, LeaseFound::Busy));
    assert!(matches!(ask(&mut leases, "k0", LONG).await, LeaseFound::Compute));
    store.set("more", "1", None).await.unwrap();
    assert!(matches!(ask(&mut leases, "more", LONG).await, LeaseFound::Value(_)));
    leases.release("k0").await.unwrap();
    assert!(matches!(ask(&mut leases, "last", LONG).await, LeaseFound::Compute));
}

/// Counts one running computation until this value is dropped.
struct Computing(Arc<[AtomicUsize]>, usize);

impl Computing {
    fn begin(counts: Arc<[AtomicUsize]>, index: usize) -> Self {
        assert_eq!(counts[index].fetch_add(1, Ordering::SeqCst), 0, "two compute at once");
        Computing(counts, index)
    }
}

impl Drop for Computing {
    fn drop(&mut self) {
        self.0[self.1].fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs one call, which computes the value if it gets the lease. `dice` selects the duration of the
/// computation and how the call ends.
async fn run(store: CacheStore, counts: Arc<[AtomicUsize]>, index: usize, dice: u64) {
    let key = format!("k{index}");
    let (mut leases, meter) = (call(&store), meter());
    let found = leases.get_or_lease(&key, None, LONG, &waits(1), &meter).await.unwrap();
    if !matches!(found, LeaseFound::Compute) {
        return;
    }
    let computing = Computing::begin(counts, index);
    sleep(Duration::from_micros(dice % 300)).await;
    drop(computing);
    match dice % 10 {
        0 => assert!(leases.fill(&key, "1", None, &meter).await.unwrap()),
        1..4 => leases.release(&key).await.unwrap(),
        // The lease ends when `leases` is dropped.
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_thousand_endings_of_every_kind_no_lease_is_left_and_no_two_computed_at_once() {
    const KEYS: usize = 500;
    let store = store();
    let counts: Arc<[AtomicUsize]> = (0..KEYS).map(|_| AtomicUsize::new(0)).collect();
    let mut calls = JoinSet::new();
    for number in 0..10_000_usize {
        if calls.len() >= 64 {
            calls.join_next().await.unwrap().unwrap();
        }
        // Hash the number, so that consecutive calls end differently.
        let dice = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let run = run(store.clone(), Arc::clone(&counts), number * KEYS / 10_000, dice);
        calls.spawn(async move {
            if dice.is_multiple_of(3) {
                // The timeout may cancel the call at any point, as when a client disconnects.
                drop(timeout(Duration::from_micros(dice % 2_000), run).await);
            } else {
                run.await;
            }
        });
    }
    calls.join_all().await;
    for index in 0..KEYS {
        let found = ask(&mut call(&store), &format!("k{index}"), Duration::ZERO).await;
        assert!(!matches!(found, LeaseFound::Busy), "k{index}");
    }
}
