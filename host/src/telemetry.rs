//! Log lines: what one carries, where it goes, and the bounds that one call's lines obey; counts
//! and traces.
//!
//! A guest's line and the host's own have one shape. Where lines go is the embedder's choice: a
//! [`LogSink`] is called with each.

mod access;
mod call_log;
mod json;
mod metrics;
mod text;
mod traces;
mod writer;

pub use access::{AccessLine, AccessSink};
pub(crate) use call_log::{CallLog, CallSink, LogBounds, Origin, escape, excerpt};
pub(crate) use metrics::{
    HttpMeter, InstanceMeter, Loading, Metrics, RequestKind, Retirement, ServiceMeter,
};
pub(crate) use text::{say, stderr};
pub(crate) use traces::{CallSpan, RequestHead, RequestSpan};
pub use traces::{TraceError, TraceSettings, Traces};
pub(crate) use writer::{Dropped, LogFormat, LogWriter};

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// How much a line matters, least first: the levels of `hostel:log/log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever works on the service.
    Debug,
    /// What happened.
    Info,
    /// Something is off; the call went on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// The level's name in lower case.
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

/// One log line of a call to a service.
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    /// When the host received the line.
    pub time: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// The plugin that wrote it or that it is about, as the host knows it; empty where it is about
    /// none.
    pub plugin: &'a str,
    /// The service that was called; empty while the plugin lists its services.
    pub service: &'a str,
    /// The id of the request that was being handled.
    pub request_id: &'a str,
    /// One line: control characters and what would reorder the text are escaped.
    pub message: &'a str,
}

impl LogLine<'_> {
    /// `plugin.service`, the plugin alone while it lists its services, or `hostel`.
    pub fn source(&self) -> String {
        match (self.plugin, self.service) {
            ("", _) => "hostel".to_owned(),
            (plugin, "") => plugin.to_owned(),
            (plugin, service) => format!("{plugin}.{service}"),
        }
    }
}

/// Where log lines go: called with each, from whichever thread runs the guest.
///
/// It runs on the guest's time, so it should be quick and must not block.
pub type LogSink = Arc<dyn Fn(&LogLine<'_>) + Send + Sync>;
