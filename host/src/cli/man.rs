//! `hostel man`: writes manual pages for the program and its commands.

use super::exit::Exit;
use super::output::print;
use anyhow::Context;
use clap_mangen::Man;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write manual pages for the program and its commands
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  hostel man ~/.local/share/man/man1 && man hostel-run")]
pub(super) struct Arguments {
    /// Folder to write to; created if it does not exist
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, program: clap::Command) -> Result<ExitCode, Exit> {
    let folder = &arguments.folder;
    let writing = || format!("cannot write to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(writing).map_err(Exit::unwritten)?;
    let mut command = program.disable_help_subcommand(true);
    command.build();
    for page in pages(&command, folder).with_context(writing).map_err(Exit::unwritten)? {
        print(page.as_os_str().as_encoded_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and its visible subcommands, and returns the pages' paths.
fn pages(command: &clap::Command, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let page = Man::new(command.clone());
    let file = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    // clap_mangen calls the section with examples EXTRA. Its usual name is EXAMPLES.
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA", ".SH EXAMPLES");
    std::fs::write(&file, text)?;
    let mut written = vec![file];
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        written.extend(pages(below, folder)?);
    }
    Ok(written)
}
