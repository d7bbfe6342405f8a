//! A log line and its sink.
//!
//! A guest's lines and the host's own lines have the same shape.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The severity of a line, lowest first: the levels of `hostel:log/log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Detail for the developer of the service.
    Debug,
    /// A normal event.
    Info,
    /// Something is wrong, but the call continued.
    Warn,
    /// Something failed.
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
    /// When the host received the line.
    pub time: SystemTime,
    /// The severity.
    pub level: Level,
    /// The plugin that wrote the line or that the line is about, by its name in the host; empty for
    /// a line about no plugin.
    pub plugin: &'a str,
    /// The service that was called; empty while the plugin lists its services.
    pub service: &'a str,
    /// The id of the current request.
    pub request_id: &'a str,
    /// One line: control characters and characters that reorder text are escaped.
    pub message: &'a str,
}

impl<'a> LogLine<'a> {
    /// Creates one of the host's own lines, with the current time and without plugin, service and
    /// request. The caller sets those fields if they apply; `message` must already be one line.
    pub(crate) fn new(level: Level, message: &'a str) -> Self {
        let (time, plugin, service, request_id) = (SystemTime::now(), "", "", "");
        LogLine { time, level, plugin, service, request_id, message }
    }

    /// Returns `plugin.service`, or only the plugin while it lists its services, or `hostel`.
    pub fn source(&self) -> String {
        match (self.plugin, self.service) {
            ("", _) => "hostel".to_owned(),
            (plugin, "") => plugin.to_owned(),
            (plugin, service) => format!("{plugin}.{service}"),
        }
    }
}

/// Receives each log line. It runs on the guest's thread and counts as the guest's time: it should
/// be quick and must not block.
pub type LogSink = Arc<dyn Fn(&LogLine<'_>) + Send + Sync>;

/// Logs an event of the host; `plugin` is empty for an event about no plugin. The message must be
/// one line: the caller escapes text from outside.
pub(crate) fn log_event(log: &LogSink, level: Level, plugin: &str, message: &str) {
    log(&LogLine { plugin, ..LogLine::new(level, message) });
}
