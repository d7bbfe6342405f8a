//! Checks that concurrent operations on each key are linearizable.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

#[path = "linearizable/calls.rs"]
mod calls;
#[path = "linearizable/history.rs"]
mod history;

use std::sync::atomic::AtomicU64;
use std::sync::{Barrier, Mutex};

use calls::{Dice, Record, perform};
use history::{Answer, Event, MAX_EVENTS, Operation, is_linearizable};
use hostel_cache::{
    Cache, CacheLimits, Clock, Lifetime, MIN_CAPACITY, MockClock, Swap, TimeLeft, Value,
};

const THREADS: usize = 4;
const ROUNDS: u64 = if cfg!(miri) { 4 } else { 300 };

/// Operations per thread and round: few enough for one history, even if all use the same key.
const CALLS: usize = MAX_EVENTS / THREADS;

/// Waits long enough for another processor to run an operation. Yielding the thread could take
/// arbitrarily long on a busy machine.
fn spin() {
    (0..50).for_each(|_| std::hint::spin_loop());
}

/// Returns true if the history of every key is linearizable, in each of many rounds. Keys are
/// checked separately, which is equivalent to checking all keys together. An advance of the clock
/// is an event of every key, so a check that advances it uses only one key.
fn check(
    keys: &[&str],
    goes_on: bool,
    wrap: impl Fn(&Cache, &MockClock, &str, Operation) -> Answer + Sync,
) -> bool {
    let mut rounds = (0..ROUNDS).map(|round| {
        let (clock, time) = Clock::mock();
        let cache = Cache::new(CacheLimits::new(MIN_CAPACITY, 4096).unwrap(), clock);
        let (count, start) = (AtomicU64::new(0), Barrier::new(THREADS));
        let events: Vec<_> = keys.iter().map(|_| Mutex::new(Vec::new())).collect();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (cache, time, wrap) = (&cache, &time, &wrap);
                let (count, start, events) = (&count, &start, &events);
                scope.spawn(move || {
                    let mut dice = Dice::new(round * THREADS as u64 + thread as u64 + 1);
                    start.wait();
                    for _ in 0..CALLS {
                        let at = dice.roll(keys.len() as u64) as usize;
                        let operation = match goes_on && thread == 0 && dice.roll(2) == 0 {
                            true => Operation::Advance(1),
                            false => dice.operation(),
                        };
                        let record = Record { count, events: &events[at] };
                        let pause = [|| (), spin][dice.roll(2) as usize];
                        record.note(operation, pause, |it| wrap(cache, time, keys[at], it));
                        // The removal of expired entries must not be observable.
                        cache.reclaim(dice.roll(2) as usize);
                    }
                });
            }
        });
        events.into_iter().all(|events| is_linearizable(&events.into_inner().unwrap()))
    });
    rounds.all(|is_linearizable| is_linearizable)
}

#[test]
fn every_key_of_a_cache_is_linearizable_between_threads() {
    assert!(check(&["a", "b"], false, perform));
}

#[test]
fn a_key_is_linearizable_while_the_clock_goes_on() {
    assert!(check(&["a"], true, perform));
}

#[test]
fn a_cache_that_returns_an_old_copy_is_detected() {
    let copy = Mutex::new(Answer::Value(None));
    let from_copy = |cache: &Cache, time: &MockClock, key: &str, operation| {
        let answer = perform(cache, time, key, operation);
        match operation {
            Operation::Get => std::mem::replace(&mut *copy.lock().unwrap(), answer),
            _ => answer,
        }
    };
    assert!(!check(&["a"], false, from_copy));
}

fn event(called: u64, returned: u64, operation: Operation, answer: Answer) -> Event {
    Event { called, returned, operation, answer }
}

fn get(called: u64, returned: u64, value: Option<i64>) -> Event {
    event(called, returned, Operation::Get, Answer::Value(value))
}

fn set(called: u64, returned: u64, value: i64) -> Event {
    event(called, returned, Operation::Set(value, None), Answer::Nothing)
}

/// Tests the checker itself with named histories.
fn check_checker(cases: &[(&str, bool, &[Event])]) {
    for (name, expected, history) in cases {
        assert_eq!(is_linearizable(history), *expected, "{name}");
        let backwards: Vec<_> = history.iter().rev().copied().collect();
        assert_eq!(is_linearizable(&backwards), *expected, "{name}, in another order");
    }
}

#[test]
fn the_checker_knows_what_is_linearizable() {
    use Answer::{Value, Whether};
    use Operation::{Increment, SetIfAbsent};
    let add = |called, returned, sum| event(called, returned, Increment(1, None), Value(Some(sum)));
    check_checker(&[
        ("nothing", true, &[]),
        ("a read of what was written", true, &[set(0, 1, 7), get(2, 3, Some(7))]),
        ("a stale read", false, &[set(0, 1, 7), get(2, 3, None)]),
        ("a read beside a write, before it", true, &[set(0, 3, 7), get(1, 2, None)]),
        ("a read beside a write, after it", true, &[set(0, 3, 7), get(1, 2, Some(7))]),
        ("a value from nowhere", false, &[set(0, 3, 7), get(1, 2, Some(8))]),
        ("a value from the future", false, &[get(0, 1, Some(7)), set(2, 3, 7)]),
        ("reads that go back", false, &[set(0, 9, 7), get(1, 2, Some(7)), get(3, 4, None)]),
        ("writes in either order", true, &[set(0, 3, 7), set(1, 2, 8), get(4, 5, Some(7))]),
        ("a lost update", false, &[add(0, 3, 1), add(1, 2, 1)]),
        ("two updates", true, &[add(0, 3, 2), add(1, 2, 1), get(4, 5, Some(2))]),
        (
            "two that were both first",
            false,
            &[
                event(0, 3, SetIfAbsent(1, None), Whether(true)),
                event(1, 2, SetIfAbsent(2, None), Whether(true)),
            ],
        ),
    ]);
}

#[test]
fn the_checker_knows_that_of_several_callers_one_succeeds() {
    use Answer::{Changed, Swapped, Value, Whether};
    use Operation::{CompareAndSwap, Delete, Take};
    let swap = |wanted| CompareAndSwap(Some(1), wanted, history::Lifetime::Keep);
    check_checker(&[
        (
            "two that both compared with the same",
            false,
            &[
                set(0, 1, 1),
                event(2, 5, swap(Some(2)), Swapped),
                event(3, 4, swap(Some(3)), Swapped),
            ],
        ),
        (
            "a swap that returns what the other swapped in",
            true,
            &[
                set(0, 1, 1),
                event(2, 5, swap(Some(2)), Changed(Some(3))),
                event(3, 4, swap(Some(3)), Swapped),
            ],
        ),
        (
            "a swap that returns what is not there",
            false,
            &[
                set(0, 1, 1),
                event(2, 5, swap(Some(2)), Changed(None)),
                event(3, 4, swap(Some(3)), Swapped),
            ],
        ),
        (
            "two that both removed by a swap",
            false,
            &[set(0, 1, 1), event(2, 5, swap(None), Swapped), event(3, 4, swap(None), Swapped)],
        ),
        (
            "two that both took",
            false,
            &[set(0, 1, 1), event(2, 5, Take, Value(Some(1))), event(3, 4, Take, Value(Some(1)))],
        ),
        (
            "two of which one took",
            true,
            &[set(0, 1, 1), event(2, 5, Take, Value(None)), event(3, 4, Take, Value(Some(1)))],
        ),
        (
            "two that both deleted",
            false,
            &[set(0, 1, 1), event(2, 5, Delete, Whether(true)), event(3, 4, Delete, Whether(true))],
        ),
    ]);
}

#[test]
fn the_checker_knows_when_an_entry_ends() {
    use Answer::{Left, Nothing, Whether};
    use Operation::{Advance, Exists, Expire, Set, Ttl};
    let expiring = event(0, 1, Set(1, Some(2)), Nothing);
    let tick = |called, returned| event(called, returned, Advance(1), Nothing);
    check_checker(&[
        ("an early end", false, &[expiring, tick(2, 3), get(4, 5, None)]),
        ("an end in time", true, &[expiring, tick(2, 3), tick(4, 5), get(6, 7, None)]),
        (
            "an end that one reader sees and another does not",
            false,
            &[
                expiring,
                tick(2, 3),
                tick(4, 9),
                get(5, 6, None),
                event(7, 8, Exists, Whether(true)),
            ],
        ),
        ("an end beside a tick", true, &[expiring, tick(2, 3), tick(4, 7), get(5, 6, None)]),
        ("a life too long", false, &[expiring, tick(2, 3), tick(4, 5), get(6, 7, Some(1))]),
        (
            "a life made longer",
            true,
            &[
                expiring,
                tick(2, 3),
                event(4, 5, Expire(Some(2)), Whether(true)),
                tick(6, 7),
                event(8, 9, Ttl, Left(Some(Some(1)))),
            ],
        ),
        (
            "a life made longer after its end",
            false,
            &[expiring, tick(2, 3), tick(4, 5), event(6, 7, Expire(None), Whether(true))],
        ),
        (
            "a time left that grows",
            false,
            &[expiring, tick(2, 3), event(4, 5, Ttl, Left(Some(Some(2))))],
        ),
    ]);
}

#[test]
fn the_checker_knows_what_keeps_an_expiry() {
    use Answer::{Left, Nothing, Value};
    use Operation::{CompareAndSwap, Increment, Set, Ttl};
    let expiring = event(0, 1, Set(1, Some(2)), Nothing);
    check_checker(&[
        (
            "an increment that takes a new expiry",
            false,
            &[
                expiring,
                event(2, 3, Increment(1, Some(5)), Value(Some(2))),
                event(4, 5, Ttl, Left(Some(Some(5)))),
            ],
        ),
        (
            "a swap that keeps the expiry",
            true,
            &[
                expiring,
                event(
                    2,
                    3,
                    CompareAndSwap(Some(1), Some(7), history::Lifetime::Keep),
                    Answer::Swapped,
                ),
                event(4, 5, Ttl, Left(Some(Some(2)))),
            ],
        ),
    ]);
}
