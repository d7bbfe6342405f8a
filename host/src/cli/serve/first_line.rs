//! Delays the informational lines of plugins until the server's address is logged, so that the
//! address is near the beginning of the log. All other lines are logged at once.

use crate::telemetry::{Level, LogLine, LogSink};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A delayed line of a plugin.
struct Held {
    time: SystemTime,
    plugin: String,
    message: String,
}

/// Returns a sink that delays the `info` lines of plugins, and a function that logs the delayed
/// lines and ends the delay.
pub(super) fn hold(log: LogSink) -> (LogSink, impl FnOnce()) {
    let held: Arc<Mutex<Option<Vec<Held>>>> = Arc::new(Mutex::new(Some(Vec::new())));
    let sink: LogSink = {
        let (held, log) = (Arc::clone(&held), Arc::clone(&log));
        Arc::new(move |line| {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *held {
                Some(lines) if line.level == Level::Info && !line.plugin.is_empty() => {
                    let (plugin, message) = (line.plugin.to_owned(), line.message.to_owned());
                    lines.push(Held { time: line.time, plugin, message });
                }
                _ => {
                    drop(held);
                    log(line);
                }
            }
        })
    };
    let release = move || {
        let lines = held.lock().unwrap_or_else(PoisonError::into_inner).take();
        for Held { time, plugin, message } in lines.into_iter().flatten() {
            log(&LogLine { time, plugin: &plugin, ..LogLine::new(Level::Info, &message) });
        }
    };
    (sink, release)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::log_event;

    #[test]
    fn news_of_plugins_follows_the_first_line_and_errors_are_printed_at_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log: LogSink = {
            let told = Arc::clone(&told);
            Arc::new(move |line| told.lock().unwrap().push(line.message.to_owned()))
        };
        let (sink, release) = hold(Arc::clone(&log));
        let log_to_sink = |level, plugin, message| {
            log_event(&sink, level, plugin, message);
        };
        log_to_sink(Level::Info, "a", "serves");
        log_to_sink(Level::Error, "b", "does not load");
        log_to_sink(Level::Info, "", "building");
        assert_eq!(*told.lock().unwrap(), ["does not load", "building"]);
        release();
        log_to_sink(Level::Info, "a", "later");
        assert_eq!(*told.lock().unwrap(), ["does not load", "building", "serves", "later"]);
    }
}
