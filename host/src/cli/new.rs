//! `hostel new`: a folder with a service in it.

use super::{Exit, say};
use crate::{PluginName, toolchain};
use std::path::PathBuf;
use std::process::ExitCode;

/// Make a folder with a new service, its test and a README
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel new my-service\n  hostel run my-service")]
pub(super) struct Arguments {
    /// The folder to make; its last part names the service: lower-case letters, digits, hyphens
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let folder = arguments.folder;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = PluginName::new(&name).map_err(Exit::usage)?;
    toolchain::create(&folder, name.as_str()).map_err(Exit::usage)?;
    let shown = folder.display();
    say(&format!(
        "{shown} is made; `hostel run {shown}` runs it, `cargo test` in it tests it"
    ));
    Ok(ExitCode::SUCCESS)
}
