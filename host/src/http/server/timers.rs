//! The timers of one connection: for a head, between requests, and for what the client has to
//! take.
//!
//! A connection notes moments here as it goes, and looks at the clock again only when the earliest
//! of its deadlines could have passed: a request costs no timer.

use crate::config::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a connection that is closed on a client who is still sending is read from, so that
/// the client gets to read the answer before the system tells it that the connection is gone.
const LINGER: Duration = Duration::from_secs(1);

/// Why a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Overdue {
    /// No request for too long: it may be closed politely.
    Idle,
    /// The head, or taking the answer, takes too long: it is dropped.
    Stuck,
}

/// What one connection is doing, since when.
pub(in crate::http) struct Watch {
    start: Instant,
    head_time: Duration,
    idle_time: Duration,
    write_time: Duration,
    /// Requests whose answer has not been taken to its end.
    requests: AtomicUsize,
    /// Those of them that have an answer.
    answers: AtomicUsize,
    /// Since when there is no request.
    quiet: Moment,
    /// When the first byte of a head came.
    head: Moment,
    /// Whether bytes between requests are a head: HTTP/2 has other frames as well.
    times_heads: AtomicBool,
    /// Since when the client takes nothing of what is written.
    stuck: Moment,
    /// When the last answer was begun or taken.
    answered: Moment,
    /// When the connection began to wait for the client to see its end.
    linger: Moment,
    unread: AtomicBool,
}

/// A moment or none, in nanoseconds since the connection began.
#[derive(Default)]
struct Moment(AtomicU64);

impl Moment {
    fn set(&self, start: Instant) {
        self.set_to(start, Instant::now());
    }

    fn set_to(&self, start: Instant, now: Instant) {
        let nanoseconds = u64::try_from((now - start).as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanoseconds.saturating_add(1), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// When so much time will have passed since then.
    fn plus(&self, start: Instant, time: Duration) -> Option<Instant> {
        let since = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        start.checked_add(Duration::from_nanos(since))?.checked_add(time)
    }
}

impl Watch {
    /// A connection that begins now, with a head.
    pub(in crate::http) fn new(server: &Server) -> Arc<Self> {
        let watch = Watch {
            start: Instant::now(),
            head_time: server.header_time,
            idle_time: server.idle_time,
            write_time: server.write_time,
            requests: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            quiet: Moment::default(),
            head: Moment::default(),
            times_heads: AtomicBool::new(true),
            stuck: Moment::default(),
            answered: Moment::default(),
            linger: Moment::default(),
            unread: AtomicBool::new(false),
        };
        watch.head.set(watch.start);
        Arc::new(watch)
    }

    /// Whether a request is under way.
    pub(in crate::http) fn is_busy(&self) -> bool {
        self.requests.load(Ordering::Acquire) > 0
    }

    /// Bytes have come. Between two requests of HTTP/1 they begin a head.
    pub(in crate::http) fn read(&self) {
        if !self.is_busy() && !self.head.is_set() && self.times_heads.load(Ordering::Relaxed) {
            self.head.set(self.start);
        }
    }

    /// The client speaks HTTP/2: from now on the time without a request is all that is limited.
    pub(in crate::http) fn is_http2(&self) {
        self.times_heads.store(false, Ordering::Relaxed);
        self.head.clear();
        self.quiet.set(self.start);
    }

    /// The connection was told to end as it is idle, and has as much time again to do so.
    pub(in crate::http) fn ends(&self) {
        self.quiet.set(self.start);
    }

    /// The client does not take what is written.
    pub(in crate::http) fn write_waits(&self) {
        if !self.stuck.is_set() {
            self.stuck.set(self.start);
        }
    }

    /// The client has taken everything.
    pub(in crate::http) fn written(&self) {
        if self.stuck.is_set() {
            self.stuck.clear();
        }
    }

    /// An answer was given without reading the whole request.
    pub(in crate::http) fn leaves_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the connection's end should wait for the client to see it.
    pub(in crate::http) fn lingers(&self) -> bool {
        let lingers = self.unread.load(Ordering::Relaxed);
        if lingers && !self.linger.is_set() {
            self.linger.set(self.start);
        }
        lingers
    }

    /// What is overdue, if anything.
    pub(in crate::http) fn overdue(&self, now: Instant) -> Option<Overdue> {
        let (deadline, overdue) = self.deadline()?;
        (now >= deadline).then_some(overdue)
    }

    /// When to ask next: no deadline that is set later can be before that.
    pub(in crate::http) fn next_look(&self, now: Instant) -> Instant {
        let shortest = self.head_time.min(self.idle_time).min(self.write_time).min(LINGER);
        let later = now + shortest;
        self.deadline().map_or(later, |(deadline, _)| deadline.min(later))
    }

    fn deadline(&self) -> Option<(Instant, Overdue)> {
        let after = |moment: &Moment, time| moment.plus(self.start, time);
        let stuck = [
            after(&self.linger, LINGER),
            after(&self.stuck, self.write_time),
            after(&self.head, self.head_time).filter(|_| !self.is_busy()),
            after(&self.answered, self.write_time)
                .filter(|_| self.answers.load(Ordering::Acquire) > 0),
        ];
        let stuck = stuck.into_iter().flatten().min().map(|deadline| (deadline, Overdue::Stuck));
        let idle = after(&self.quiet, self.idle_time).filter(|_| !self.is_busy());
        stuck.or(idle.map(|deadline| (deadline, Overdue::Idle)))
    }
}

/// One request of a connection, from its head until its answer was taken or is not wanted.
pub(in crate::http) struct Turn {
    watch: Arc<Watch>,
    has_answer: bool,
}

impl Turn {
    pub(in crate::http) fn begin(watch: &Arc<Watch>) -> Self {
        watch.requests.fetch_add(1, Ordering::AcqRel);
        watch.head.clear();
        Turn { watch: Arc::clone(watch), has_answer: false }
    }

    /// The answer is there: from now on the client's time to take it runs.
    pub(in crate::http) fn answer(&mut self) {
        self.has_answer = true;
        self.watch.answered.set(self.watch.start);
        self.watch.answers.fetch_add(1, Ordering::AcqRel);
    }
}

impl Drop for Turn {
    /// Moments are set before the counts that they go with: another thread may look meanwhile.
    fn drop(&mut self) {
        let (watch, now) = (&self.watch, Instant::now());
        if self.has_answer {
            watch.answered.set_to(watch.start, now);
            watch.answers.fetch_sub(1, Ordering::AcqRel);
        }
        watch.quiet.set_to(watch.start, now);
        watch.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn watch() -> Arc<Watch> {
        let server = Server {
            header_time: 2 * SECOND,
            idle_time: 5 * SECOND,
            write_time: 3 * SECOND,
            ..Server::default()
        };
        let mut watch = Watch::new(&server);
        // A past that moments can be moved into.
        Arc::get_mut(&mut watch).unwrap().start -= 30 * SECOND;
        watch.head.set(watch.start);
        watch
    }

    /// Makes everything that has happened a second longer ago.
    fn a_second_passes(watch: &Watch) {
        let Watch { quiet, head, stuck, answered, linger, .. } = watch;
        for moment in [quiet, head, stuck, answered, linger].into_iter().filter(|m| m.is_set()) {
            moment.0.fetch_sub(1_000_000_000, Ordering::Relaxed);
        }
    }

    /// Checks that nothing is overdue half a second before so many seconds have passed, and what
    /// is then.
    #[track_caller]
    fn check(watch: &Watch, seconds: u32, expected: Overdue) {
        let now = Instant::now();
        let deadline = now + seconds * SECOND;
        assert_eq!(watch.overdue(deadline - SECOND / 2), None);
        assert_eq!(watch.overdue(deadline), Some(expected));
        assert!(watch.next_look(now) <= deadline);
    }

    #[test]
    fn each_phase_has_its_time() {
        let watch = watch();
        check(&watch, 2, Overdue::Stuck);
        let mut turn = Turn::begin(&watch);
        assert_eq!(watch.overdue(Instant::now() + 1_000 * SECOND), None, "a call has its own time");
        turn.answer();
        check(&watch, 3, Overdue::Stuck);
        watch.write_waits();
        a_second_passes(&watch);
        drop(turn);
        check(&watch, 2, Overdue::Stuck);
        watch.written();
        check(&watch, 5, Overdue::Idle);
        a_second_passes(&watch);
        watch.read();
        a_second_passes(&watch);
        watch.read();
        check(&watch, 1, Overdue::Stuck);
        watch.is_http2();
        watch.read();
        check(&watch, 5, Overdue::Idle);
        (0..5).for_each(|_| a_second_passes(&watch));
        watch.ends();
        check(&watch, 5, Overdue::Idle);
        watch.leaves_unread();
        assert!(watch.lingers());
        check(&watch, 1, Overdue::Stuck);
    }

    #[test]
    fn one_answer_that_is_taken_gives_the_others_more_time() {
        let watch = watch();
        let (mut first, mut second) = (Turn::begin(&watch), Turn::begin(&watch));
        first.answer();
        second.answer();
        a_second_passes(&watch);
        a_second_passes(&watch);
        drop(first);
        check(&watch, 3, Overdue::Stuck);
        drop(second);
        check(&watch, 5, Overdue::Idle);
    }
}
