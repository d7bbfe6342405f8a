//! `hostel completions`: prints a completion script for a shell.

use super::exit::Exit;
use super::output::print;
use clap_complete::Shell;
use std::process::ExitCode;

/// Print a completion script for a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel completions bash > ~/.local/share/bash-completion/completions/hostel
  hostel completions zsh > ~/.zfunc/_hostel
  hostel completions fish > ~/.config/fish/completions/hostel.fish")]
pub(super) struct Arguments {
    /// Shell that loads the script
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, mut program: clap::Command) -> Result<ExitCode, Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "hostel", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
