//! Log lines written by a thread of their own, so that nobody who serves waits for whoever reads
//! them.

use super::access::{self, AccessSink};
use super::json::json;
use super::text::Text;
use super::{Level, LogLine, LogSink};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Lines that wait for the thread; further ones are dropped and counted.
const QUEUE: usize = 4_096;

/// Lines that one plugin may have written in a second, and in one go. More is a flood, in which
/// the lines of the others would drown.
const LINES_A_SECOND: f64 = 1_000.0;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object a line.
    Json,
}

/// The longest that [`LogWriter::end`] waits for an output that takes nothing.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Lines that were never written, since the start.
#[derive(Default)]
pub(crate) struct Dropped {
    of_floods: AtomicU64,
    unread: AtomicU64,
}

impl Dropped {
    /// Lines dropped since a plugin had written its share of a second.
    pub(crate) fn of_floods(&self) -> u64 {
        self.of_floods.load(Ordering::Relaxed)
    }

    /// Lines dropped since nobody reads them fast enough.
    pub(crate) fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }
}

/// The thread that writes.
pub(crate) struct LogWriter {
    format: LogFormat,
    dropped: Arc<Dropped>,
    lines: SyncSender<Option<String>>,
    /// Ends with the thread.
    running: Receiver<Infallible>,
}

impl LogWriter {
    /// Starts the thread, and answers it with the sink whose lines it writes.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub(crate) fn start(
        format: LogFormat,
        output: impl Write + Send + 'static,
    ) -> std::io::Result<(Self, LogSink)> {
        let (lines, waiting) = sync_channel(QUEUE);
        let (alive, running) = channel();
        let dropped = Arc::new(Dropped::default());
        let sink = sink(format, lines.clone(), Arc::clone(&dropped));
        let of_thread = Arc::clone(&dropped);
        let write = move || {
            let _alive = alive;
            write(format, &waiting, &of_thread, output);
        };
        std::thread::Builder::new().name("hostel-log".to_owned()).spawn(write)?;
        Ok((LogWriter { format, dropped, lines, running }, sink))
    }

    /// What is counted of the lines that are dropped.
    pub(crate) fn dropped(&self) -> Arc<Dropped> {
        Arc::clone(&self.dropped)
    }

    /// A sink for access lines, which have no share: there are as many as requests.
    pub(crate) fn access(&self) -> AccessSink {
        let (format, lines, dropped) = (self.format, self.lines.clone(), self.dropped());
        Arc::new(move |line| {
            let line = match format {
                LogFormat::Text => access::Text(line).to_string(),
                LogFormat::Json => access::json(line),
            };
            if lines.try_send(Some(line)).is_err() {
                dropped.unread.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Waits until all lines so far are written, for a second at most. Lines that come later are
    /// lost.
    pub(crate) fn end(self) {
        let until = Instant::now() + LAST_WAIT;
        while let Err(TrySendError::Full(_)) = self.lines.try_send(None)
            && Instant::now() < until
        {
            std::thread::yield_now();
        }
        // It ends by the thread's end, or by the time.
        let _ = self.running.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn sink(format: LogFormat, lines: SyncSender<Option<String>>, dropped: Arc<Dropped>) -> LogSink {
    let rates: Mutex<BTreeMap<String, Rate>> = Mutex::default();
    Arc::new(move |line| {
        let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = match rates.get_mut(line.plugin) {
            Some(rate) => rate,
            None => rates.entry(line.plugin.to_owned()).or_insert_with(Rate::new),
        };
        let Some(before) = rate.pass(Instant::now()) else {
            dropped.of_floods.fetch_add(1, Ordering::Relaxed);
            return;
        };
        drop(rates);
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
    format: LogFormat,
    waiting: &Receiver<Option<String>>,
    dropped: &Dropped,
    mut output: impl Write,
) {
    let mut told = 0;
    while let Ok(Some(line)) = waiting.recv() {
        // There is nobody left to tell when that fails.
        let _ = writeln!(output, "{line}");
        let unread = dropped.unread();
        if unread > told {
            let new = unread - std::mem::replace(&mut told, unread);
            let message = format!("{new} log lines dropped: nobody reads them fast enough");
            let _ = writeln!(output, "{}", format.own(Level::Warn, &message));
        }
    }
    let _ = output.flush();
}

impl LogFormat {
    fn line(self, line: &LogLine<'_>) -> String {
        match self {
            LogFormat::Text => Text(line).to_string(),
            LogFormat::Json => json(line),
        }
    }

    /// A line of the host's own.
    fn own(self, level: Level, message: &str) -> String {
        let (plugin, service, request_id) = ("", "", "");
        let time = SystemTime::now();
        self.line(&LogLine { time, level, plugin, service, request_id, message })
    }
}

/// What is left of a plugin's share, filled up again as time goes.
struct Rate {
    left: f64,
    at: Instant,
    dropped: u64,
}

impl Rate {
    fn new() -> Self {
        Rate { left: LINES_A_SECOND, at: Instant::now(), dropped: 0 }
    }

    /// Lets a line pass, and answers how many were dropped before it; or drops it.
    fn pass(&mut self, now: Instant) -> Option<u64> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * LINES_A_SECOND).min(LINES_A_SECOND);
        self.at = now;
        if self.left < 1.0 {
            self.dropped += 1;
            return None;
        }
        self.left -= 1.0;
        Some(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn line(plugin: &'static str, message: &'static str) -> LogLine<'static> {
        let (time, level) = (SystemTime::UNIX_EPOCH, Level::Info);
        LogLine { time, level, plugin, service: "s", request_id: "1", message }
    }

    /// Shares what was written.
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
        let (writer, sink) = LogWriter::start(LogFormat::Json, output.clone()).unwrap();
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
    fn access_lines_have_no_share_that_they_could_use_up() {
        let output = Output::default();
        let (writer, _) = LogWriter::start(LogFormat::Json, output.clone()).unwrap();
        let access = writer.access();
        let (request_id, method, path, client) = ("1", "GET", "/a", "10.0.0.1:2");
        for status in 1..2_001 {
            let (time, took, bytes) = (SystemTime::UNIX_EPOCH, Duration::ZERO, 0);
            let (caller, service) = ("", "");
            access(&crate::telemetry::AccessLine {
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

    /// Takes nothing until it is told to.
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
    fn an_output_that_takes_nothing_stops_nobody_and_what_was_dropped_is_told() {
        let (go, blocked) = channel();
        let output = Output::default();
        let (writer, sink) =
            LogWriter::start(LogFormat::Text, Blocked(blocked, output.clone())).unwrap();
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
        assert!(written.contains("log lines dropped: nobody reads them fast enough"));
    }

    #[test]
    fn a_plugin_that_writes_too_much_is_cut_to_its_share() {
        let mut rate = Rate::new();
        let start = rate.at;
        let passed = (0..5_000).filter(|_| rate.pass(start).is_some()).count();
        assert_eq!(passed, 1_000);
        assert_eq!(rate.pass(start + Duration::from_millis(2)), Some(4_000));
        assert_eq!(rate.pass(start + Duration::from_millis(2)), Some(0));
        assert_eq!(rate.pass(start + Duration::from_millis(2)), None);
    }
}
