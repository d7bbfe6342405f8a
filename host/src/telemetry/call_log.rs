//! The log of one call. The number of lines, their bytes and the length of a line are limited,
//! because a guest may write without end.

use super::dropped::{LineCount, LineCounter};
use super::escape::escape;
use super::line::{Level, LogLine, LogSink};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The replacement for a masked text.
const MASKED: &str = "***";

/// The limits on the log lines of the guest in one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBounds {
    /// Maximum lines of one call; further lines are counted and dropped.
    pub(crate) lines: u64,
    /// Maximum bytes of one call's messages, after escaping. The line that would exceed this limit
    /// is counted and dropped, as are all later lines.
    pub(crate) bytes: usize,
    /// Maximum bytes of one message, before escaping; the rest is cut off.
    pub(crate) line_bytes: usize,
}

/// The sink for the lines of all calls, which also counts dropped lines.
pub(crate) struct CallSink {
    sink: LogSink,
    dropped: LineCounter,
}

impl CallSink {
    pub(crate) fn new(sink: LogSink) -> Arc<Self> {
        Arc::new(CallSink { sink, dropped: LineCounter::default() })
    }

    /// Returns how many lines were dropped because their call had reached a log limit, and the
    /// bytes of their messages. The lines of a call are added when the call ends.
    pub(crate) fn dropped(&self) -> LineCount {
        self.dropped.get()
    }
}

/// The call to which log lines belong.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) plugin: Arc<str>,
    pub(crate) service: String,
    pub(crate) request_id: String,
}

/// The log of the current call of an instance: a reused instance has one `CallLog` for all its
/// calls. Clones share the log.
///
/// At the end of a call, the log writes the unfinished lines, and then a line with the number of
/// dropped lines, if any.
#[derive(Clone)]
pub(crate) struct CallLog(Arc<SharedLog>);

struct SharedLog {
    sink: Arc<CallSink>,
    bounds: LogBounds,
    masks: Arc<[String]>,
    call: Mutex<CallState>,
}

/// The state of the current call's log.
struct CallState {
    origin: Origin,
    /// The number of the guest's lines that were written, and the bytes of their messages.
    written: LineCount,
    dropped: LineCount,
    /// The unfinished line of each output stream, with the stream's level.
    partial: Vec<(Level, Vec<u8>)>,
    /// The guest's last written line of level warn or error, escaped.
    last_warning: Option<String>,
}

impl CallState {
    fn new(origin: Origin) -> Self {
        let (written, dropped) = (LineCount::default(), LineCount::default());
        CallState { origin, written, dropped, partial: Vec::new(), last_warning: None }
    }
}

impl CallLog {
    /// Creates the log. Each text in `masks` is replaced by `***` in every line of the guest.
    pub(crate) fn new(
        sink: Arc<CallSink>,
        origin: Origin,
        bounds: LogBounds,
        masks: Arc<[String]>,
    ) -> Self {
        let call = Mutex::new(CallState::new(origin));
        CallLog(Arc::new(SharedLog { sink, bounds, masks, call }))
    }

    /// Starts the log of the next call, after [`CallLog::end`].
    pub(crate) fn begin(&self, origin: Origin) {
        *self.0.call() = CallState::new(origin);
    }

    /// Ends the log of a call.
    pub(crate) fn end(&self) {
        self.0.end(&mut self.0.call());
    }

    /// Returns the id of the call's request.
    pub(crate) fn request_id(&self) -> String {
        self.0.call().origin.request_id.clone()
    }

    /// Writes one of the guest's lines, or counts it as dropped if the call has reached a log
    /// limit. The host's warning about a missing setting counts as one of the guest's lines.
    pub(crate) fn write(&self, level: Level, message: &str) {
        self.0.write(&mut self.0.call(), level, message);
    }

    /// Writes one of the host's own lines about the call. These lines do not count towards the
    /// guest's limits, because the host writes only a few.
    pub(crate) fn report(&self, level: Level, message: &str) {
        self.0.emit(&self.0.call().origin, level, message);
    }

    /// Returns the guest's last line of level warn or error in this call; dropped and unfinished
    /// lines do not count. If the guest panicked, this line may contain the reason.
    pub(crate) fn last_warning(&self) -> Option<String> {
        self.0.call().last_warning.clone()
    }

    /// Writes the lines in the bytes of an output stream, at the stream's level. An unfinished line
    /// is buffered until its newline arrives or the call ends.
    pub(crate) fn write_bytes(&self, level: Level, bytes: &[u8]) {
        let call = &mut *self.0.call();
        let mut partial = match call.partial.iter().position(|(of, _)| *of == level) {
            Some(place) => call.partial.swap_remove(place).1,
            None => Vec::new(),
        };
        let mut lines = bytes.split(|&byte| byte == b'\n');
        self.0.push(&mut partial, lines.next().unwrap_or_default());
        for line in lines {
            self.0.write(call, level, &String::from_utf8_lossy(&partial));
            partial.clear();
            self.0.push(&mut partial, line);
        }
        if !partial.is_empty() {
            call.partial.push((level, partial));
        }
    }
}

impl SharedLog {
    fn call(&self) -> MutexGuard<'_, CallState> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, call: &mut CallState, level: Level, message: &str) {
        if call.dropped.lines > 0 || call.written.lines >= self.bounds.lines {
            return call.dropped.add_line(message.len());
        }
        // Mask before escaping and cutting, because both could change a text that must be masked.
        let line = escape(&self.masked(message), self.bounds.line_bytes);
        if call.written.bytes.saturating_add(line.len() as u64) > self.bounds.bytes as u64 {
            return call.dropped.add_line(message.len());
        }
        call.written.add_line(line.len());
        self.emit(&call.origin, level, &line);
        if matches!(level, Level::Warn | Level::Error) {
            call.last_warning = Some(line);
        }
    }

    fn masked<'a>(&self, message: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(message);
        for mask in self.masks.iter().filter(|mask| message.contains(mask.as_str())) {
            masked = Cow::Owned(masked.replace(mask.as_str(), MASKED));
        }
        masked
    }

    /// Appends bytes to an unfinished line, and drops the bytes past the limit. Otherwise, a guest
    /// that never writes a newline could fill the host's memory.
    fn push(&self, partial: &mut Vec<u8>, bytes: &[u8]) {
        // Keep one byte past the limit, so that `escape` cuts the line and reports the cut. Also
        // keep as many bytes as the longest mask has, because only a complete text can be masked.
        let longest = self.masks.iter().map(String::len).max().unwrap_or_default();
        let most = self.bounds.line_bytes.saturating_add(1).saturating_add(longest);
        let room = most.saturating_sub(partial.len());
        partial.extend(bytes.iter().take(room));
    }

    fn end(&self, call: &mut CallState) {
        for (level, line) in std::mem::take(&mut call.partial) {
            self.write(call, level, &String::from_utf8_lossy(&line));
        }
        let written = std::mem::take(&mut call.written);
        let dropped = std::mem::take(&mut call.dropped);
        if dropped.lines > 0 {
            self.sink.dropped.add(dropped);
            let LogBounds { lines, bytes, .. } = self.bounds;
            let reached = match written.lines >= lines {
                true => format!("{lines}; raise `limits.log-lines`"),
                false => format!("{bytes} bytes; raise `limits.log-bytes`"),
            };
            let message =
                format!("{} log lines dropped: the limit of one call is {reached}", dropped.lines);
            self.emit(&call.origin, Level::Warn, &message);
        }
    }

    fn emit(&self, origin: &Origin, level: Level, message: &str) {
        let Origin { plugin, service, request_id } = origin;
        let line = LogLine::new(level, message);
        (self.sink.sink)(&LogLine { plugin, service, request_id, ..line });
    }
}

impl Drop for SharedLog {
    fn drop(&mut self) {
        self.end(&mut self.call());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Creates a log of at most `lines` lines of 10 bytes. Returns the log, its sink, and the
    /// messages that reach the sink.
    fn log(lines: u64, masks: Arc<[String]>) -> (CallLog, Arc<CallSink>, Arc<Mutex<Vec<String>>>) {
        bounded(LogBounds { lines, bytes: 1_000, line_bytes: 10 }, masks)
    }

    fn bounded(
        bounds: LogBounds,
        masks: Arc<[String]>,
    ) -> (CallLog, Arc<CallSink>, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let of_sink = Arc::clone(&seen);
        let sink: LogSink =
            Arc::new(move |line| of_sink.lock().unwrap().push(line.message.to_owned()));
        let origin =
            Origin { plugin: "p".into(), service: "s".to_owned(), request_id: "1".to_owned() };
        let sink = CallSink::new(sink);
        (CallLog::new(Arc::clone(&sink), origin, bounds, masks), sink, seen)
    }

    #[test]
    fn lines_past_the_bound_are_dropped_and_counted_once() {
        let (log, sink, seen) = log(2, Arc::new([]));
        for message in ["one", "two", "three", "four"] {
            log.clone().write(Level::Info, message);
        }
        drop(log);
        let dropped = "2 log lines dropped: the limit of one call is 2; raise `limits.log-lines`";
        assert_eq!(*seen.lock().unwrap(), ["one", "two", dropped]);
        assert_eq!(sink.dropped(), LineCount { lines: 2, bytes: 9 });
    }

    #[test]
    fn lines_past_the_bound_of_bytes_are_dropped_and_counted_for_each_call() {
        let bounds = LogBounds { lines: 9, bytes: 12, line_bytes: 10 };
        let (log, sink, seen) = bounded(bounds, Arc::new([]));
        // Each of the first two messages takes six bytes: `\u{1b}` is escaped to six characters.
        for message in ["123456", "\u{1b}", "x", "", "more"] {
            log.write(Level::Info, message);
        }
        log.end();
        let origin = log.0.call().origin.clone();
        log.begin(origin);
        log.write(Level::Info, "next call");
        log.report(Level::Warn, "a line of the host's own");
        drop(log);
        let dropped =
            "3 log lines dropped: the limit of one call is 12 bytes; raise `limits.log-bytes`";
        let own = "a line of the host's own";
        assert_eq!(*seen.lock().unwrap(), ["123456", "\\u{1b}", dropped, "next call", own]);
        assert_eq!(sink.dropped(), LineCount { lines: 3, bytes: 5 });
    }

    #[test]
    fn a_masked_text_is_in_no_line_also_where_a_line_is_cut_within_it() {
        let masks = Arc::new(["s3cr\net!".to_owned(), "other secret".to_owned()]);
        let (log, _, seen) = log(9, masks);
        log.write(Level::Info, "a s3cr\net! b");
        log.write(Level::Info, "1234567s3cr\net! b");
        log.write_bytes(Level::Info, b"1234567oth");
        log.write_bytes(Level::Info, b"er secret\n");
        drop(log);
        let seen = seen.lock().unwrap();
        assert_eq!(seen.first().unwrap(), "a *** b");
        assert_eq!(seen.len(), 3);
        for line in &seen[1..] {
            assert!(line.starts_with("1234567***"), "{line}");
        }
    }
}
