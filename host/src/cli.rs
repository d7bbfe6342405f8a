//! The command line: arguments in, library calls out.

mod build;
mod cache;
mod call;
mod check;
mod client;
mod completions;
mod componentize;
mod doctor;
mod envelope;
mod exit;
mod grants;
mod hash;
mod help;
mod inspect;
mod limit;
mod load;
mod man;
mod new;
mod payload;
mod pretty;
mod run;
mod serve;
mod table;

use crate::telemetry;
use clap::{FromArgMatches, Parser, Subcommand};
use exit::Exit;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// A host for guests: runs WebAssembly services, sandboxed, with a shared JSON cache.
#[derive(Parser)]
#[command(name = "hostel", version, after_help = EXAMPLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "\
Example:
  hostel new my-service
  hostel run my-service
  hostel serve my-service

Exit codes: 0 all went well, 1 a service failed, 2 wrong usage or configuration, 3 a plugin could \
not be built or loaded, 4 no server answers.";

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Serve(serve::Arguments),
    New(new::Arguments),
    Build(build::Arguments),
    Componentize(componentize::Arguments),
    Doctor(doctor::Arguments),
    Check(check::Arguments),
    Inspect(inspect::Arguments),
    Call(call::Arguments),
    Cache(cache::Arguments),
    Hash(hash::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Parses the program's arguments, does what they say and answers the exit code.
///
/// Whatever goes wrong is one line on stderr.
pub fn main() -> ExitCode {
    let matches = help::command().get_matches();
    let parsed = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let done = match parsed.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Componentize(arguments) => componentize::run(arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Call(arguments) => call::run(&arguments),
        Command::Cache(arguments) => cache::run(&arguments),
        Command::Hash(arguments) => hash::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(exit) => {
            say_error(&format!("{:#}", exit.error));
            exit.code
        }
    }
}

/// Writes one line about an error to stderr.
fn say_error(message: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    telemetry::eprint_line(format_args!("{style}error{style:#}: {message}"));
}

/// Writes one line about something that works and should not stay to stderr.
fn say_warning(message: &str) {
    let style = anstyle::AnsiColor::Yellow.on_default().bold();
    telemetry::eprint_line(format_args!("{style}warning{style:#}: {message}"));
}

/// Writes a result to stdout, on a line of its own. Whoever closed stdout does not want it: that
/// is no failure.
fn print(result: &[u8]) -> Result<(), Exit> {
    let mut out = anstream::stdout().lock();
    let end: &[u8] = if result.ends_with(b"\n") { b"" } else { b"\n" };
    written(out.write_all(result).and_then(|()| out.write_all(end)).and_then(|()| out.flush()))
}

/// Writes bytes to stdout as they are.
fn print_raw(bytes: &[u8]) -> Result<(), Exit> {
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
