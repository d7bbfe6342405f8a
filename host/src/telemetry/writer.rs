//! A thread that writes log lines and access lines: a request never waits for a slow output.

use super::access::{self, AccessSink};
use super::json::json;
use super::line::{Level, LogLine, LogSink};
use super::rate::TokenBucket;
use super::text::TextLine;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines that wait for the thread; further lines are dropped and counted.
const MAX_QUEUED_LINES: usize = 4_096;

/// How long [`LogWriter::end`] waits for the output at most.
const MAX_END_TIME: Duration = Duration::from_secs(1);

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFormat {
    /// Text for people.
    Text,
    /// JSON for programs, one object a line.
    Json,
}

/// Counts of the lines that were dropped, since the start.
#[derive(Default)]
pub(crate) struct DroppedLines {
    of_floods: AtomicU64,
    unread: AtomicU64,
}

impl DroppedLines {
    /// Lines dropped because a plugin had reached its limit per second.
    pub(crate) fn of_floods(&self) -> u64 {
        self.of_floods.load(Ordering::Relaxed)
    }

    /// Lines dropped because the queue to the output was full.
    pub(crate) fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }
}

/// The handle of the thread.
pub(crate) struct LogWriter {
    format: LineFormat,
    dropped: Arc<DroppedLines>,
    lines: SyncSender<Option<String>>,
    /// Disconnects when the thread ends.
    running: Receiver<Infallible>,
}

impl LogWriter {
    /// Starts the thread and returns its handle and the sink for its lines.
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
        let dropped = Arc::new(DroppedLines::default());
        let sink = sink(format, lines.clone(), Arc::clone(&dropped));
        let of_thread = Arc::clone(&dropped);
        let write = move || {
            let _alive = alive;
            write(format, &waiting, &of_thread, output);
        };
        std::thread::Builder::new().name("hostel-log".to_owned()).spawn(write)?;
        Ok((LogWriter { format, dropped, lines, running }, sink))
    }

    /// The counts of dropped lines.
    pub(crate) fn dropped(&self) -> Arc<DroppedLines> {
        Arc::clone(&self.dropped)
    }

    /// A sink for access lines. They have no limit per second: their number is that of requests.
    pub(crate) fn access(&self) -> AccessSink {
        let (format, lines, dropped) = (self.format, self.lines.clone(), self.dropped());
        Arc::new(move |line| {
            let line = match format {
                LineFormat::Text => access::TextAccessLine(line).to_string(),
                LineFormat::Json => access::json(line),
            };
            if lines.try_send(Some(line)).is_err() {
                dropped.unread.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Waits until all lines so far are written, for at most a second. Later lines are lost.
    pub(crate) fn end(self) {
        let until = Instant::now() + MAX_END_TIME;
        while let Err(TrySendError::Full(_)) = self.lines.try_send(None)
            && Instant::now() < until
        {
            std::thread::yield_now();
        }
        // Returns when the thread ends or the time is over.
        let _ = self.running.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn sink(
    format: LineFormat,
    lines: SyncSender<Option<String>>,
    dropped: Arc<DroppedLines>,
) -> LogSink {
    let buckets: Mutex<BTreeMap<String, TokenBucket>> = Mutex::default();
    Arc::new(move |line| {
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = match buckets.get_mut(line.plugin) {
            Some(bucket) => bucket,
            None => buckets.entry(line.plugin.to_owned()).or_insert_with(TokenBucket::new),
        };
        let Some(before) = bucket.take(Instant::now()) else {
            dropped.of_floods.fetch_add(1, Ordering::Relaxed);
            return;
        };
        drop(buckets);
        let send = |line: &LogLine<'_>| {
            if lines.try_send(Some(format.line(line))).is_err() {
                dropped.unread.fetch_add(1, Ordering::Relaxed);
            }
        };
        if before > 0 {
            let message = format!("{before} log lines dropped: a plugin may write 1,000 a second");
            send(&LogLine { level: Level::Warn, message: &message, ..*line });
        }
        send(line);
    })
}

fn write(
    format: LineFormat,
    waiting: &Receiver<Option<String>>,
    dropped: &DroppedLines,
    mut output: impl Write,
) {
    let mut reported = 0;
    while let Ok(Some(line)) = waiting.recv() {
        // An error is ignored: the log is where it would be reported.
        let _ = output.write_all(format!("{line}\n").as_bytes());
        let unread = dropped.unread();
        if unread > reported {
            let new = unread - std::mem::replace(&mut reported, unread);
            let message = format!("{new} log lines dropped: the output takes them too slowly");
            let line = format.line(&LogLine::new(Level::Warn, &message));
            let _ = output.write_all(format!("{line}\n").as_bytes());
        }
    }
    let _ = output.flush();
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

    /// A writer whose clones share the bytes.
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

    /// A writer that blocks until its channel closes.
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
        assert!(dropped.unread() > 0 && dropped.of_floods() == 0);
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert!(written.contains("log lines dropped: the output takes them too slowly"));
    }
}
