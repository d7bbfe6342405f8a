//! The server's own log lines.

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
    pub(super) fn error(&self, service: &str, request_id: &str, message: &str) {
        let (plugin, service) = service.split_once('.').unwrap_or((service, ""));
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
