//! The log of one call: bounded in lines and in the length of a line, however much a guest writes.

use super::escape::escape;
use super::line::{Level, LogLine, LogSink};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What stands in a line for a text that is masked.
const MASKED: &str = "***";

/// The limits on the lines of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBounds {
    /// Lines of one call; further lines are counted and dropped.
    pub(crate) lines: u64,
    /// Bytes of one message before escaping; the rest is cut.
    pub(crate) line_bytes: usize,
}

/// The sink for the lines of all calls, with the count of those that were dropped.
pub(crate) struct CallSink {
    sink: LogSink,
    dropped: AtomicU64,
}

impl CallSink {
    pub(crate) fn new(sink: LogSink) -> Arc<Self> {
        Arc::new(CallSink { sink, dropped: AtomicU64::new(0) })
    }

    /// The lines that were dropped because their call had reached its limit.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The call that lines belong to.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) plugin: Arc<str>,
    pub(crate) service: String,
    pub(crate) request_id: String,
}

/// The log of one call at a time: a reused instance has one log for all its calls. Clones share
/// the log.
///
/// The end of a call writes its unfinished lines, and one more line with the number of dropped
/// lines, if any.
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
    /// Lines written, the dropped ones included.
    written: u64,
    /// By the stream's level: the bytes of its last line, whose newline has not come yet.
    partial: Vec<(Level, Vec<u8>)>,
    /// The last line of level warn or error, escaped.
    last_warning: Option<String>,
}

impl CallState {
    fn new(origin: Origin) -> Self {
        CallState { origin, written: 0, partial: Vec::new(), last_warning: None }
    }
}

impl CallLog {
    /// `masks` are texts that no line has: each is replaced by `***`.
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

    /// The id of the request that the call is for.
    pub(crate) fn request_id(&self) -> String {
        self.0.call().origin.request_id.clone()
    }

    /// Writes one line, or counts it as dropped when the call has reached its limit.
    pub(crate) fn write(&self, level: Level, message: &str) {
        self.0.write(&mut self.0.call(), level, message);
    }

    /// The last warning or error of the call. A guest that gives up logs its reason first.
    pub(crate) fn last_warning(&self) -> Option<String> {
        self.0.call().last_warning.clone()
    }

    /// Writes the lines of a byte stream that logs at this level. The last line waits for its
    /// newline, or for the end of the call.
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
        if call.written < self.bounds.lines {
            // Before it is escaped and cut, which would hide a part of a text from the search.
            let line = escape(&self.masked(message), self.bounds.line_bytes);
            self.emit(&call.origin, level, &line);
            if matches!(level, Level::Warn | Level::Error) {
                call.last_warning = Some(line);
            }
        }
        call.written = call.written.saturating_add(1);
    }

    fn masked<'a>(&self, message: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(message);
        for mask in self.masks.iter().filter(|mask| message.contains(mask.as_str())) {
            masked = Cow::Owned(masked.replace(mask.as_str(), MASKED));
        }
        masked
    }

    /// Appends bytes to a line, and drops those past the limit: a guest that never writes a newline
    /// would fill the host's memory.
    fn push(&self, partial: &mut Vec<u8>, bytes: &[u8]) {
        // One byte past the limit makes `escape` cut the line and report the cut. A text that is masked
        // has to be whole for that.
        let longest = self.masks.iter().map(String::len).max().unwrap_or_default();
        let most = self.bounds.line_bytes.saturating_add(1).saturating_add(longest);
        let room = most.saturating_sub(partial.len());
        partial.extend(bytes.iter().take(room));
    }

    fn end(&self, call: &mut CallState) {
        for (level, line) in std::mem::take(&mut call.partial) {
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

    /// A log of so many lines of 10 bytes, its sink, and the messages that reach it.
    fn log(lines: u64, masks: Arc<[String]>) -> (CallLog, Arc<CallSink>, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let of_sink = Arc::clone(&seen);
        let sink: LogSink =
            Arc::new(move |line| of_sink.lock().unwrap().push(line.message.to_owned()));
        let origin =
            Origin { plugin: "p".into(), service: "s".to_owned(), request_id: "1".to_owned() };
        let (sink, bounds) = (CallSink::new(sink), LogBounds { lines, line_bytes: 10 });
        (CallLog::new(Arc::clone(&sink), origin, bounds, masks), sink, seen)
    }

    #[test]
    fn lines_past_the_bound_are_dropped_and_counted_once() {
        let (log, sink, seen) = log(2, Arc::new([]));
        for message in ["one", "two", "three", "four"] {
            log.clone().write(Level::Info, message);
        }
        drop(log);
        let dropped = "2 log lines dropped: one call may write 2; raise `limits.log-lines`";
        assert_eq!(*seen.lock().unwrap(), ["one", "two", dropped]);
        assert_eq!(sink.dropped(), 2);
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
