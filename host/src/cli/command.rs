//! The commands of the program.

use super::exit::Exit;
use super::{
    build, cache, call, check, completions, componentize, doctor, hash, inspect, man, new, run,
    serve,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Run services in WebAssembly sandboxes with a shared JSON cache
#[derive(Parser)]
#[command(name = "hostel", version, after_help = EXAMPLE)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLE: &str = "\
Example:
  hostel new my-service
  hostel run my-service
  hostel serve my-service

Exit codes:
  0  success
  1  a service failed, or the requested entry does not exist
  2  the arguments or the configuration are invalid
  3  a plugin could not be built or loaded
  4  the server could not be reached";

#[derive(Subcommand)]
pub(super) enum Command {
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

impl Command {
    /// Runs the command. `program` is clap's definition of the whole program.
    pub(super) fn run(self, program: clap::Command) -> Result<ExitCode, Exit> {
        match self {
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
            Command::Completions(arguments) => completions::run(&arguments, program),
            Command::Man(arguments) => man::run(&arguments, program),
        }
    }
}
