//! The log of one call: bounded in lines and in the length of a line, however much a guest writes.

use super::{Level, LogLine, LogSink};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Bytes that an error quotes of a text from outside: the longest names that are valid fit.
const EXCERPT_BYTES: usize = 200;

/// What the lines of a call may use up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBounds {
    /// Lines of one call; what comes after is counted and dropped.
    pub(crate) lines: u64,
    /// Bytes of one message before escaping; the rest is cut.
    pub(crate) line_bytes: usize,
}

/// Where the lines of all calls go, and how many did not.
pub(crate) struct CallSink {
    sink: LogSink,
    dropped: AtomicU64,
}

impl CallSink {
    pub(crate) fn new(sink: LogSink) -> Arc<Self> {
        Arc::new(CallSink { sink, dropped: AtomicU64::new(0) })
    }

    /// Lines dropped since a call had written its share.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Whose lines these are.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) plugin: Arc<str>,
    pub(crate) service: String,
    pub(crate) request_id: String,
}

/// The log of one call, or of one after another in an instance that is kept; its clones are the
/// same log.
///
/// When a call ends, so do its last lines without a newline; one more line tells how many were
/// dropped, if any.
#[derive(Clone)]
pub(crate) struct CallLog(Arc<Lines>);

struct Lines {
    sink: Arc<CallSink>,
    bounds: LogBounds,
    call: Mutex<Call>,
}

/// What belongs to one call.
struct Call {
    origin: Origin,
    /// Lines written, the dropped ones included.
    written: u64,
    /// The bytes of a stream's last line, while its newline is missing, by the stream's level.
    begun: Vec<(Level, Vec<u8>)>,
}

impl Call {
    fn new(origin: Origin) -> Self {
        Call { origin, written: 0, begun: Vec::new() }
    }
}

impl CallLog {
    pub(crate) fn new(sink: Arc<CallSink>, origin: Origin, bounds: LogBounds) -> Self {
        CallLog(Arc::new(Lines { sink, bounds, call: Mutex::new(Call::new(origin)) }))
    }

    /// Begins the log of the next call, after [`CallLog::end`].
    pub(crate) fn begin(&self, origin: Origin) {
        *self.0.call() = Call::new(origin);
    }

    /// Ends the log of a call.
    pub(crate) fn end(&self) {
        self.0.end(&mut self.0.call());
    }

    /// Writes one line, or counts it as dropped when the call has written its share.
    pub(crate) fn write(&self, level: Level, message: &str) {
        self.0.write(&mut self.0.call(), level, message);
    }

    /// Writes the lines of a stream of bytes, all whose lines have this level. The last one waits
    /// for its newline, or for the call's end.
    pub(crate) fn write_bytes(&self, level: Level, bytes: &[u8]) {
        let call = &mut *self.0.call();
        let mut begun = match call.begun.iter().position(|(of, _)| *of == level) {
            Some(place) => call.begun.swap_remove(place).1,
            None => Vec::new(),
        };
        let mut lines = bytes.split(|&byte| byte == b'\n');
        self.0.push(&mut begun, lines.next().unwrap_or_default());
        for line in lines {
            self.0.write(call, level, &String::from_utf8_lossy(&begun));
            begun.clear();
            self.0.push(&mut begun, line);
        }
        if !begun.is_empty() {
            call.begun.push((level, begun));
        }
    }
}

impl Lines {
    fn call(&self) -> MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, call: &mut Call, level: Level, message: &str) {
        if call.written < self.bounds.lines {
            self.emit(&call.origin, level, &escape(message, self.bounds.line_bytes));
        }
        call.written = call.written.saturating_add(1);
    }

    /// Adds to a line what there is room for.
    fn push(&self, begun: &mut Vec<u8>, bytes: &[u8]) {
        // One byte more than a line may have makes the log cut it and say so.
        let room = self.bounds.line_bytes.saturating_add(1).saturating_sub(begun.len());
        begun.extend(bytes.iter().take(room));
    }

    fn end(&self, call: &mut Call) {
        for (level, line) in std::mem::take(&mut call.begun) {
            self.write(call, level, &String::from_utf8_lossy(&line));
        }
        let most = self.bounds.lines;
        let dropped = call.written.saturating_sub(most);
        if dropped > 0 {
            self.sink.dropped.fetch_add(dropped, Ordering::Relaxed);
            let message = format!(
                "{dropped} log lines dropped: one call may write {most}; raise `limits.log-lines`"
            );
            self.emit(&call.origin, Level::Warn, &message);
        }
        call.written = 0;
    }

    fn emit(&self, origin: &Origin, level: Level, message: &str) {
        let Origin { plugin, service, request_id } = origin;
        let time = SystemTime::now();
        (self.sink.sink)(&LogLine { time, level, plugin, service, request_id, message });
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.end(&mut self.call());
    }
}

/// A message as one line of at most `most` bytes of the original: control characters and the
/// characters that reorder or break a line of text are written as escapes.
pub(crate) fn escape(message: &str, most: usize) -> String {
    let kept = start(message, most);
    let mut line = one_line(kept);
    if kept.len() < message.len() {
        let cut = message.len() - kept.len();
        // Writing to a String cannot fail.
        let _ = write!(line, " ... ({cut} bytes cut: `limits.log-line-bytes` is {most})");
    }
    line
}

/// What an error quotes of a text from outside: one line, escaped as a message is, of at most 200
/// bytes of the original.
pub(crate) fn excerpt(text: &str) -> String {
    let kept = start(text, EXCERPT_BYTES);
    let ending = if kept.len() < text.len() { " ..." } else { "" };
    one_line(kept) + ending
}

fn start(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() || breaks_a_line(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

/// Unicode's line and paragraph separators, and the bidirectional controls with which text can be
/// made to read as other text than it is (Unicode Technical Report 36, section 2.3).
fn breaks_a_line(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[track_caller]
    fn check(message: &str, most: usize, expected: &str) {
        assert_eq!(escape(message, most), expected);
    }

    #[test]
    fn a_message_is_one_line_whatever_it_contains() {
        check("plain", 100, "plain");
        check("a\r\nb\tc", 100, "a\\r\\nb\\tc");
        check("\u{1b}[31mred", 100, "\\u{1b}[31mred");
        check("nul\0 c1\u{85}", 100, "nul\\u{0} c1\\u{85}");
        check("\u{202e}gnp.exe\u{2028}", 100, "\\u{202e}gnp.exe\\u{2028}");
        check("\u{61c}\u{200e}\u{200f}", 100, "\\u{61c}\\u{200e}\\u{200f}");
        check("žluťoučký 🐎", 100, "žluťoučký 🐎");
    }

    #[test]
    fn a_long_message_is_cut_between_characters_and_says_so() {
        check("aé", 2, "a ... (2 bytes cut: `limits.log-line-bytes` is 2)");
        check("abc", 3, "abc");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\nb"), "a\\nb");
        assert_eq!(excerpt(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(excerpt(&"é".repeat(101)), "é".repeat(100) + " ...");
    }

    #[test]
    fn lines_past_the_bound_are_dropped_and_counted_once() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink: LogSink = {
            let seen = Arc::clone(&seen);
            Arc::new(move |line| seen.lock().unwrap().push(line.message.to_owned()))
        };
        let origin =
            Origin { plugin: "p".into(), service: "s".to_owned(), request_id: "1".to_owned() };
        let sink = CallSink::new(sink);
        let log = CallLog::new(Arc::clone(&sink), origin, LogBounds { lines: 2, line_bytes: 10 });
        for message in ["one", "two", "three", "four"] {
            log.clone().write(Level::Info, message);
        }
        drop(log);
        let dropped = "2 log lines dropped: one call may write 2; raise `limits.log-lines`";
        assert_eq!(*seen.lock().unwrap(), ["one", "two", dropped]);
        assert_eq!(sink.dropped(), 2);
    }
}
