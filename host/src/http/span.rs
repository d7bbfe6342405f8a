//! Starts the span of a request from its head.

use crate::telemetry::{RequestHead, RequestSpan, Tracer};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use std::net::IpAddr;

/// Starts the span of a request, or returns `None` if the request is not traced.
pub(super) fn begin(
    tracer: &Tracer,
    head: &Parts,
    request_id: &str,
    client: IpAddr,
    is_tls: bool,
) -> Option<RequestSpan> {
    tracer.request(&RequestHead {
        method: head.method.as_str(),
        path: head.uri.path(),
        scheme: if is_tls { "https" } else { "http" },
        client: client.to_string(),
        request_id,
        traceparent: single(&head.headers, "traceparent"),
        tracestate: single(&head.headers, "tracestate"),
    })
}

/// Returns a header if it occurs exactly once and is ASCII text. By W3C Trace Context, a repeated
/// `traceparent` is invalid. A repeated `tracestate` is valid, but is ignored all the same.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}
