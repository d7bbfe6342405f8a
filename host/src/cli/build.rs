//! `hostel build`: from source folders to components.

use super::{Exit, say};
use crate::toolchain::{self, BuildError, Progress};
use anstream::ColorChoice;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Build source folders to components and print where they are
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel build my-service")]
pub(super) struct Arguments {
    /// A folder with a service's source
    #[arg(value_name = "FOLDER", required = true)]
    folders: Vec<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    for folder in &arguments.folders {
        let component = build(folder).map_err(Exit::no_plugin)?;
        anstream::println!("{}", component.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds one folder, with the tool's words on stderr.
pub(super) fn build(folder: &Path) -> Result<PathBuf, BuildError> {
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    toolchain::build(folder, Progress { line: &say, colour })
}
