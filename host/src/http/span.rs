//! The span of a request, as far as its head tells it.

use crate::telemetry::{RequestHead, RequestSpan, Tracer};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use std::net::IpAddr;

/// Begins the span of a request, if it is to have one.
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
        traceparent: only(&head.headers, "traceparent"),
        tracestate: only(&head.headers, "tracestate"),
    })
}

/// A header that is there once. Several parents are none: W3C Trace Context, section 3.2.1.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}
