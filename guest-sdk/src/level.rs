//! The levels of log lines.

use std::fmt;

/// The severity of a log line. The levels are in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Ordinary events.
    Info,
    /// An unexpected event that the service handled.
    Warn,
    /// An error that makes an operation fail.
    Error,
}

/// The level in lower case, for example `info`.
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
