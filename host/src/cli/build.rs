//! `hostel build`: from sources to components.

use super::{Exit, print, say};
use crate::toolchain::{self, BuildError, Progress};
use anstream::ColorChoice;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Build services from source and print where the components are
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel build my-service")]
pub(super) struct Arguments {
    /// A folder with a service's source, or a source file
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    for path in &arguments.paths {
        let component = build(path).map_err(Exit::no_plugin)?;
        print(component.as_os_str().as_encoded_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds one source, with the tools' words on stderr.
pub(super) fn build(path: &Path) -> Result<PathBuf, BuildError> {
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    toolchain::build(path, Progress { line: &say, colour })
}
