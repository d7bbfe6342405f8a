//! The server's own log lines.

use crate::service::ServiceName;
use crate::telemetry::{Level, LogLine, LogSink, escape_fixed, log_event};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Maximum bytes of a message; the rest is cut off.
const MAX_MESSAGE_BYTES: usize = 8 << 10;

/// Minimum time between two log lines of one [`LogBound`].
const MIN_LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Limits the log lines of one kind to one per second, because clients can cause any number of
/// them.
#[derive(Default)]
pub(super) struct LogBound(Mutex<LastLine>);

#[derive(Default)]
struct LastLine {
    at: Option<Instant>,
    /// Number of lines omitted since `at`.
    omitted: u64,
}

impl LogBound {
    /// Returns the line of an event, with the number of lines omitted since the last line, if any.
    /// Returns `None` if the line of this event must be omitted.
    fn line(&self, message: fmt::Arguments<'_>, now: Instant) -> Option<String> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.at.is_some_and(|at| now < at + MIN_LOG_INTERVAL) {
            last.omitted += 1;
            return None;
        }
        Some(match std::mem::replace(&mut *last, LastLine::at(now)).omitted {
            0 => message.to_string(),
            omitted => format!("{message} (and {omitted} more since the last such line)"),
        })
    }
}

impl LastLine {
    fn at(now: Instant) -> Self {
        LastLine { at: Some(now), omitted: 0 }
    }
}

#[derive(Clone)]
pub(super) struct ErrorLog(LogSink);

impl ErrorLog {
    pub(super) fn new(sink: LogSink) -> Self {
        ErrorLog(sink)
    }

    /// Logs an error of the server itself.
    pub(super) fn of_server(&self, message: &str) {
        log_event(&self.0, Level::Error, "", &escape_fixed(message, MAX_MESSAGE_BYTES));
    }

    /// Logs an event, or omits its line if `bound` had another line less than a second ago. A line
    /// includes the number of lines omitted since the last line, if any.
    pub(super) fn bounded(&self, bound: &LogBound, level: Level, message: fmt::Arguments<'_>) {
        let Some(message) = bound.line(message, Instant::now()) else { return };
        log_event(&self.0, level, "", &escape_fixed(&message, MAX_MESSAGE_BYTES));
    }

    /// Logs an error of the server about a request.
    pub(super) fn of_request(&self, request_id: &str, message: &str) {
        let message = escape_fixed(message, MAX_MESSAGE_BYTES);
        (self.0)(&LogLine { request_id, ..LogLine::new(Level::Error, &message) });
    }

    /// Logs an error of a call to a service.
    pub(super) fn of_call(&self, service: &ServiceName, request_id: &str, message: &str) {
        let (plugin, service) = (service.plugin(), service.service().unwrap_or_default());
        let message = escape_fixed(message, MAX_MESSAGE_BYTES);
        (self.0)(&LogLine { plugin, service, request_id, ..LogLine::new(Level::Error, &message) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_second_is_logged_with_the_number_of_those_left_out() {
        let (bound, begun) = (LogBound::default(), Instant::now());
        let line = |number: u32| {
            let now = begun + number * Duration::from_millis(10);
            bound.line(format_args!("event {number}"), now)
        };
        let lines: Vec<_> = (0..250).filter_map(line).collect();
        let more = |number| format!("event {number} (and 99 more since the last such line)");
        assert_eq!(lines, ["event 0".to_owned(), more(100), more(200)]);
    }
}
