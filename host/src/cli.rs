//! The command line: parses arguments and calls the library.

mod build;
mod cache;
mod call;
mod check;
mod client;
mod command;
mod completed;
mod completions;
mod componentize;
mod doctor;
mod envelope;
mod exit;
mod grants;
mod hash;
mod help;
mod inspect;
#[cfg(target_os = "linux")]
mod internal;
mod interrupt;
mod limit;
mod load;
mod man;
mod new;
mod output;
mod payload;
mod pretty;
mod reach;
mod run;
mod serve;
mod table;

use clap::{CommandFactory, FromArgMatches};
use command::Cli;
use std::process::ExitCode;

/// Parses the program's arguments, runs the command and returns the exit code. Prints the command's
/// error, if any, on stderr.
pub fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(code) = internal::run() {
        return code;
    }
    let program = help::in_groups(Cli::command());
    let matches = program.clone().get_matches();
    let parsed = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    parsed.command.run(program).unwrap_or_else(|exit| {
        output::eprint_error(&format!("{:#}", exit.error));
        exit.code
    })
}
