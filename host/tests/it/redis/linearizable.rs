//! Operations on each key, from two hosts on one server or cluster, are linearizable.

#[path = "../../../cache/tests/linearizable/history.rs"]
#[allow(dead_code, reason = "memory has a clock of the test's")]
mod history;

use super::{at, cache, servers};
use crate::support::Random;
use history::{Answer, Event, MAX_EVENTS, Operation, is_linearizable};
use hostel::CacheStore;
use hostel_cache::{Lifetime, Swap, TimeLeft, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Number of concurrent tasks, half of them on each host.
const TASKS: usize = 6;

/// Number of operations per task and round, on one key.
const CALLS: usize = MAX_EVENTS / TASKS;

const ROUNDS: usize = 60;

/// The state of one round, in which all tasks use the same key.
struct Round {
    hosts: Arc<[CacheStore; 2]>,
    key: String,
    /// Number of calls and returns so far, which gives each event its position.
    count: AtomicU64,
    start: Barrier,
    events: Mutex<Vec<Event>>,
    /// If set, each `get` returns the result of the previous `get`, to simulate stale reads.
    copy: Option<Mutex<Answer>>,
}

/// Returns a random operation, without expiry: the server's clock is invisible to the checker.
fn by_chance(random: &mut Random) -> Operation {
    let kind = random.below(14);
    let value = random.below(5) as i64;
    let mut either = |value| (random.below(3) > 0).then_some(value);
    match kind {
        0..3 => Operation::Get,
        3..5 => Operation::Set(value, None),
        5 => Operation::Delete,
        6 => Operation::Exists,
        7 => Operation::SetIfAbsent(value, None),
        8 => Operation::Increment(value, None),
        9 | 10 => {
            let (expected, wanted) = (either(value), either((value + 1) % 5));
            Operation::CompareAndSwap(expected, wanted, history::Lifetime::Keep)
        }
        11 => Operation::Take,
        12 => Operation::Ttl,
        _ => Operation::Expire(None),
    }
}

async fn perform(cache: &CacheStore, key: &str, operation: Operation) -> Answer {
    match operation {
        Operation::Get => Answer::Value(number(cache.get(key).await.unwrap())),
        Operation::Set(value, expiry) => {
            cache.set(key, &value.to_string(), expiry).await.unwrap();
            Answer::Nothing
        }
        Operation::Delete => Answer::Whether(cache.delete(key).await.unwrap()),
        Operation::Exists => Answer::Whether(cache.exists(key).await.unwrap()),
        Operation::SetIfAbsent(value, expiry) => {
            let value = value.to_string();
            Answer::Whether(cache.set_if_absent(key, &value, expiry).await.unwrap())
        }
        Operation::Increment(by, expiry) => {
            Answer::Value(Some(cache.increment(key, by, expiry).await.unwrap()))
        }
        Operation::CompareAndSwap(expected, wanted, _) => {
            let [expected, wanted] = [expected, wanted].map(|it| it.map(|it| it.to_string()));
            let (expected, wanted) = (expected.as_deref(), wanted.as_deref());
            match cache.compare_and_swap(key, expected, wanted, Lifetime::Keep).await.unwrap() {
                Swap::Swapped => Answer::Swapped,
                Swap::Changed(found) => Answer::Changed(number(found)),
            }
        }
        Operation::Take => Answer::Value(number(cache.take(key).await.unwrap())),
        Operation::Ttl => Answer::Left(match cache.ttl(key).await.unwrap() {
            TimeLeft::Missing => None,
            TimeLeft::Unlimited => Some(None),
            TimeLeft::Seconds(seconds) => Some(Some(seconds.into())),
        }),
        Operation::Expire(expiry) => Answer::Whether(cache.expire(key, expiry).await.unwrap()),
        Operation::Advance(_) => panic!("no test moves the server's clock"),
    }
}

fn number(value: Option<Value>) -> Option<i64> {
    value.map(|value| value.parse().unwrap())
}

impl Round {
    async fn task(&self, task: usize, mut random: Random) {
        self.start.wait().await;
        for _ in 0..CALLS {
            let operation = by_chance(&mut random);
            let called = self.count.fetch_add(1, Ordering::SeqCst);
            let mut answer = perform(&self.hosts[task % 2], &self.key, operation).await;
            if let (Operation::Get, Some(copy)) = (operation, &self.copy) {
                answer = std::mem::replace(&mut copy.lock().unwrap(), answer);
            }
            let returned = self.count.fetch_add(1, Ordering::SeqCst);
            self.events.lock().unwrap().push(Event { called, returned, operation, answer });
        }
    }
}

/// Runs a round. Returns whether the key's history is linearizable, and whether any two of its
/// operations overlapped.
async fn check(hosts: &Arc<[CacheStore; 2]>, number: usize, from_copy: bool) -> (bool, bool) {
    let round = Arc::new(Round {
        hosts: Arc::clone(hosts),
        key: format!("round {number}"),
        count: AtomicU64::new(0),
        start: Barrier::new(TASKS),
        events: Mutex::default(),
        copy: from_copy.then(|| Mutex::new(Answer::Value(None))),
    });
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (round, random) = (Arc::clone(&round), Random((number * TASKS + task) as u64));
        tasks.spawn(async move { round.task(task, random).await });
    }
    tasks.join_all().await;
    let events = round.events.lock().unwrap();
    assert_eq!(events.len(), TASKS * CALLS);
    (is_linearizable(&events), events.iter().any(|event| event.returned - event.called > 1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_is_linearizable_between_two_hosts() {
    for server in servers().await {
        let hosts = Arc::new([cache(at(&server)), cache(at(&server))]);
        let mut met = 0;
        for round in 0..ROUNDS {
            let (is_linearizable, have_met) = check(&hosts, round, false).await;
            assert!(is_linearizable, "round {round}");
            met += u32::from(have_met);
        }
        assert!(met > 0, "no two operations were under way at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_returns_an_old_copy_is_detected() {
    for server in servers().await {
        let hosts = Arc::new([cache(at(&server)), cache(at(&server))]);
        let mut is_found = false;
        for round in 0..ROUNDS {
            is_found |= !check(&hosts, round, true).await.0;
        }
        assert!(is_found);
    }
}
