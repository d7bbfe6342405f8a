//! A host's reports about itself and its guests: log lines, access lines, metrics and traces. Also
//! the status line of commands.
//!
//! The embedder provides a [`LogSink`], which receives the log lines.

mod access;
mod call_log;
mod dropped;
mod escape;
mod json;
mod line;
mod metrics;
mod rate;
mod status;
mod text;
mod traces;
mod writer;

pub(crate) use access::CANCELLED_STATUS;
pub use access::{AccessLine, AccessSink};
pub(crate) use call_log::{CallLog, CallSink, LogBounds, Origin};
pub(crate) use dropped::{DroppedLines, LineCount};
pub(crate) use escape::{escape, escape_fixed, excerpt};
pub(crate) use line::log_event;
pub use line::{Level, LogLine, LogSink};
pub(crate) use metrics::{
    HttpClientMeter, HttpMeter, InstanceMeter, LeaseMeter, LoadOutcome, MemoryMeter, Metrics,
    OperationMeter, RedisMetrics, RequestKind, Retirement, ServiceMeter,
};
pub(crate) use status::{REDRAW, StderrAbove, TimedStep, has_status, seconds, show_status};
pub(crate) use text::{eprint_line, stderr};
pub(crate) use traces::{
    CallSpan, HttpClientSpan, RedisSpan, RequestHead, RequestSpan, SpanParent,
};
pub use traces::{TraceError, TraceSettings, Tracer};
pub(crate) use writer::{LineFormat, LogWriter};
