//! Output of all commands: results to stdout, errors and warnings to stderr.

use super::exit::Exit;
use crate::telemetry;
use std::io::{ErrorKind, Write};

/// Writes an error to stderr, after the word `error:`.
pub(super) fn eprint_error(message: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    telemetry::eprint_line(format_args!("{style}error:{style:#} {message}"));
}

/// Writes a warning to stderr, after the word `warning:`.
pub(super) fn eprint_warning(message: &str) {
    let style = anstyle::AnsiColor::Yellow.on_default().bold();
    telemetry::eprint_line(format_args!("{style}warning:{style:#} {message}"));
}

/// Writes a result to stdout, and a line break unless the result ends with one. If the reader of
/// stdout has closed the pipe, the output is dropped without an error.
pub(super) fn print(result: &[u8]) -> Result<(), Exit> {
    let mut out = anstream::stdout().lock();
    let end: &[u8] = if result.ends_with(b"\n") { b"" } else { b"\n" };
    written(out.write_all(result).and_then(|()| out.write_all(end)).and_then(|()| out.flush()))
}

/// Writes bytes to stdout unchanged. A closed pipe is not an error, as for [`print`].
pub(super) fn print_raw(bytes: &[u8]) -> Result<(), Exit> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

fn written(done: std::io::Result<()>) -> Result<(), Exit> {
    match done {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Exit::unwritten(anyhow::Error::new(error).context("cannot write to stdout")))
        }
        _ => Ok(()),
    }
}
