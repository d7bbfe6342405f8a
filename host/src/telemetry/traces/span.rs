//! Spans: what is noted of a request and of its call while they are under way. A span ends when it
//! is dropped, and so also when nobody waits for the answer any more.

use super::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Bytes of a path or another text of the client's; the rest is cut.
const TEXT_BYTES: usize = 1_024;

/// Bytes of a `tracestate` that is passed on: what W3C Trace Context, section 3.3.1.5, asks for.
const STATE_BYTES: usize = 512;

/// Methods that a span is named by: RFC 9110 and PATCH. Others a client may make up.
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// A span that has ended.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) context: SpanContext,
    pub(super) id: u64,
    /// The client's `tracestate`, passed on.
    pub(super) state: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) begun: SystemTime,
    pub(super) took: Duration,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) is_error: bool,
}

/// Where a span belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpanContext {
    pub(super) trace_id: u128,
    pub(super) parent: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Internal,
    Server,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
}

/// What a span is told of a request when it begins.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) scheme: &'static str,
    pub(crate) client: String,
    pub(crate) request_id: &'a str,
    /// The header, where there is one and no other.
    pub(crate) traceparent: Option<&'a str>,
    pub(crate) tracestate: Option<&'a str>,
}

/// A span that is under way.
struct Open {
    span: Option<Span>,
    since: Instant,
    shared: Arc<Shared>,
}

impl Open {
    fn note(&mut self, name: &'static str, value: Value) {
        if let Some(span) = &mut self.span {
            span.attributes.push((name, value));
        }
    }

    fn text(&mut self, name: &'static str, value: &str) {
        let cut = value.get(..value.floor_char_boundary(TEXT_BYTES)).unwrap_or(value);
        self.note(name, Value::Text(cut.to_owned()));
    }

    fn fail(&mut self, kind: &str) {
        self.text("error.type", kind);
        if let Some(span) = &mut self.span {
            span.is_error = true;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut span) = self.span.take() {
            span.took = self.since.elapsed();
            self.shared.take(span);
        }
    }
}

/// The span of a request.
pub(crate) struct RequestSpan {
    open: Open,
    method: &'static str,
    is_answered: bool,
}

impl RequestSpan {
    pub(super) fn begin(shared: Arc<Shared>, context: SpanContext, head: &RequestHead<'_>) -> Self {
        let known = METHODS.into_iter().find(|known| *known == head.method);
        let state =
            head.tracestate.filter(|it| context.parent.is_some() && it.len() <= STATE_BYTES);
        let span = Span {
            context,
            id: shared.ids.span(),
            state: state.unwrap_or_default().to_owned(),
            name: known.unwrap_or("HTTP").to_owned(),
            kind: Kind::Server,
            begun: SystemTime::now(),
            took: Duration::ZERO,
            attributes: Vec::with_capacity(10),
            is_error: false,
        };
        let mut open = Open { span: Some(span), since: Instant::now(), shared };
        open.text("http.request.method", known.unwrap_or("_OTHER"));
        open.text("url.path", head.path);
        open.text("url.scheme", head.scheme);
        open.text("client.address", &head.client);
        open.text("hostel.request_id", head.request_id);
        RequestSpan { open, method: known.unwrap_or("HTTP"), is_answered: false }
    }

    /// Notes the template of the path, by which spans are told apart: a path would be too many.
    pub(crate) fn route(&mut self, route: &str) {
        self.open.text("http.route", route);
        if let Some(span) = &mut self.open.span {
            span.name = format!("{} {route}", self.method);
        }
    }

    pub(crate) fn caller(&mut self, caller: &str) {
        self.open.text("hostel.caller", caller);
    }

    /// The span of the call that the request leads to, which begins now.
    pub(crate) fn call(&self) -> Option<CallSpan> {
        let of = self.open.span.as_ref()?;
        let shared = Arc::clone(&self.open.shared);
        let span = Span {
            context: SpanContext { parent: Some(of.id), ..of.context },
            id: shared.ids.span(),
            state: of.state.clone(),
            name: String::new(),
            kind: Kind::Internal,
            begun: SystemTime::now(),
            took: Duration::ZERO,
            attributes: Vec::with_capacity(6),
            is_error: false,
        };
        let open = Open { span: Some(span), since: Instant::now(), shared };
        Some(CallSpan { open, has_ended: false })
    }

    pub(crate) fn answered(&mut self, status: u16) {
        self.is_answered = true;
        self.open.note("http.response.status_code", Value::Integer(status.into()));
        if status >= 500 {
            self.open.fail(&status.to_string());
        }
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        if !self.is_answered {
            self.open.fail("cancelled");
        }
    }
}

/// The span of a call to a service.
pub(crate) struct CallSpan {
    open: Open,
    has_ended: bool,
}

impl CallSpan {
    /// Notes which service it is.
    pub(crate) fn is_to(&mut self, plugin: &str, service: &str) {
        self.open.text("hostel.plugin", plugin);
        self.open.text("hostel.service", service);
        if let Some(span) = &mut self.open.span {
            span.name = format!("{plugin}.{service}");
        }
    }

    /// Notes that it has waited until now, for others to end.
    pub(crate) fn is_admitted(&mut self) {
        let waited = self.open.since.elapsed().as_secs_f64();
        self.open.note("hostel.wait_seconds", Value::Number(waited));
    }

    /// Notes whose memory it runs in: its own, or what earlier calls have left.
    pub(crate) fn has_instance(&mut self, is_reused: bool) {
        self.open.text("hostel.instance", if is_reused { "reused" } else { "fresh" });
    }

    pub(crate) fn ended(&mut self, outcome: &'static str) {
        self.has_ended = true;
        self.open.text("hostel.outcome", outcome);
    }

    /// Notes that it is not the client's fault how it ended.
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
