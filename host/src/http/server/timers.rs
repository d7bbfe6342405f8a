//! The timers of one connection: the time for the client to send a request's head, the time between
//! requests, the time for the client to receive a response, and the linger time.
//!
//! The connection records the start of each phase, and checks the deadlines only when the earliest
//! one may have passed. A runtime timer for each request would take a global lock.

use super::moment::AtomicInstant;
use super::responses::{PendingResponses, ResponseProgress, ResponseTime};
use crate::config::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a closing connection discards the bytes that its client still sends. If a socket with
/// unread bytes is closed, the system sends a reset, which can destroy the response before the
/// client reads it.
const LINGER: Duration = Duration::from_secs(1);

/// Why a connection must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The connection had no request for too long. It is shut down gracefully, or dropped if its
    /// graceful shutdown has already begun.
    Idle,
    /// The client sends a head or receives a response too slowly, or the linger time is over. The
    /// connection is dropped.
    Stuck,
}

/// The phases of one connection, and the start of each phase.
pub(super) struct Timers {
    start: Instant,
    head_time: Duration,
    idle_time: Duration,
    write_time: Duration,
    /// Number of requests whose responses are not completely sent.
    requests: AtomicUsize,
    /// The responses that have begun and are not completely sent.
    responses: PendingResponses,
    /// When the last request ended, HTTP/2 began, or the graceful shutdown began.
    idle: AtomicInstant,
    /// When the first byte of the current head arrived. For the first head, when the connection
    /// began.
    head: AtomicInstant,
    /// True for HTTP/1, in which bytes between requests begin a head. In HTTP/2, such bytes may
    /// also be another frame, such as a ping.
    times_heads: AtomicBool,
    /// When the client began to block the current write.
    stuck: AtomicInstant,
    /// When the connection began to linger.
    linger: AtomicInstant,
    /// True if a response was created before its request was read completely.
    unread: AtomicBool,
}

impl Timers {
    /// Creates the timers of a new connection, and starts the timer for its first head.
    pub(super) fn new(server: &Server) -> Arc<Self> {
        let start = Instant::now();
        let timers = Timers {
            start,
            head_time: server.header_time,
            idle_time: server.idle_time,
            write_time: server.write_time,
            requests: AtomicUsize::new(0),
            responses: PendingResponses::new(server, start),
            idle: AtomicInstant::default(),
            head: AtomicInstant::default(),
            times_heads: AtomicBool::new(true),
            stuck: AtomicInstant::default(),
            linger: AtomicInstant::default(),
            unread: AtomicBool::new(false),
        };
        timers.head.set(timers.start);
        Arc::new(timers)
    }

    /// True if a request is in progress.
    pub(super) fn is_busy(&self) -> bool {
        self.requests.load(Ordering::Acquire) > 0
    }

    /// Records that bytes arrived. In HTTP/1, the first byte between two requests begins a head.
    pub(super) fn bytes_read(&self) {
        if !self.is_busy() && !self.head.is_set() && self.times_heads.load(Ordering::Relaxed) {
            self.head.set(self.start);
        }
    }

    /// Records that the client uses HTTP/2. From now on, the time without a request is limited, but
    /// not the time for a head.
    pub(super) fn use_http2(&self) {
        self.times_heads.store(false, Ordering::Relaxed);
        self.head.clear();
        self.idle.set(self.start);
    }

    /// Records that a graceful shutdown began. Without a request, the shutdown may take as long as
    /// the idle time.
    pub(super) fn shutdown_began(&self) {
        self.idle.set(self.start);
    }

    /// Records that a write is blocked by the client.
    pub(super) fn write_pending(&self) {
        if !self.stuck.is_set() {
            self.stuck.set(self.start);
        }
    }

    /// Records that no write is blocked.
    pub(super) fn flushed(&self) {
        if self.stuck.is_set() {
            self.stuck.clear();
        }
    }

    /// Records that a response was created before its request was read completely.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Returns true if the connection must linger before it closes, and starts the linger time.
    pub(super) fn linger(&self) -> bool {
        let is_unread = self.unread.load(Ordering::Relaxed);
        if is_unread && !self.linger.is_set() {
            self.linger.set(self.start);
        }
        is_unread
    }

    /// Returns the reason if the connection must end now, or else `None`.
    pub(super) fn overdue(&self, now: Instant) -> Option<Overdue> {
        let (deadline, overdue) = self.deadline()?;
        (now >= deadline).then_some(overdue)
    }

    /// Returns the time of the next check: the current deadline or an earlier time, because a phase
    /// that begins meanwhile may have an earlier deadline.
    pub(super) fn next_check(&self, now: Instant) -> Instant {
        let shortest = self.head_time.min(self.idle_time).min(self.write_time).min(LINGER);
        let later = now + shortest;
        self.deadline().map_or(later, |(deadline, _)| deadline.min(later))
    }

    fn deadline(&self) -> Option<(Instant, Overdue)> {
        let after = |moment: &AtomicInstant, time| moment.plus(self.start, time);
        let stuck = [
            self.responses.earliest(),
            after(&self.linger, LINGER),
            after(&self.stuck, self.write_time),
            after(&self.head, self.head_time).filter(|_| !self.is_busy()),
        ];
        let stuck = stuck.into_iter().flatten().min().map(|deadline| (deadline, Overdue::Stuck));
        let idle = after(&self.idle, self.idle_time).filter(|_| !self.is_busy());
        // A connection that receives a head, sends a response or lingers is not idle.
        stuck.or(idle.map(|deadline| (deadline, Overdue::Idle)))
    }
}

/// One request and its response, from the end of the request's head until the response is sent or
/// the client disconnects.
pub(super) struct Exchange {
    /// `None` until a response with a body begins.
    response: Option<ResponseTime>,
    timers: Arc<Timers>,
}

impl Exchange {
    pub(super) fn begin(timers: &Arc<Timers>) -> Self {
        timers.requests.fetch_add(1, Ordering::AcqRel);
        timers.head.clear();
        Exchange { response: None, timers: Arc::clone(timers) }
    }

    /// Records that a response with a body begins, and sets the deadline by which the client must
    /// receive it.
    pub(super) fn responded(&mut self) {
        self.response = Some(self.timers.responses.begin());
    }

    /// Returns the handle that records the client's progress, or `None` until a response with a
    /// body begins.
    pub(super) fn progress(&self) -> Option<ResponseProgress> {
        self.response.as_ref().map(|response| self.timers.responses.progress(response))
    }
}

impl Drop for Exchange {
    /// Sets `idle` before it lowers the number of requests. If another thread saw the new number
    /// with the old `idle`, that thread could end the connection at once.
    fn drop(&mut self) {
        self.response = None;
        self.timers.idle.set(self.timers.start);
        self.timers.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn timers() -> Arc<Timers> {
        let server = Server {
            header_time: 2 * SECOND,
            idle_time: 5 * SECOND,
            write_time: 3 * SECOND,
            ..Server::default()
        };
        let mut timers = Timers::new(&server);
        // Move the start to the past, so that other times can be moved back.
        let start = timers.start - 30 * SECOND;
        let own = Arc::get_mut(&mut timers).unwrap();
        own.start = start;
        own.responses.set_start(start);
        timers.head.set(timers.start);
        timers
    }

    /// Moves all times back by a second.
    fn a_second_passes(timers: &Timers) {
        let Timers { idle, head, stuck, linger, responses, .. } = timers;
        [idle, head, stuck, linger].into_iter().for_each(AtomicInstant::a_second_passes);
        responses.a_second_passes();
    }

    /// Checks that the connection is not overdue half a second before `seconds` have passed, and
    /// that it is overdue for the reason `expected` after `seconds`.
    #[track_caller]
    fn check(timers: &Timers, seconds: u32, expected: Overdue) {
        let now = Instant::now();
        let deadline = now + seconds * SECOND;
        assert_eq!(timers.overdue(deadline - SECOND / 2), None);
        assert_eq!(timers.overdue(deadline), Some(expected));
        assert!(timers.next_check(now) <= deadline);
    }

    #[test]
    fn each_phase_has_its_time() {
        let timers = timers();
        check(&timers, 2, Overdue::Stuck);
        let mut exchange = Exchange::begin(&timers);
        assert_eq!(
            timers.overdue(Instant::now() + 1_000 * SECOND),
            None,
            "a call has its own time"
        );
        exchange.responded();
        check(&timers, 3, Overdue::Stuck);
        timers.write_pending();
        a_second_passes(&timers);
        drop(exchange);
        check(&timers, 2, Overdue::Stuck);
        timers.flushed();
        check(&timers, 5, Overdue::Idle);
        a_second_passes(&timers);
        timers.bytes_read();
        a_second_passes(&timers);
        timers.bytes_read();
        check(&timers, 1, Overdue::Stuck);
        timers.use_http2();
        timers.bytes_read();
        check(&timers, 5, Overdue::Idle);
        (0..5).for_each(|_| a_second_passes(&timers));
        timers.shutdown_began();
        check(&timers, 5, Overdue::Idle);
        timers.leave_unread();
        assert!(timers.linger());
        check(&timers, 1, Overdue::Stuck);
    }

    #[test]
    fn a_response_that_is_taken_gives_the_others_no_more_time() {
        let timers = timers();
        let (mut first, mut second) = (Exchange::begin(&timers), Exchange::begin(&timers));
        first.responded();
        second.responded();
        a_second_passes(&timers);
        a_second_passes(&timers);
        drop(first);
        check(&timers, 1, Overdue::Stuck);
        drop(second);
        check(&timers, 5, Overdue::Idle);
    }

    #[test]
    fn a_response_has_more_time_for_what_is_taken_of_it() {
        let timers = timers();
        let mut exchange = Exchange::begin(&timers);
        assert!(exchange.progress().is_none());
        exchange.responded();
        // The default of `min-rate` is 4 KiB a second.
        exchange.progress().unwrap().taken(16 << 10);
        check(&timers, 7, Overdue::Stuck);
        drop(exchange);
        check(&timers, 5, Overdue::Idle);
    }
}
