//! Calls of a cache by chance, and the record of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::history::{Answer, Event, Operation};
use super::{Cache, MockClock};

/// Numbers by chance, the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// One of `0..sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    /// An operation on a key that has an expiry now and then; of values there are few, so that a
    /// comparison may find the one it expects.
    pub(crate) fn operation(&mut self) -> Operation {
        let expiry = [None, None, Some(1), Some(2)][self.roll(4) as usize];
        match self.roll(10) {
            0..=2 => Operation::Get,
            3 | 4 => Operation::Set(self.value(), expiry),
            5 => Operation::SetIfAbsent(self.value(), expiry),
            6 => Operation::CompareAndSet(self.value(), self.value()),
            7 => Operation::Add(self.value()),
            8 => Operation::Delete,
            _ => Operation::Exists,
        }
    }

    /// A short one, or one of eighteen digits: those of one length are written in one place.
    fn value(&mut self) -> i64 {
        let number = self.roll(12) as i64;
        if number % 2 == 0 { number } else { 100_000_000_000_000_000 + number * 7_777_777_777_777 }
    }
}

/// What threads did to a key, in a count of calls and returns that all keys of a round share.
pub(crate) struct Record<'a> {
    pub(crate) count: &'a AtomicU64,
    pub(crate) events: &'a Mutex<Vec<Event>>,
}

impl Record<'_> {
    /// Does an operation, and takes down what it answered. Between the call and its beginning
    /// other threads may have a turn.
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

/// Does one operation on a key of a cache.
pub(crate) fn perform(cache: &Cache, time: &MockClock, key: &str, operation: Operation) -> Answer {
    match operation {
        Operation::Get => {
            let value = cache.get(key).unwrap();
            Answer::Value(value.map(|value| value.parse().unwrap()))
        }
        Operation::Set(value, expiry) => {
            cache.set(key, &value.to_string(), expiry).unwrap();
            Answer::Nothing
        }
        Operation::SetIfAbsent(value, expiry) => {
            Answer::Whether(cache.set_if_absent(key, &value.to_string(), expiry).unwrap())
        }
        Operation::CompareAndSet(expected, value) => {
            let (expected, value) = (expected.to_string(), value.to_string());
            Answer::Whether(cache.compare_and_set(key, &expected, &value, None).unwrap())
        }
        Operation::Add(by) => Answer::Value(cache.add(key, by).unwrap()),
        Operation::Delete => Answer::Whether(cache.delete(key).unwrap()),
        Operation::Exists => Answer::Whether(cache.exists(key).unwrap()),
        Operation::Advance(seconds) => {
            time.advance(Duration::from_secs(seconds.into()));
            Answer::Nothing
        }
    }
}
