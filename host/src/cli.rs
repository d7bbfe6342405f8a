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
mod output;
mod payload;
mod pretty;
mod run;
mod serve;
mod table;

use clap::{FromArgMatches, Parser, Subcommand};
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
            output::eprint_error(&format!("{:#}", exit.error));
            exit.code
        }
    }
}
