//! The command line: arguments in, library calls out.

mod build;
mod componentize;
mod exit;
mod limit;
mod new;
mod run;

use clap::{Parser, Subcommand};
use exit::Exit;
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

Exit codes: 0 all went well, 1 a service failed, 2 wrong usage, 3 a plugin could not be built or \
loaded.";

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    New(new::Arguments),
    Build(build::Arguments),
    Componentize(componentize::Arguments),
}

/// Parses the program's arguments, does what they say and answers the exit code.
///
/// Whatever goes wrong is one line on stderr.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(arguments) => run::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Componentize(arguments) => componentize::run(arguments),
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
    anstream::eprintln!("{style}error{style:#}: {message}");
}

/// Writes one line about what is being done to stderr.
fn say(message: &str) {
    anstream::eprintln!("{message}");
}
