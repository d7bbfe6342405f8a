//! The spans in progress: of requests, of calls, and of the guests' operations. A span ends when it
//! is dropped, also if the client disconnects and the request is cancelled.

use super::recorder::SpanRecorder;
use super::span::{AttributeValue, Span, SpanContext, SpanKind};
use crate::telemetry::access::CANCELLED_STATUS;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Maximum bytes of a text attribute, such as a path from the client; the rest is cut off.
const MAX_TEXT_BYTES: usize = 1_024;

/// Maximum bytes of a `tracestate` that spans record; a longer `tracestate` is omitted. W3C Trace
/// Context, section 3.3.1.5, recommends propagating at least this many characters.
const MAX_STATE_BYTES: usize = 512;

/// The methods that may be in a span's name: the methods of RFC 9110, and PATCH. A client or a
/// guest could send any number of other methods, and a collector stores each name.
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The properties of a request from which the request's span is created.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) scheme: &'static str,
    pub(crate) client: String,
    pub(crate) request_id: &'a str,
    /// The header `traceparent`, if the request has exactly one and it is ASCII text.
    pub(crate) traceparent: Option<&'a str>,
    /// The header `tracestate`, if the request has exactly one and it is ASCII text.
    pub(crate) tracestate: Option<&'a str>,
}

/// A span in progress.
struct OpenSpan {
    span: Option<Span>,
    since: Instant,
    recorder: Arc<SpanRecorder>,
}

impl OpenSpan {
    fn set(&mut self, name: &'static str, value: AttributeValue) {
        if let Some(span) = &mut self.span {
            span.attributes.push((name, value));
        }
    }

    fn text(&mut self, name: &'static str, value: &str) {
        let cut = value.get(..value.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or(value);
        self.set(name, AttributeValue::Text(cut.to_owned()));
    }

    fn fail(&mut self, kind: &str) {
        self.text("error.type", kind);
        if let Some(span) = &mut self.span {
            span.is_error = true;
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if let Some(mut span) = self.span.take() {
            span.took = self.since.elapsed();
            self.recorder.record(span);
        }
    }
}

/// The span of a request. If it is dropped without a status, it counts as cancelled.
pub(crate) struct RequestSpan {
    open: OpenSpan,
    method: &'static str,
    has_status: bool,
}

impl RequestSpan {
    pub(super) fn begin(
        recorder: Arc<SpanRecorder>,
        context: SpanContext,
        head: &RequestHead<'_>,
    ) -> Self {
        let known = METHODS.into_iter().find(|known| *known == head.method);
        let state =
            head.tracestate.filter(|it| context.parent.is_some() && it.len() <= MAX_STATE_BYTES);
        let span = Span {
            context,
            id: recorder.ids.span(),
            state: state.unwrap_or_default().to_owned(),
            name: known.unwrap_or("HTTP").to_owned(),
            kind: SpanKind::Server,
            begun: SystemTime::now(),
            took: Duration::ZERO,
            attributes: Vec::with_capacity(10),
            is_error: false,
        };
        let mut open = OpenSpan { span: Some(span), since: Instant::now(), recorder };
        open.text("http.request.method", known.unwrap_or("_OTHER"));
        open.text("url.path", head.path);
        open.text("url.scheme", head.scheme);
        open.text("client.address", &head.client);
        open.text("hostel.request_id", head.request_id);
        RequestSpan { open, method: known.unwrap_or("HTTP"), has_status: false }
    }

    /// Records the route's pattern, and uses it in the span's name. Paths would produce too many
    /// different names.
    pub(crate) fn route(&mut self, route: &str) {
        self.open.text("http.route", route);
        if let Some(span) = &mut self.open.span {
            span.name = format!("{} {route}", self.method);
        }
    }

    pub(crate) fn caller(&mut self, caller: &str) {
        self.open.text("hostel.caller", caller);
    }

    /// Starts the span of the request's call.
    pub(crate) fn call(&self) -> Option<CallSpan> {
        let of = self.open.span.as_ref()?;
        let recorder = Arc::clone(&self.open.recorder);
        let span = Span {
            context: SpanContext { parent: Some(of.id), ..of.context },
            id: recorder.ids.span(),
            state: of.state.clone(),
            name: String::new(),
            kind: SpanKind::Internal,
            begun: SystemTime::now(),
            took: Duration::ZERO,
            attributes: Vec::with_capacity(6),
            is_error: false,
        };
        let open = OpenSpan { span: Some(span), since: Instant::now(), recorder };
        Some(CallSpan { open, has_ended: false })
    }

    pub(crate) fn status(&mut self, status: u16) {
        self.has_status = true;
        self.set_status(status);
        if status >= 500 {
            self.open.fail(&status.to_string());
        }
    }

    fn set_status(&mut self, status: u16) {
        self.open.set("http.response.status_code", AttributeValue::Integer(status.into()));
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        if !self.has_status {
            self.set_status(CANCELLED_STATUS);
            self.open.fail("cancelled");
        }
    }
}

/// The span of a call to a service. If it is dropped before its end, it counts as cancelled.
pub(crate) struct CallSpan {
    open: OpenSpan,
    has_ended: bool,
}

impl CallSpan {
    /// Returns the parent for spans of the guest's operations.
    pub(crate) fn parent(&self) -> Option<SpanParent> {
        let span = self.open.span.as_ref()?;
        let context = SpanContext { parent: Some(span.id), ..span.context };
        let recorder = Arc::clone(&self.open.recorder);
        Some(SpanParent { recorder, context, state: span.state.clone() })
    }

    /// Records the called service.
    pub(crate) fn is_to(&mut self, plugin: &str, service: &str) {
        self.open.text("hostel.plugin", plugin);
        self.open.text("hostel.service", service);
        if let Some(span) = &mut self.open.span {
            span.name = format!("{plugin}.{service}");
        }
    }

    /// Records that the call was admitted, and how long it waited.
    pub(crate) fn is_admitted(&mut self) {
        let waited = self.open.since.elapsed().as_secs_f64();
        self.open.set("hostel.wait_seconds", AttributeValue::Number(waited));
    }

    /// Records whether the call runs in a fresh or in a reused instance.
    pub(crate) fn has_instance(&mut self, is_reused: bool) {
        self.open.text("hostel.instance", if is_reused { "reused" } else { "fresh" });
    }

    pub(crate) fn ended(&mut self, outcome: &'static str) {
        self.has_ended = true;
        self.open.text("hostel.outcome", outcome);
    }

    /// Marks the span as failed: the call was cancelled, or ended with an error that is not the
    /// client's fault.
    pub(crate) fn failed(&mut self, outcome: &'static str) {
        self.open.fail(outcome);
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if !self.has_ended {
            self.ended("cancelled");
            self.failed("cancelled");
        }
    }
}

/// The call to which the spans of a guest's operations belong.
#[derive(Clone)]
pub(crate) struct SpanParent {
    recorder: Arc<SpanRecorder>,
    context: SpanContext,
    state: String,
}

impl SpanParent {
    /// Starts the span of an operation, such as `get`, on a cache on Redis. The attributes follow
    /// OpenTelemetry's conventions for Redis.
    pub(crate) fn redis(&self, operation: &'static str) -> RedisSpan {
        let mut open = self.client_span(operation);
        open.text("db.system.name", "redis");
        open.text("db.operation.name", operation);
        RedisSpan { open, has_ended: false }
    }

    /// Starts the span of a request to another server. The attributes follow OpenTelemetry's
    /// conventions for HTTP.
    pub(crate) fn http(&self, method: &str, url: &str) -> HttpClientSpan {
        let known = METHODS.into_iter().find(|known| *known == method);
        let mut open = self.client_span(known.unwrap_or("HTTP"));
        open.text("http.request.method", known.unwrap_or("_OTHER"));
        open.text("url.full", url);
        HttpClientSpan { open, has_ended: false }
    }

    fn client_span(&self, name: &str) -> OpenSpan {
        let span = Span {
            context: self.context,
            id: self.recorder.ids.span(),
            state: self.state.clone(),
            name: name.to_owned(),
            kind: SpanKind::Client,
            begun: SystemTime::now(),
            took: Duration::ZERO,
            attributes: Vec::with_capacity(3),
            is_error: false,
        };
        let recorder = Arc::clone(&self.recorder);
        OpenSpan { span: Some(span), since: Instant::now(), recorder }
    }
}

/// The span of an operation on Redis. If it is dropped before its end, it counts as cancelled.
pub(crate) struct RedisSpan {
    open: OpenSpan,
    has_ended: bool,
}

impl RedisSpan {
    /// Ends the span. `is_available` is also true for an operation that was refused because of its
    /// arguments, which is not an error of Redis.
    pub(crate) fn end(mut self, is_available: bool) {
        self.has_ended = true;
        if !is_available {
            self.open.fail("unavailable");
        }
    }
}

impl Drop for RedisSpan {
    fn drop(&mut self) {
        if !self.has_ended {
            self.open.fail("cancelled");
        }
    }
}

/// The span of a request to another server. If it is dropped without a status or an error, it
/// counts as cancelled.
pub(crate) struct HttpClientSpan {
    open: OpenSpan,
    has_ended: bool,
}

impl HttpClientSpan {
    /// Returns the value of the header `traceparent`, which makes this span the parent of the other
    /// server's spans.
    pub(crate) fn traceparent(&self) -> String {
        let span = self.open.span.as_ref();
        let (trace, id) = span.map_or((0, 0), |span| (span.context.trace_id, span.id));
        format!("00-{trace:032x}-{id:016x}-01")
    }

    pub(crate) fn status(&mut self, status: u16) {
        self.has_ended = true;
        self.open.set("http.response.status_code", AttributeValue::Integer(status.into()));
        if status >= 400 {
            self.open.fail(&status.to_string());
        }
    }

    pub(crate) fn fail(&mut self, kind: &str) {
        self.has_ended = true;
        self.open.fail(kind);
    }
}

impl Drop for HttpClientSpan {
    fn drop(&mut self) {
        if !self.has_ended {
            self.open.fail("cancelled");
        }
    }
}
