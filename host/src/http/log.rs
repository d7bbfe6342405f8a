//! The server's own log lines.

use crate::telemetry::{Level, LogLine, LogSink, escape};

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
        let message = escape(message, MESSAGE_BYTES);
        (self.0)(&LogLine { plugin, service, request_id, ..LogLine::new(Level::Error, &message) });
    }
}
