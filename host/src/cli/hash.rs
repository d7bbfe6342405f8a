//! `hostel hash`: hashes a password or a token for a callers file.

use super::exit::Exit;
use super::output::print;
use crate::config::{SecretHash, is_caller};
use anyhow::{Context, anyhow};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{IsTerminal, Read, Stdin, Write, stdin};
use std::process::ExitCode;

/// Hash a password or a token for a callers file
///
/// Prints the line CALLER:HASH for the file of a group in [callers]. Reads the secret from the
/// terminal without showing it, or from stdin, but never from an argument: other users of
/// the machine may be able to read a program's arguments.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel hash ann >> staff.callers
  openssl rand -hex 32 | tee robot.token | hostel hash robot --scheme bearer >> machines.callers")]
pub(super) struct Arguments {
    /// Name of the caller; without it only the hash is printed
    #[arg(value_name = "CALLER", value_parser = caller)]
    caller: Option<String>,

    /// basic for a password, bearer for a token of at least 20 characters
    #[arg(long, value_name = "SCHEME", default_value = "basic", hide_possible_values = true)]
    scheme: SchemeName,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum SchemeName {
    Basic,
    Bearer,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let secret = if stdin().is_terminal() { ask() } else { read() }.map_err(Exit::usage)?;
    let hash = match arguments.scheme {
        SchemeName::Basic => SecretHash::of_password(secret.as_bytes()),
        SchemeName::Bearer => SecretHash::of_token(secret.as_bytes()),
    };
    let stored = hash.map_err(Exit::usage)?.stored();
    let line = match &arguments.caller {
        Some(caller) => format!("{caller}:{stored}"),
        None => stored,
    };
    print(line.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn caller(text: &str) -> Result<String, String> {
    let wrong = "a caller's name has 1 to 128 visible ASCII characters and no colon";
    if is_caller(text) { Ok(text.to_owned()) } else { Err(wrong.to_owned()) }
}

/// Reads all of stdin, without a line break at the end.
fn read() -> anyhow::Result<String> {
    let mut secret = String::new();
    stdin().read_to_string(&mut secret).context("cannot read the secret from stdin")?;
    Ok(without_end(&secret).to_owned())
}

/// Asks twice, because the operator cannot see the input.
fn ask() -> anyhow::Result<String> {
    let hidden = Hidden::new(stdin())?;
    let (first, second) = (hidden.line("Secret: ")?, hidden.line("Again: ")?);
    if first == second { Ok(first) } else { Err(anyhow!("the two inputs differ")) }
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Turns off the echo of a terminal's input until this value is dropped.
struct Hidden {
    terminal: Stdin,
    before: Termios,
}

impl Hidden {
    fn new(terminal: Stdin) -> anyhow::Result<Self> {
        let hiding = "cannot hide the typed secret: pass it through stdin";
        let before = tcgetattr(&terminal).context(hiding)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &hidden).context(hiding)?;
        Ok(Hidden { terminal, before })
    }

    fn line(&self, prompt: &str) -> anyhow::Result<String> {
        // Ignore errors: without a prompt, the operator can still type.
        let _ = write!(anstream::stderr(), "{prompt}");
        let mut line = String::new();
        let read = self.terminal.read_line(&mut line);
        let _ = writeln!(anstream::stderr());
        read.context("cannot read the secret")?;
        Ok(without_end(&line).to_owned())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
