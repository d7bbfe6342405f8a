//! Spans as OTLP in JSON: `ExportTraceServiceRequest`, opentelemetry.io/docs/specs/otlp.
//!
//! The encoding is JSON, which needs no code generated from protobuf. The OpenTelemetry Collector
//! accepts it; a backend that accepts only protobuf needs a Collector in front. In OTLP's JSON, ids
//! are hexadecimal and 64-bit integers are strings.

use super::span::{AttributeValue, Span, SpanKind};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// `SpanFlags`: the trace is sampled, and the flag [`PARENT_IS_REMOTE`] is valid.
const FLAGS: u32 = 0x101;

/// `SpanFlags`: the parent is a span of another process.
const PARENT_IS_REMOTE: u32 = 0x200;

/// Returns the body of an export request.
pub(super) fn body(service_name: &str, spans: &[Span]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        ("service.name", &AttributeValue::Text(service_name.to_owned())),
        ("service.version", &AttributeValue::Text(version.to_owned())),
    ];
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(resource) },
            "scopeSpans": [{ "scope": { "name": "hostel", "version": version }, "spans": spans }],
        }],
    })
    .to_string()
}

fn span(span: &Span) -> Value {
    let named = span.attributes.iter().map(|(name, value)| (*name, value));
    let (kind, remote) = match (span.kind, span.context.parent) {
        (SpanKind::Internal, _) => (1, 0),
        (SpanKind::Client, _) => (3, 0),
        (SpanKind::Server, None) => (2, 0),
        (SpanKind::Server, Some(_)) => (2, PARENT_IS_REMOTE),
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

fn attributes<'a>(
    named: impl IntoIterator<Item = (&'static str, &'a AttributeValue)>,
) -> Vec<Value> {
    let attribute = |(name, value): (&str, &AttributeValue)| {
        let value = match value {
            AttributeValue::Text(text) => json!({ "stringValue": text }),
            AttributeValue::Integer(number) => json!({ "intValue": number.to_string() }),
            AttributeValue::Number(number) => json!({ "doubleValue": number }),
        };
        json!({ "key": name, "value": value })
    };
    named.into_iter().map(attribute).collect()
}

fn nanoseconds(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_nanos().to_string()
}
