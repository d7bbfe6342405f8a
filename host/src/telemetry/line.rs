//! Log lines, and the sinks that receive them.
//!
//! The lines of guests and the host's own lines have the same fields.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The severity of a line, from the lowest to the highest: the levels of `hostel:log/log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A detail for the plugin author or the operator.
    Debug,
    /// A normal event.
    Info,
    /// A problem that does not stop the call, or the host's work outside a call.
    Warn,
    /// A failure.
    Error,
}

impl Level {
    /// Returns the level's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line of the log, written by a guest or by the host.
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    /// When the host received the guest's line, or created its own line.
    pub time: SystemTime,
    /// The severity.
    pub level: Level,
    /// The name of the plugin that wrote the line or that the line is about; empty for a line that
    /// concerns no plugin.
    pub plugin: &'a str,
    /// The called service; empty if no service is called, for example while the plugin lists its
    /// services.
    pub service: &'a str,
    /// The id of the current request; empty outside a request, and in lines about files of routes
    /// that cannot be read.
    pub request_id: &'a str,
    /// The message as one line. Control characters and characters that reorder text are escaped.
    pub message: &'a str,
}

impl<'a> LogLine<'a> {
    /// Creates a line with the current time and without a plugin, a service or a request. The
    /// caller sets those fields if they apply. `message` must be one line.
    pub(crate) fn new(level: Level, message: &'a str) -> Self {
        let (time, plugin, service, request_id) = (SystemTime::now(), "", "", "");
        LogLine { time, level, plugin, service, request_id, message }
    }

    /// Returns `plugin.service`, or only the plugin's name if there is no service, or `hostel` if
    /// there is no plugin.
    pub fn source(&self) -> String {
        match (self.plugin, self.service) {
            ("", _) => "hostel".to_owned(),
            (plugin, "") => plugin.to_owned(),
            (plugin, service) => format!("{plugin}.{service}"),
        }
    }
}

/// Receives each log line. While a guest runs, the sink receives its lines on the guest's thread,
/// and the sink's time counts as the guest's time. A line that the guest has not ended is written
/// after the call. A sink should be quick and must not block.
pub type LogSink = Arc<dyn Fn(&LogLine<'_>) + Send + Sync>;

/// Logs an event of the host. `plugin` is empty for an event that concerns no plugin. `message`
/// must be one line: the caller escapes untrusted text.
pub(crate) fn log_event(log: &LogSink, level: Level, plugin: &str, message: &str) {
    log(&LogLine { plugin, ..LogLine::new(level, message) });
}
