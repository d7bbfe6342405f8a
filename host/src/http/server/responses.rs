//! The unfinished responses of one connection, and the deadline by which the client must receive
//! each of them.

use super::moment::AtomicInstant;
use crate::config::Server;
use crate::http::rate::MinRate;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The deadlines of the responses of one connection.
///
/// Each response has its own deadline: otherwise, a client could hold all responses of a connection
/// by receiving one of them now and then. The bytes that the client receives extend the deadline of
/// their response.
pub(super) struct PendingResponses {
    start: Instant,
    write_time: Duration,
    min_rate: MinRate,
    /// The deadlines. Their number is the maximum number of responses that were pending at once. A
    /// new response reuses an unset deadline, so that most responses allocate nothing. A response
    /// takes the lock only when it starts.
    deadlines: Mutex<Vec<Arc<AtomicInstant>>>,
}

/// The deadline of a response. Dropping this value clears the deadline.
pub(super) struct ResponseTime(Arc<AtomicInstant>);

/// Extends the deadline of a response.
pub(super) struct ResponseProgress {
    deadline: Arc<AtomicInstant>,
    min_rate: MinRate,
}

impl PendingResponses {
    pub(super) fn new(server: &Server, start: Instant) -> Self {
        PendingResponses {
            start,
            write_time: server.write_time,
            min_rate: MinRate::new(server.min_rate),
            deadlines: Mutex::default(),
        }
    }

    /// Sets the deadline by which the client must receive a response.
    pub(super) fn begin(&self) -> ResponseTime {
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let free = deadlines.iter().find(|deadline| !deadline.is_set());
        let deadline = free.map(Arc::clone).unwrap_or_else(|| {
            let deadline = Arc::default();
            deadlines.push(Arc::clone(&deadline));
            deadline
        });
        deadline.set(self.start);
        deadline.add(self.write_time);
        ResponseTime(deadline)
    }

    /// Returns the handle that extends the deadline of a response.
    pub(super) fn progress(&self, of: &ResponseTime) -> ResponseProgress {
        ResponseProgress { deadline: Arc::clone(&of.0), min_rate: self.min_rate }
    }

    /// Returns the earliest deadline, or `None` if no response is pending.
    pub(super) fn earliest(&self) -> Option<Instant> {
        let deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let all = deadlines.iter().filter_map(|it| it.plus(self.start, Duration::ZERO));
        all.min()
    }
}

impl ResponseProgress {
    /// Records that the client has received bytes. The response must still be pending.
    pub(super) fn taken(&self, bytes: usize) {
        self.deadline.add(self.min_rate.time_of(bytes));
    }
}

impl Drop for ResponseTime {
    fn drop(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
impl PendingResponses {
    /// Sets the start of the connection to a time in the past, so that other times can be moved
    /// back.
    pub(super) fn set_start(&mut self, start: Instant) {
        self.start = start;
    }

    pub(super) fn a_second_passes(&self) {
        let deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        deadlines.iter().for_each(|deadline| deadline.a_second_passes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pending() -> PendingResponses {
        let server = Server { write_time: 3 * SECOND, min_rate: 1_000, ..Server::default() };
        PendingResponses::new(&server, Instant::now().checked_sub(30 * SECOND).unwrap())
    }

    /// Checks that the earliest deadline is in `seconds` seconds, to within half a second.
    #[track_caller]
    fn check(pending: &PendingResponses, seconds: u32) {
        let earliest = pending.earliest().unwrap();
        let expected = Instant::now() + seconds * SECOND;
        assert!(earliest <= expected && earliest > expected - SECOND / 2);
    }

    #[test]
    fn each_response_has_its_own_time() {
        let pending = pending();
        let first = pending.begin();
        pending.a_second_passes();
        let second = pending.begin();
        check(&pending, 2);
        drop(second);
        check(&pending, 2);
        drop(first);
        assert_eq!(pending.earliest(), None);
        let third = pending.begin();
        check(&pending, 3);
        drop(third);
        assert_eq!(pending.deadlines.lock().unwrap().len(), 2, "deadlines are used again");
    }

    #[test]
    fn bytes_that_are_taken_prolong_the_time_of_their_response() {
        let pending = pending();
        let (first, second) = (pending.begin(), pending.begin());
        pending.progress(&first).taken(5_000);
        check(&pending, 3);
        drop(second);
        check(&pending, 8);
        drop(first);
    }
}
