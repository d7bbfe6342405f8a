//! Random calls of a cache, and a record of the calls and their results.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::history::{self, Answer, Event, Operation};
use super::{Cache, Lifetime, MockClock, Swap, TimeLeft, Value};

/// Pseudo-random numbers from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    /// Returns an operation on a key, sometimes with an expiry. There are few values, so that a
    /// comparison often finds the expected one.
    pub(crate) fn operation(&mut self) -> Operation {
        let expiry = [None, None, Some(1), Some(2)][self.roll(4) as usize];
        match self.roll(16) {
            0..=2 => Operation::Get,
            3 | 4 => Operation::Set(self.value(), expiry),
            5 | 6 => Operation::SetIfAbsent(self.value(), expiry),
            7 | 8 => self.swap(expiry),
            9 | 10 => Operation::Increment(self.value() % 1_000, expiry),
            11 => Operation::Take,
            12 => Operation::Delete,
            13 => Operation::Exists,
            14 => Operation::Ttl,
            _ => Operation::Expire(expiry),
        }
    }

    fn swap(&mut self, expiry: Option<u32>) -> Operation {
        let expected = (self.roll(3) > 0).then(|| self.value());
        let wanted = (self.roll(3) > 0).then(|| self.value());
        let lifetime = match expiry {
            Some(seconds) => history::Lifetime::After(seconds),
            None if self.roll(2) == 0 => history::Lifetime::Keep,
            None => history::Lifetime::Unlimited,
        };
        Operation::CompareAndSwap(expected, wanted, lifetime)
    }

    /// Returns a number of one or two digits, or of fifteen digits. Equal lengths are common, so
    /// that writes often reuse an entry's memory.
    fn value(&mut self) -> i64 {
        let number = self.roll(12) as i64;
        if number % 2 == 0 { number } else { 100_000_000_000_000 + number * 7_777_777_777 }
    }
}

/// The operations of all threads on one key. The counter of calls and returns is shared by all keys
/// of a round.
pub(crate) struct Record<'a> {
    pub(crate) count: &'a AtomicU64,
    pub(crate) events: &'a Mutex<Vec<Event>>,
}

impl Record<'_> {
    /// Runs an operation and records its result. `pause` runs before and after the operation,
    /// between the recorded call and the recorded return.
    pub(crate) fn note(
        &self,
        operation: Operation,
        pause: fn(),
        perform: impl Fn(Operation) -> Answer,
    ) {
        let called = self.count.fetch_add(1, Ordering::SeqCst);
        pause();
        let answer = perform(operation);
        pause();
        let returned = self.count.fetch_add(1, Ordering::SeqCst);
        self.events.lock().unwrap().push(Event { called, returned, operation, answer });
    }
}

pub(crate) fn perform(cache: &Cache, time: &MockClock, key: &str, operation: Operation) -> Answer {
    match operation {
        Operation::Get => Answer::Value(number(cache.get(key).unwrap())),
        Operation::Set(value, expiry) => {
            cache.set(key, &value.to_string(), expiry).unwrap();
            Answer::Nothing
        }
        Operation::SetIfAbsent(value, expiry) => {
            Answer::Whether(cache.set_if_absent(key, &value.to_string(), expiry).unwrap())
        }
        Operation::CompareAndSwap(expected, wanted, lifetime) => {
            let [expected, wanted] = [expected, wanted].map(|it| it.map(|it| it.to_string()));
            let (expected, wanted) = (expected.as_deref(), wanted.as_deref());
            let lifetime = match lifetime {
                history::Lifetime::Keep => Lifetime::Keep,
                history::Lifetime::Unlimited => Lifetime::Unlimited,
                history::Lifetime::After(seconds) => Lifetime::After(seconds),
            };
            match cache.compare_and_swap(key, expected, wanted, lifetime).unwrap() {
                Swap::Swapped => Answer::Swapped,
                Swap::Changed(found) => Answer::Changed(number(found)),
            }
        }
        Operation::Increment(by, expiry) => {
            Answer::Value(Some(cache.increment(key, by, expiry).unwrap()))
        }
        Operation::Take => Answer::Value(number(cache.take(key).unwrap())),
        Operation::Delete => Answer::Whether(cache.delete(key).unwrap()),
        Operation::Exists => Answer::Whether(cache.exists(key).unwrap()),
        Operation::Ttl => Answer::Left(match cache.ttl(key).unwrap() {
            TimeLeft::Missing => None,
            TimeLeft::Unlimited => Some(None),
            TimeLeft::Seconds(seconds) => Some(Some(seconds.into())),
        }),
        Operation::Expire(expiry) => Answer::Whether(cache.expire(key, expiry).unwrap()),
        Operation::Advance(seconds) => {
            time.advance(Duration::from_secs(seconds.into()));
            Answer::Nothing
        }
    }
}

fn number(value: Option<Value>) -> Option<i64> {
    value.map(|value| value.parse().unwrap())
}
