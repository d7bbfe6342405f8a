//! The status line, which shows running steps at the bottom of a terminal. Other lines are printed
//! above it. The status line exists only if stderr is a terminal, and not a dumb one.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Time between two redraws. A [`TimedStep`] that is shorter than this time is not shown.
pub(crate) const REDRAW: Duration = Duration::from_millis(100);

/// [`TimedStep::done`] reports a step that was shown and took longer than this.
const LONG: Duration = Duration::from_millis(500);

/// Assumed number of columns if the terminal does not report its size.
const COLUMNS: u16 = 80;

/// Moves the cursor to the beginning of the line, and clears the line.
const CLEAR: &str = "\r\x1b[K";

/// The text of the status line; empty while no text is shown.
static SHOWN: Mutex<String> = Mutex::new(String::new());

/// Returns true if stderr can show a status line.
pub(crate) fn has_status() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let is_dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        io::stderr().is_terminal() && !is_dumb
    })
}

/// Shows a text in the status line until another text is shown. The text must not contain control
/// characters. An empty text removes the status line. Does nothing if stderr cannot show one.
pub(crate) fn show_status(text: &str) {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if has_status() && *shown != text {
        text.clone_into(&mut shown);
        draw(&shown);
    }
}

/// Prints complete lines above the status line.
pub(super) fn print_above(print: impl FnOnce()) {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if shown.is_empty() {
        return print();
    }
    draw("");
    print();
    draw(&shown);
}

fn draw(text: &str) {
    let columns = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
    let columns = if columns == 0 { COLUMNS } else { columns };
    let mut stderr = io::stderr().lock();
    // Errors are ignored: stderr is where they would be reported.
    let _ = write!(stderr, "{CLEAR}{}", cut(text, columns.into())).and_then(|()| stderr.flush());
}

/// Cuts a text to less than one row, because a text of more than one row could not be cleared. A
/// character outside ASCII may take two columns.
fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += if character.is_ascii() { 1 } else { 2 };
        used >= columns
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// A step of a command, shown in the status line with its elapsed time until it is dropped.
pub(crate) struct TimedStep {
    begun: Instant,
    /// The drawing thread, and the sender that ends it.
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl TimedStep {
    /// Starts a step, and shows `text`, which must not contain control characters.
    pub(crate) fn begin(text: String) -> TimedStep {
        let begun = Instant::now();
        let (end, ended) = channel();
        let draw = move || {
            while ended.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
                show_status(&format!("{text} {}", seconds(begun)));
            }
            show_status("");
        };
        let spawn = || Builder::new().name("hostel-status".to_owned()).spawn(draw).ok();
        TimedStep { begun, drawing: has_status().then(spawn).flatten().map(|thread| (end, thread)) }
    }

    /// Ends the step. If the step was shown and took long, prints `what` and the elapsed time.
    pub(crate) fn done(mut self, what: &str) {
        let was_shown = self.drawing.is_some();
        self.end();
        if was_shown && self.begun.elapsed() > LONG {
            let took = seconds(self.begun);
            print_above(|| drop(writeln!(anstream::stderr(), "{what} in {took}")));
        }
    }

    fn end(&mut self) {
        if let Some((end, thread)) = self.drawing.take() {
            drop(end);
            // The thread does not panic.
            let _ = thread.join();
        }
    }
}

impl Drop for TimedStep {
    fn drop(&mut self) {
        self.end();
    }
}

/// Formats the time elapsed since a point in time.
pub(crate) fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

/// Stderr with colours. Complete lines are printed above the status line.
pub(crate) struct StderrAbove;

impl Write for StderrAbove {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = Ok(());
        print_above(|| written = anstream::stderr().write_all(bytes));
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        anstream::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_less_than_a_row() {
        for (text, columns, expected) in [
            ("building a 1.0 s", 80, "building a 1.0 s"),
            ("building", 9, "building"),
            ("building", 8, "buildin"),
            ("büro", 5, "bür"),
            ("building", 0, ""),
        ] {
            assert_eq!(cut(text, columns), expected, "{text} in {columns}");
        }
    }
}
