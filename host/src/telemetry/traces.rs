//! Traces: a span for each traced request, for its call, and for the call's operations on Redis and
//! requests to other servers. A separate task sends the spans to a collector, using OTLP.
//!
//! The names of attributes follow OpenTelemetry's conventions for HTTP and Redis, or begin with
//! `hostel.`.

mod collector;
mod error;
mod exporter;
mod ids;
mod open;
mod otlp;
mod parent;
mod recorder;
mod span;

pub use error::TraceError;
pub(crate) use open::{CallSpan, HttpClientSpan, RedisSpan, RequestHead, RequestSpan, SpanParent};

use super::line::{Level, LogSink, log_event};
use collector::Collector;
use exporter::Exporter;
use parent::TraceParent;
use recorder::SpanRecorder;
use span::SpanContext;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Maximum time that [`Tracer::end`] waits for the collector.
const MAX_END_TIME: Duration = Duration::from_secs(2);

/// The collector of traces, and the fraction of requests that are traced.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// The URL of the collector, including its path.
    pub url: String,
    /// Headers of each export request as names and values, such as credentials for the collector.
    pub headers: Vec<(String, String)>,
    /// The name of this server in the traces: `service.name`.
    pub service_name: String,
    /// The fraction of requests that are traced, from 0 to 1. A request with a valid `traceparent`
    /// header is instead traced if this header has the sampled flag.
    pub ratio: f64,
}

/// Traces requests and exports their spans. Clones share the queue and the exporter.
///
/// No request waits for the collector. Spans wait in a queue of 2,048, and are counted and dropped
/// if the queue is full or the export fails. A log line reports the number of dropped spans at most
/// once a minute, and again at the end, unless the last export takes too long.
#[derive(Clone)]
pub struct Tracer {
    recorder: Arc<SpanRecorder>,
    ratio: f64,
    log: LogSink,
    export: Arc<Mutex<Option<ExportTask>>>,
}

/// The exporter's task, and the sender that stops it.
type ExportTask = (oneshot::Sender<()>, JoinHandle<()>);

impl Tracer {
    /// Starts the exporter on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the collector's URL or a header is invalid, or the URL is `https` and TLS is not
    /// available. An unreachable collector is not an error: it may start later.
    pub fn start(settings: TraceSettings, log: LogSink) -> Result<Self, TraceError> {
        let TraceSettings { url, headers, service_name, ratio } = settings;
        let collector = Collector::new(&url, &headers)?;
        let lost = Arc::new(AtomicU64::new(0));
        let (recorder, spans) = SpanRecorder::new(Arc::clone(&lost));
        let (stop, stopped) = oneshot::channel();
        let exporter = Exporter::new(spans, collector, service_name, lost, log.clone());
        let export = Mutex::new(Some((stop, tokio::spawn(exporter.run(stopped)))));
        Ok(Tracer { recorder: Arc::new(recorder), ratio, log, export: Arc::new(export) })
    }

    /// Exports the queued spans, but stops after two seconds. Later spans are lost.
    pub async fn end(&self) {
        let export = self.export.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stop, mut task)) = export else { return };
        // `send` fails if the task has panicked; then there is nothing to stop.
        let _ = stop.send(());
        if tokio::time::timeout(MAX_END_TIME, &mut task).await.is_err() {
            task.abort();
            let waited = MAX_END_TIME.as_secs();
            let message = format!("the collector did not accept the last spans within {waited} s");
            log_event(&self.log, Level::Warn, "", &message);
        }
    }

    /// Starts the span of a request, or returns `None` if the request is not traced.
    pub(crate) fn request(&self, head: &RequestHead<'_>) -> Option<RequestSpan> {
        let parent = head.traceparent.and_then(TraceParent::parse);
        let trace_id = parent.map_or_else(|| self.recorder.ids.trace(), |parent| parent.trace_id);
        let is_sampled = match parent {
            Some(parent) => parent.is_sampled,
            None => is_within(trace_id, self.ratio),
        };
        let context = SpanContext { trace_id, parent: parent.map(|it| it.span_id) };
        is_sampled.then(|| RequestSpan::begin(Arc::clone(&self.recorder), context, head))
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").field("ratio", &self.ratio).finish_non_exhaustive()
    }
}

/// True if a new trace is in the sampled fraction: the low 56 bits of its random id, divided by
/// 2^56, are less than `ratio`.
fn is_within(trace_id: u128, ratio: f64) -> bool {
    const ALL: f64 = (1_u64 << 56) as f64;
    let low = (trace_id & ((1 << 56) - 1)) as f64;
    low < ratio * ALL
}

#[cfg(test)]
mod tests {
    use super::ids::TraceIds;
    use super::recorder::MAX_QUEUED_SPANS;
    use super::*;

    #[tokio::test]
    async fn spans_past_the_queue_are_dropped_and_counted() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log: LogSink = {
            let lines = Arc::clone(&lines);
            Arc::new(move |line| lines.lock().unwrap().push(line.message.to_owned()))
        };
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = TraceSettings {
            url: format!("http://{gone}/v1/traces"),
            headers: Vec::new(),
            service_name: String::new(),
            ratio: 1.0,
        };
        let tracer = Tracer::start(settings, log).unwrap();
        let head = RequestHead {
            method: "GET",
            path: "/",
            scheme: "http",
            client: String::new(),
            request_id: "",
            traceparent: None,
            tracestate: None,
        };
        // The exporter cannot run in the meantime, because the runtime has only this thread.
        (0..MAX_QUEUED_SPANS + 500).for_each(|_| drop(tracer.request(&head)));
        // This is `end` without its time limit, which a busy machine may exceed.
        let (stop, export) = tracer.export.lock().unwrap().take().unwrap();
        stop.send(()).unwrap();
        export.await.unwrap();
        let lost = |line: &String| {
            let (count, reason) = line.split_once(" spans of traces were lost: ").unwrap();
            assert!(reason.starts_with("Connection refused"), "{line}");
            count.parse::<usize>().unwrap()
        };
        let lost: usize = lines.lock().unwrap().iter().map(lost).sum();
        assert_eq!(lost, MAX_QUEUED_SPANS + 500);
    }

    #[test]
    fn the_share_of_traces_is_the_ratio() {
        let ids = TraceIds::default();
        let share = |ratio| (0..10_000).filter(|_| is_within(ids.trace(), ratio)).count();
        assert_eq!((share(0.0), share(1.0)), (0, 10_000));
        assert!((2_000..3_000).contains(&share(0.25)));
    }
}
