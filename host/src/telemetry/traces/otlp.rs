//! Spans as OTLP has them in JSON: `ExportTraceServiceRequest`, opentelemetry.io/docs/specs/otlp.
//!
//! JSON, since every collector that takes OTLP by HTTP takes it, and it needs no code generated
//! from protobuf. Ids are hexadecimal there, and integers of 64 bits texts.

use super::span::{Kind, Span, Value};
use serde_json::{Value as Json, json};
use std::time::{Duration, SystemTime};

/// `SpanFlags`: the trace is sampled, and it is known whether the parent is of another process.
const FLAGS: u32 = 0x101;

/// `SpanFlags`: the parent is of another process.
const PARENT_IS_REMOTE: u32 = 0x200;

/// The body of a post.
pub(super) fn body(service_name: &str, spans: &[Span]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        ("service.name", &Value::Text(service_name.to_owned())),
        ("service.version", &Value::Text(version.to_owned())),
    ];
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(resource) },
            "scopeSpans": [{ "scope": { "name": "hostel", "version": version }, "spans": spans }],
        }],
    })
    .to_string()
}

fn span(span: &Span) -> Json {
    let named = span.attributes.iter().map(|(name, value)| (*name, value));
    let (kind, remote) = match (span.kind, span.context.parent) {
        (Kind::Internal, _) => (1, 0),
        (Kind::Server, None) => (2, 0),
        (Kind::Server, Some(_)) => (2, PARENT_IS_REMOTE),
    };
    json!({
        "traceId": format!("{:032x}", span.context.trace_id),
        "spanId": format!("{:016x}", span.id),
        "parentSpanId": span.context.parent.map(|id| format!("{id:016x}")).unwrap_or_default(),
        "traceState": span.state,
        "flags": FLAGS | remote,
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": nanoseconds(span.begun),
        "endTimeUnixNano": nanoseconds(span.begun + span.took),
        "attributes": attributes(named),
        "status": if span.is_error { json!({ "code": 2 }) } else { json!({}) },
    })
}

fn attributes<'a>(named: impl IntoIterator<Item = (&'static str, &'a Value)>) -> Vec<Json> {
    let attribute = |(name, value): (&str, &Value)| {
        let value = match value {
            Value::Text(text) => json!({ "stringValue": text }),
            Value::Integer(number) => json!({ "intValue": number.to_string() }),
            Value::Number(number) => json!({ "doubleValue": number }),
        };
        json!({ "key": name, "value": value })
    };
    named.into_iter().map(attribute).collect()
}

fn nanoseconds(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_nanos().to_string()
}
