//! The levels of log lines.

use std::fmt;

/// The importance of a log line, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For finding a fault.
    Debug,
    /// Ordinary events.
    Info,
    /// An unexpected event that the service handled.
    Warn,
    /// A failure.
    Error,
}

/// In lower case, `info` for example.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        })
    }
}
