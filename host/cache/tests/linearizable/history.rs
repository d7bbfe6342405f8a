//! Recorded histories of operations on one key, and a check that they are linearizable.
//!
//! The search follows Wing and Gong (1993) with the memoization of Lowe (2017): as the next
//! operation, it tries each remaining operation that was called before the earliest return of a
//! remaining operation. It skips a state that it has already visited after the same operations.

use std::collections::HashSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Get,
    /// Value, and expiry in seconds.
    Set(i64, Option<u32>),
    SetIfAbsent(i64, Option<u32>),
    /// Expected and new value (`None` for no entry), and the lifetime.
    CompareAndSwap(Option<i64>, Option<i64>, Lifetime),
    /// Delta, and the expiry of a new entry.
    Increment(i64, Option<u32>),
    Take,
    Delete,
    Exists,
    Ttl,
    Expire(Option<u32>),
    /// Advances the clock by this many seconds.
    Advance(u32),
}

/// The lifetime of an entry that a swap writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Keep,
    Unlimited,
    After(u32),
}

/// The result of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Nothing,
    Value(Option<i64>),
    Whether(bool),
    Swapped,
    /// The current value, which differs from the expected one.
    Changed(Option<i64>),
    /// `None` without a live entry, `Some(None)` without an expiry, otherwise the time left in
    /// seconds.
    Left(Option<Option<u64>>),
}

/// One operation and its result. `called` and `returned` are values of a counter that all threads
/// share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) called: u64,
    pub(crate) returned: u64,
    pub(crate) operation: Operation,
    pub(crate) answer: Answer,
}

/// The most events in a history: the search has one bit for each.
pub(crate) const MAX_EVENTS: usize = u128::BITS as usize;

/// The sequential model of one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Register {
    now: u64,
    entry: Option<(i64, Option<u64>)>,
}

impl Register {
    fn apply(&mut self, operation: Operation) -> Answer {
        let now = self.now;
        self.entry = self.entry.filter(|(_, deadline)| deadline.is_none_or(|end| now < end));
        let value = self.entry.map(|(value, _)| value);
        match operation {
            Operation::Get => Answer::Value(value),
            Operation::Exists => Answer::Whether(value.is_some()),
            Operation::Delete => Answer::Whether(self.entry.take().is_some()),
            Operation::Advance(seconds) => {
                self.now += u64::from(seconds);
                Answer::Nothing
            }
            Operation::Set(value, expiry) => {
                self.put(true, value, expiry);
                Answer::Nothing
            }
            Operation::SetIfAbsent(new, expiry) => self.put(value.is_none(), new, expiry),
            Operation::CompareAndSwap(expected, _, _) if value != expected => {
                Answer::Changed(value)
            }
            Operation::CompareAndSwap(_, wanted, lifetime) => {
                let deadline = match lifetime {
                    Lifetime::Keep => self.deadline(),
                    Lifetime::Unlimited => None,
                    Lifetime::After(seconds) => self.after_seconds(Some(seconds)),
                };
                self.entry = wanted.map(|wanted| (wanted, deadline));
                Answer::Swapped
            }
            Operation::Increment(by, expiry) => {
                let deadline = match value {
                    Some(_) => self.deadline(),
                    None => self.after_seconds(expiry),
                };
                let sum = value.unwrap_or(0) + by;
                self.entry = Some((sum, deadline));
                Answer::Value(Some(sum))
            }
            Operation::Take => {
                self.entry = None;
                Answer::Value(value)
            }
            Operation::Ttl => {
                Answer::Left(value.map(|_| self.deadline().map(|end| end - self.now)))
            }
            Operation::Expire(expiry) => {
                let deadline = self.after_seconds(expiry);
                self.entry = value.map(|value| (value, deadline));
                Answer::Whether(value.is_some())
            }
        }
    }

    fn deadline(&self) -> Option<u64> {
        self.entry.and_then(|(_, deadline)| deadline)
    }

    fn after_seconds(&self, expiry: Option<u32>) -> Option<u64> {
        expiry.map(|seconds| self.now + u64::from(seconds))
    }

    fn put(&mut self, allowed: bool, value: i64, expiry: Option<u32>) -> Answer {
        if allowed {
            self.entry = Some((value, self.after_seconds(expiry)));
        }
        Answer::Whether(allowed)
    }
}

/// Returns true if the events are linearizable, starting from an empty register.
pub(crate) fn is_linearizable(history: &[Event]) -> bool {
    assert!(history.len() <= MAX_EVENTS, "{} events are too many", history.len());
    let all = (0..history.len()).fold(0, |bits, at| bits | bit(at));
    let start = (0, Register::default());
    let (mut open, mut met) = (vec![start], HashSet::from([start]));
    while let Some((done, register)) = open.pop() {
        if done == all {
            return true;
        }
        let left = || history.iter().enumerate().filter(|(at, _)| done & bit(*at) == 0);
        let first_return = left().map(|(_, event)| event.returned).min().unwrap_or(0);
        for (at, event) in left().filter(|(_, event)| event.called < first_return) {
            let mut next = register;
            let state = (done | bit(at), next.after(event));
            if let (done, Some(register)) = state
                && met.insert((done, register))
            {
                open.push((done, register));
            }
        }
    }
    false
}

impl Register {
    /// Returns the register after an event, or `None` if the event's result is not possible here.
    fn after(&mut self, event: &Event) -> Option<Self> {
        (self.apply(event.operation) == event.answer).then_some(*self)
    }
}

fn bit(at: usize) -> u128 {
    1 << at
}
