//! The record of a request for the metrics and the access log.

use super::response::ChargedContent;
use crate::service::ServiceName;
use crate::telemetry::{AccessLine, AccessSink, CANCELLED_STATUS, HttpMeter, RequestKind};
use hyper::Response;
use hyper::http::request::Parts;
use std::time::SystemTime;
use tokio::time::Instant;

/// The record of a request in progress. The request is counted once. If the record is dropped
/// before the response, the request counts as cancelled.
pub(super) struct RequestRecord<'a> {
    pub(super) kind: RequestKind,
    meter: &'a HttpMeter,
    /// `None` without an access log, so that requests do no work for the log.
    access: Option<AccessRecord<'a>>,
    has_ended: bool,
}

/// The part of an access line that is known when the request begins.
pub(super) struct RequestOrigin<'a> {
    pub(super) head: &'a Parts,
    pub(super) id: &'a str,
    /// The address and port of the client.
    pub(super) client: &'a str,
}

struct AccessRecord<'a> {
    sink: &'a AccessSink,
    origin: RequestOrigin<'a>,
    begun: Instant,
    service: String,
    caller: String,
}

impl<'a> RequestRecord<'a> {
    pub(super) fn begin(
        meter: &'a HttpMeter,
        sink: Option<&'a AccessSink>,
        origin: RequestOrigin<'a>,
    ) -> Self {
        let access = |sink| AccessRecord {
            sink,
            origin,
            begun: Instant::now(),
            service: String::new(),
            caller: String::new(),
        };
        let (kind, access) = (RequestKind::default(), sink.map(access));
        RequestRecord { kind, meter, access, has_ended: false }
    }

    /// Records the called service, and the caller if there is one.
    pub(super) fn call(&mut self, service: &ServiceName, caller: Option<&str>) {
        self.caller(caller);
        if let Some(access) = &mut self.access {
            service.as_str().clone_into(&mut access.service);
        }
    }

    /// Records the caller, if there is one.
    pub(super) fn caller(&mut self, caller: Option<&str>) {
        if let Some(access) = &mut self.access {
            caller.unwrap_or_default().clone_into(&mut access.caller);
        }
    }

    /// Counts the request and writes its access line, if there is an access log.
    pub(super) fn end(mut self, response: &Response<ChargedContent>) {
        self.has_ended = true;
        let status = response.status().as_u16();
        self.meter.answered(self.kind, status);
        self.write(status, usize::try_from(response.body().len()).unwrap_or(usize::MAX));
    }

    fn write(&self, status: u16, bytes: usize) {
        let Some(access) = &self.access else { return };
        let RequestOrigin { head, id, client } = access.origin;
        (access.sink)(&AccessLine {
            time: SystemTime::now(),
            request_id: id,
            method: head.method.as_str(),
            path: head.uri.path(),
            status,
            bytes,
            took: access.begun.elapsed(),
            client,
            caller: &access.caller,
            service: &access.service,
        });
    }
}

impl Drop for RequestRecord<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.meter.cancelled(self.kind);
            self.write(CANCELLED_STATUS, 0);
        }
    }
}
