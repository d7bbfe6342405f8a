//! The data of a span.

use std::time::{Duration, SystemTime};

/// A span. Until the span ends, its duration `took` is zero.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) context: SpanContext,
    pub(super) id: u64,
    /// The client's `tracestate`, unchanged. Empty if the header is missing, repeated, too long or
    /// not ASCII, or if the client sent no valid `traceparent`.
    pub(super) state: String,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) begun: SystemTime,
    pub(super) took: Duration,
    pub(super) attributes: Vec<(&'static str, AttributeValue)>,
    pub(super) is_error: bool,
}

/// The trace and the parent of a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpanContext {
    pub(super) trace_id: u128,
    pub(super) parent: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum SpanKind {
    Internal,
    Server,
    Client,
}

#[derive(Clone, Debug)]
pub(super) enum AttributeValue {
    Text(String),
    Integer(i64),
    Number(f64),
}
