//! Log lines as text for human readers: `time level plugin.service message`.

use super::line::{Level, LogLine, LogSink};
use super::status;
use anstyle::{AnsiColor, Style};
use std::fmt;
use std::io::Write;
use std::sync::Arc;

/// Returns a sink that prints lines to stderr, with colours if stderr supports them.
pub(crate) fn stderr() -> LogSink {
    Arc::new(|line| eprint_line(TextLine(line)))
}

/// Prints a text and a line break to stderr. Errors are ignored: stderr is where they would be
/// reported.
pub(crate) fn eprint_line(line: impl fmt::Display) {
    status::print_above(|| {
        let _ = writeln!(anstream::stderr(), "{line}");
    });
}

/// Displays a log line as text.
pub(super) struct TextLine<'a>(pub(super) &'a LogLine<'a>);

impl fmt::Display for TextLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TextLine(line) = self;
        let time = humantime::format_rfc3339_millis(line.time);
        let (dim, level, source) = (Style::new().dimmed(), style(line.level), Style::new().bold());
        write!(f, "{dim}{time}{dim:#} {level}{:5}{level:#} ", line.level)?;
        write!(f, "{source}{}{source:#} {}", line.source(), line.message)
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Debug => Style::new().dimmed(),
        Level::Info => AnsiColor::Green.on_default(),
        Level::Warn => AnsiColor::Yellow.on_default(),
        Level::Error => AnsiColor::Red.on_default().bold(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_line_has_its_time_level_source_and_message() {
        let line = LogLine {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500),
            plugin: "users",
            service: "find",
            request_id: "1",
            ..LogLine::new(Level::Info, "found")
        };
        let text = anstream::adapter::strip_str(&TextLine(&line).to_string()).to_string();
        assert_eq!(text, "1970-01-01T00:00:01.500Z info  users.find found");
    }
}
