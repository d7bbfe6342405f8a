//! What the metrics and the access log record of a request.

use crate::service::ServiceName;
use crate::telemetry::{AccessLine, AccessSink, RequestKind};
use bytes::Bytes;
use hyper::Response;
use hyper::http::request::Parts;
use std::time::SystemTime;
use tokio::time::Instant;

/// The record of a request in progress.
pub(super) struct RequestRecord<'a> {
    pub(super) kind: RequestKind,
    /// None without an access log: a request pays for its record only where it is written.
    access: Option<AccessRecord<'a>>,
}

struct AccessRecord<'a> {
    sink: &'a AccessSink,
    begun: Instant,
    service: String,
    caller: String,
}

impl<'a> RequestRecord<'a> {
    pub(super) fn begin(sink: Option<&'a AccessSink>) -> Self {
        let access = |sink| AccessRecord {
            sink,
            begun: Instant::now(),
            service: String::new(),
            caller: String::new(),
        };
        RequestRecord { kind: RequestKind::default(), access: sink.map(access) }
    }

    /// Records the service that is called, and the caller if it is known.
    pub(super) fn call(&mut self, service: &ServiceName, caller: Option<&str>) {
        if let Some(access) = &mut self.access {
            service.as_str().clone_into(&mut access.service);
            caller.unwrap_or_default().clone_into(&mut access.caller);
        }
    }

    /// Writes the access line, if there is an access log.
    pub(super) fn write(&self, head: &Parts, id: &str, client: &str, response: &Response<Bytes>) {
        let Some(access) = &self.access else { return };
        (access.sink)(&AccessLine {
            time: SystemTime::now(),
            request_id: id,
            method: head.method.as_str(),
            path: head.uri.path(),
            status: response.status().as_u16(),
            bytes: response.body().len(),
            took: access.begun.elapsed(),
            client,
            caller: &access.caller,
            service: &access.service,
        });
    }
}
