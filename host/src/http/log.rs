//! The server's own log lines.

use crate::service::ServiceName;
use crate::telemetry::{Level, LogLine, LogSink, escape};
use std::time::SystemTime;

/// Bytes of a message; the rest is cut.
const MESSAGE_BYTES: usize = 8 << 10;

/// Where the server's lines go.
#[derive(Clone)]
pub(super) struct Log(LogSink);

impl Log {
    pub(super) fn new(sink: LogSink) -> Self {
        Log(sink)
    }

    /// Logs an error about a call to a service, or about the server itself: then `service` and
    /// `request_id` are empty.
    pub(super) fn error(&self, service: &ServiceName, request_id: &str, message: &str) {
        let (plugin, service) = (service.plugin(), service.service().unwrap_or_default());
        (self.0)(&LogLine {
            time: SystemTime::now(),
            level: Level::Error,
            plugin,
            service,
            request_id,
            message: &escape(message, MESSAGE_BYTES),
        });
    }
}
