//! Traces: a span for each request and one for its call, sent to a collector by OTLP, off the
//! request's path.
//!
//! Names of attributes are those of OpenTelemetry's conventions for HTTP, or begin with `hostel.`.

mod collector;
mod otlp;
mod parent;
mod sending;
mod span;

pub(crate) use span::{CallSpan, RequestHead, RequestSpan};

use crate::telemetry::{Level, LogLine, LogSink};
use collector::Collector;
use parent::TraceParent;
use sending::{QUEUE, Sending};
use span::{Span, SpanContext};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The longest that [`Traces::end`] waits for a collector that takes nothing.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Where traces go, and which requests have one.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// The URL that spans are posted to, path included.
    pub url: String,
    /// Headers of each post, name and value: what the collector asks for to know who sends.
    pub headers: Vec<(String, String)>,
    /// What this server is called there.
    pub service_name: String,
    /// The share of requests that are traced, from 0 to 1, of those whose `traceparent` does not
    /// say whether they are.
    pub ratio: f64,
}

/// Settings with which no trace can be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// It is no URL of `http` or `https` with a host.
    #[error("{0:?} is no address of a collector: write it as in \"http://127.0.0.1:4318\"")]
    Url(String),
    /// A header has no name or no value that HTTP allows. The value may be a secret.
    #[error("a header for the collector is malformed: {0:?}")]
    Header(String),
    /// The certificates that this machine trusts are not there or of no use.
    #[error("cannot speak TLS to the collector: {0}")]
    Tls(String),
}

/// Makes traces and sends them; its clones are the same.
///
/// Whatever the collector does, no request waits for it: spans wait in a queue of 2,048, and are
/// counted and dropped when that is full or when they cannot be sent. A log line tells how many,
/// once a minute at most.
#[derive(Clone)]
pub struct Traces(Arc<Shared>);

pub(super) struct Shared {
    spans: mpsc::Sender<Span>,
    lost: Arc<AtomicU64>,
    ratio: f64,
    ids: Ids,
    log: LogSink,
    sending: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Traces {
    /// Begins to send, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// When the settings cannot work; whether the collector is there is not asked.
    pub fn start(settings: TraceSettings, log: LogSink) -> Result<Self, TraceError> {
        let TraceSettings { url, headers, service_name, ratio } = settings;
        let collector = Collector::new(&url, &headers)?;
        let (spans, waiting) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let lost = Arc::new(AtomicU64::new(0));
        let sending =
            Sending::new(waiting, collector, service_name, Arc::clone(&lost), log.clone());
        let sending = Mutex::new(Some((stop, tokio::spawn(sending.run(stopped)))));
        Ok(Traces(Arc::new(Shared { spans, lost, ratio, ids: Ids::default(), log, sending })))
    }

    /// Sends what waits, for two seconds at most. Spans that come later are lost.
    pub async fn end(&self) {
        let sending = self.0.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stop, mut sending)) = sending else { return };
        // Nobody listens when the task has failed already.
        let _ = stop.send(());
        if tokio::time::timeout(LAST_WAIT, &mut sending).await.is_err() {
            sending.abort();
            let waited = LAST_WAIT.as_secs();
            let message = format!("the last spans of traces were not taken in {waited} s");
            let (plugin, service, request_id, message) = ("", "", "", &*message);
            let (time, level) = (SystemTime::now(), Level::Warn);
            (self.0.log)(&LogLine { time, level, plugin, service, request_id, message });
        }
    }

    /// The span of a request that begins now; none when the request is not traced.
    pub(crate) fn request(&self, head: &RequestHead<'_>) -> Option<RequestSpan> {
        let parent = head.traceparent.and_then(TraceParent::read);
        let trace_id = parent.map_or_else(|| self.0.ids.trace(), |parent| parent.trace_id);
        let is_sampled = match parent {
            Some(parent) => parent.is_sampled,
            None => is_within(trace_id, self.0.ratio),
        };
        let context = SpanContext { trace_id, parent: parent.map(|it| it.span_id) };
        is_sampled.then(|| RequestSpan::begin(Arc::clone(&self.0), context, head))
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").field("ratio", &self.0.ratio).finish_non_exhaustive()
    }
}

impl Shared {
    /// Queues a span that has ended.
    fn take(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether a trace is among the share of those that are sent: decided by its id, which is random,
/// so that all who decide by it decide alike.
fn is_within(trace_id: u128, ratio: f64) -> bool {
    const ALL: f64 = (1_u64 << 56) as f64;
    let low = (trace_id & ((1 << 56) - 1)) as f64;
    low < ratio * ALL
}

/// Makes ids that differ from all others: the keys of the hash are the system's random numbers.
#[derive(Default)]
struct Ids {
    count: AtomicU64,
    high: RandomState,
    low: RandomState,
}

impl Ids {
    fn trace(&self) -> u128 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let id = u128::from(self.high.hash_one(count)) << 64 | u128::from(self.low.hash_one(count));
        // An id of zero means none.
        id.max(1)
    }

    fn span(&self) -> u64 {
        self.low.hash_one(self.count.fetch_add(1, Ordering::Relaxed)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spans_that_find_no_room_to_wait_are_dropped_and_counted() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log: LogSink = {
            let told = Arc::clone(&told);
            Arc::new(move |line| told.lock().unwrap().push(line.message.to_owned()))
        };
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = TraceSettings {
            url: format!("http://{gone}/v1/traces"),
            headers: Vec::new(),
            service_name: String::new(),
            ratio: 1.0,
        };
        let traces = Traces::start(settings, log).unwrap();
        let head = RequestHead {
            method: "GET",
            path: "/",
            scheme: "http",
            client: String::new(),
            request_id: "",
            traceparent: None,
            tracestate: None,
        };
        // Nothing is sent meanwhile: this thread is the runtime's only one.
        (0..QUEUE + 500).for_each(|_| drop(traces.request(&head)));
        traces.end().await;
        let lost = |line: &String| {
            let (count, reason) = line.split_once(" spans of traces were lost: ").unwrap();
            assert!(reason.starts_with("Connection refused"), "{line}");
            count.parse::<usize>().unwrap()
        };
        let lost: usize = told.lock().unwrap().iter().map(lost).sum();
        assert_eq!(lost, QUEUE + 500);
    }

    #[test]
    fn the_share_of_traces_is_what_was_asked_for() {
        let ids = Ids::default();
        let share = |ratio| (0..10_000).filter(|_| is_within(ids.trace(), ratio)).count();
        assert_eq!((share(0.0), share(1.0)), (0, 10_000));
        assert!((2_000..3_000).contains(&share(0.25)));
    }
}
