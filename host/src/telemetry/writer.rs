//! Writes log lines and access lines on a separate thread, so that no request waits for a slow
//! output.

use super::access::{self, AccessSink};
use super::dropped::{DroppedLines, LineCount};
use super::json::json;
use super::line::{Level, LogLine, LogSink};
use super::rate::TokenBucket;
use super::text::TextLine;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Maximum lines in the queue; further lines are dropped and counted.
const MAX_QUEUED_LINES: usize = 4_096;

/// Maximum bytes of the lines in the queue: on average 1 KiB for each line, several times the usual
/// length. Without this limit, `MAX_QUEUED_LINES` lines of the default maximum length could take
/// about 200 MiB, because the escape of one byte may have six bytes.
const MAX_QUEUED_BYTES: usize = 4 << 20;

/// Maximum time that [`LogWriter::end`] waits for the output.
const MAX_END_TIME: Duration = Duration::from_secs(1);

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFormat {
    /// Text for human readers.
    Text,
    /// JSON for programs, one object per line.
    Json,
}

/// The queue of lines for the writer thread. Clones share the queue.
#[derive(Clone)]
struct LineQueue {
    lines: SyncSender<Option<String>>,
    /// Bytes of the lines in the queue and of the line that is being written.
    bytes: Arc<AtomicUsize>,
    dropped: Arc<DroppedLines>,
}

impl LineQueue {
    /// Adds a line, or counts it as dropped if there is no room or the writer thread has ended. A
    /// line longer than [`MAX_QUEUED_BYTES`] is accepted if no other line is queued or being
    /// written.
    fn push(&self, line: String) {
        let bytes = line.len();
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = waiting == 0 || waiting.saturating_add(bytes) <= MAX_QUEUED_BYTES;
        if !has_room || self.lines.try_send(Some(line)).is_err() {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.dropped.unread.add_line(bytes);
        }
    }
}

/// The handle of the writer thread.
pub(crate) struct LogWriter {
    format: LineFormat,
    queue: LineQueue,
    /// Disconnects when the thread ends.
    running: Receiver<Infallible>,
}

impl LogWriter {
    /// Starts the writer thread, and returns its handle and the sink for the lines to write.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub(crate) fn start(
        format: LineFormat,
        output: impl Write + Send + 'static,
    ) -> std::io::Result<(Self, LogSink)> {
        let (lines, waiting) = sync_channel(MAX_QUEUED_LINES);
        let (alive, running) = channel();
        let queue = LineQueue { lines, bytes: Arc::default(), dropped: Arc::default() };
        let (bytes, dropped) = (Arc::clone(&queue.bytes), Arc::clone(&queue.dropped));
        let thread =
            WriterThread { format, output, bytes, dropped, reported: LineCount::default() };
        let write = move || {
            let _alive = alive;
            thread.write(&waiting);
        };
        std::thread::Builder::new().name("hostel-log".to_owned()).spawn(write)?;
        let sink = sink(format, queue.clone());
        Ok((LogWriter { format, queue, running }, sink))
    }

    /// True if the lines are text for human readers.
    pub(crate) fn is_text(&self) -> bool {
        self.format == LineFormat::Text
    }

    /// Returns the counts of dropped lines.
    pub(crate) fn dropped(&self) -> Arc<DroppedLines> {
        Arc::clone(&self.queue.dropped)
    }

    /// Returns a sink for access lines. These lines have no rate limit, because each request has
    /// only one line.
    pub(crate) fn access(&self) -> AccessSink {
        let (format, queue) = (self.format, self.queue.clone());
        Arc::new(move |line| {
            queue.push(match format {
                LineFormat::Text => access::TextAccessLine(line).to_string(),
                LineFormat::Json => access::json(line),
            });
        })
    }

    /// Waits until all queued lines are written, but no longer than a second. Later lines are lost.
    pub(crate) fn end(self) {
        let until = Instant::now() + MAX_END_TIME;
        while let Err(TrySendError::Full(_)) = self.queue.lines.try_send(None)
            && Instant::now() < until
        {
            std::thread::yield_now();
        }
        // This always returns an error, because the thread sends nothing. Either the thread has
        // ended, or the time is over.
        let _ = self.running.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn sink(format: LineFormat, queue: LineQueue) -> LogSink {
    let buckets: Mutex<BTreeMap<String, TokenBucket>> = Mutex::default();
    Arc::new(move |line| {
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = match buckets.get_mut(line.plugin) {
            Some(bucket) => bucket,
            None => buckets.entry(line.plugin.to_owned()).or_insert_with(TokenBucket::new),
        };
        let Some(before) = bucket.take(Instant::now()) else {
            queue.dropped.of_floods.add_line(line.message.len());
            return;
        };
        drop(buckets);
        if before > 0 {
            let message =
                format!("{before} log lines dropped: the limit of a plugin is 1,000 a second");
            queue.push(format.line(&LogLine { level: Level::Warn, message: &message, ..*line }));
        }
        queue.push(format.line(line));
    })
}

/// The state of the writer thread.
struct WriterThread<W> {
    format: LineFormat,
    output: W,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<DroppedLines>,
    /// The dropped lines that were already reported.
    reported: LineCount,
}

impl<W: Write> WriterThread<W> {
    fn write(mut self, waiting: &Receiver<Option<String>>) {
        while let Ok(Some(line)) = waiting.recv() {
            let is_written = self.write_line(&line);
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            match is_written {
                true => self.report(),
                false => self.dropped.unread.add_line(line.len()),
            }
        }
        self.report();
        let _ = self.output.flush();
    }

    /// Writes a line about the lines that were dropped because of a slow or failed output since the
    /// last report, if any.
    fn report(&mut self) {
        let (dropped, reported) = (self.dropped.unread(), self.reported);
        let lines = dropped.lines.saturating_sub(reported.lines);
        if lines == 0 {
            return;
        }
        let bytes = dropped.bytes.saturating_sub(reported.bytes);
        let message =
            format!("{lines} log lines dropped, {bytes} bytes: the output was too slow, or failed");
        if self.write_line(&self.format.line(&LogLine::new(Level::Warn, &message))) {
            self.reported = dropped;
        }
    }

    /// Writes a line. Returns false if the output failed; the error is not logged, because this
    /// output is the log.
    fn write_line(&mut self, line: &str) -> bool {
        self.output.write_all(format!("{line}\n").as_bytes()).is_ok()
    }
}

impl LineFormat {
    fn line(self, line: &LogLine<'_>) -> String {
        match self {
            LineFormat::Text => TextLine(line).to_string(),
            LineFormat::Json => json(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn line(plugin: &'static str, message: &'static str) -> LogLine<'static> {
        LogLine { plugin, service: "s", request_id: "1", ..LogLine::new(Level::Info, message) }
    }

    /// A writer whose clones share the written bytes.
    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_their_order_before_the_writer_ends() {
        let output = Output::default();
        let (writer, sink) = LogWriter::start(LineFormat::Json, output.clone()).unwrap();
        for message in ["one", "two", "three"] {
            sink(&line("p", message));
        }
        writer.end();
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let message = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["message"].as_str().unwrap().to_owned()
        };
        let messages: Vec<String> = written.lines().map(message).collect();
        assert_eq!(messages, ["one", "two", "three"]);
    }

    #[test]
    fn access_lines_have_no_limit_per_second() {
        let output = Output::default();
        let (writer, _) = LogWriter::start(LineFormat::Json, output.clone()).unwrap();
        let access = writer.access();
        let (request_id, method, path, client) = ("1", "GET", "/a", "10.0.0.1:2");
        for status in 1..2_001 {
            let (time, took, bytes) = (std::time::SystemTime::UNIX_EPOCH, Duration::ZERO, 0);
            let (caller, service) = ("", "");
            access(&access::AccessLine {
                time,
                request_id,
                method,
                path,
                status,
                bytes,
                took,
                client,
                caller,
                service,
            });
        }
        writer.end();
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 2_000);
        assert!(written.lines().last().unwrap().contains("\"path\":\"/a\",\"status\":2000,"));
    }

    /// A writer whose writes each block until its channel has a message or is closed.
    struct Blocked(std::sync::mpsc::Receiver<()>, Output);

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_blocked_output_blocks_no_sink_and_the_dropped_lines_are_reported() {
        let (go, blocked) = channel();
        let output = Output::default();
        let (writer, sink) =
            LogWriter::start(LineFormat::Text, Blocked(blocked, output.clone())).unwrap();
        for plugin in ["a", "b", "c", "d", "e", "f"] {
            for _ in 0..1_000 {
                sink(&line(plugin, "line"));
            }
        }
        drop((go, sink));
        let dropped = writer.dropped();
        writer.end();
        let unread = dropped.unread();
        assert!(unread.lines > 0 && unread.bytes > unread.lines * 20, "{unread:?}");
        assert_eq!(dropped.of_floods(), LineCount::default());
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let LineCount { lines, bytes } = unread;
        let report = format!("{lines} log lines dropped, {bytes} bytes: the output was too ");
        assert!(written.contains(&report), "{unread:?} in {}", written.lines().last().unwrap());
    }

    #[test]
    fn the_lines_that_wait_are_bounded_in_bytes() {
        let (go, blocked) = channel();
        let output = Output::default();
        let (writer, sink) =
            LogWriter::start(LineFormat::Json, Blocked(blocked, output.clone())).unwrap();
        let longest = "x".repeat(MAX_QUEUED_BYTES);
        let long = "x".repeat(1 << 20);
        for message in [&longest, &long, &long] {
            sink(&LogLine::new(Level::Info, message));
        }
        assert_eq!(writer.dropped().unread().lines, 2, "the first is longer than all may be");
        let dropped = writer.dropped();
        go.send(()).unwrap();
        while writer.queue.bytes.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        for _ in 0..10 {
            sink(&LogLine::new(Level::Info, &long));
        }
        let unread = dropped.unread();
        assert_eq!(unread.lines, 2 + 7, "three have room, of a mebibyte and more each");
        assert_eq!(writer.queue.bytes.load(Ordering::Relaxed), unread.bytes as usize / 9 * 3);
        drop((go, sink));
        writer.end();
        assert_eq!(
            output.0.lock().unwrap().iter().filter(|&&byte| byte == b'\n').count(),
            1 + 1 + 3 + 1
        );
    }

    /// A writer that fails this number of times before it writes.
    struct Failing(usize, Output);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.checked_sub(1) {
                None => self.1.write(bytes),
                Some(left) => {
                    self.0 = left;
                    Err(io::ErrorKind::StorageFull.into())
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_an_output_fails_to_take_are_counted_and_reported_once_it_works_again() {
        let output = Output::default();
        let (writer, sink) =
            LogWriter::start(LineFormat::Json, Failing(3, output.clone())).unwrap();
        for message in ["one", "two", "three", "four", "five"] {
            sink(&line("p", message));
        }
        let dropped = writer.dropped();
        writer.end();
        assert_eq!(dropped.unread().lines, 3);
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 3, "{written}");
        let report = format!("3 log lines dropped, {} bytes: the output", dropped.unread().bytes);
        assert!(lines[0].contains("four") && lines[2].contains("five"), "{written}");
        assert!(lines[1].contains(&report), "{written}");
    }
}
