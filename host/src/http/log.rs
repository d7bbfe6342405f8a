//! The log lines of the server itself.

use crate::service::ServiceName;
use crate::telemetry::{Level, LogLine, LogSink, escape, log_event};

/// Bytes of a message; the rest is cut.
const MAX_MESSAGE_BYTES: usize = 8 << 10;

/// Logs the errors of the server.
#[derive(Clone)]
pub(super) struct ErrorLog(LogSink);

impl ErrorLog {
    pub(super) fn new(sink: LogSink) -> Self {
        ErrorLog(sink)
    }

    /// Logs an error of the server itself.
    pub(super) fn of_server(&self, message: &str) {
        log_event(&self.0, Level::Error, "", &escape(message, MAX_MESSAGE_BYTES));
    }

    /// Logs an error of a call to a service.
    pub(super) fn of_call(&self, service: &ServiceName, request_id: &str, message: &str) {
        let (plugin, service) = (service.plugin(), service.service().unwrap_or_default());
        let message = escape(message, MAX_MESSAGE_BYTES);
        (self.0)(&LogLine { plugin, service, request_id, ..LogLine::new(Level::Error, &message) });
    }
}
