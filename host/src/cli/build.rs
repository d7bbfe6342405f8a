//! `hostel build`: from sources to components.

use super::exit::NO_PLUGIN;
use super::{Exit, print};
use crate::telemetry::eprint_line;
use crate::toolchain::{self, BuildError, Progress};
use anstream::ColorChoice;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Build services from source and print where the components are
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel build my-service")]
pub(super) struct Arguments {
    /// A folder with a service's source, or a source file
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Print a JSON object on a line for each path; one that does not build stops no other
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let mut all_built = true;
    for path in &arguments.paths {
        let built = build(path);
        all_built &= built.is_ok();
        if arguments.json {
            print(json(path, built).as_bytes())?;
        } else {
            print(built.map_err(Exit::no_plugin)?.as_os_str().as_encoded_bytes())?;
        }
    }
    Ok(if all_built { ExitCode::SUCCESS } else { NO_PLUGIN.into() })
}

fn json(path: &Path, built: Result<PathBuf, BuildError>) -> String {
    let (component, error) = match built {
        Ok(component) => (Some(component.to_string_lossy().into_owned()), None),
        Err(error) => (None, Some(format!("{:#}", anyhow::Error::new(error)))),
    };
    let path = path.to_string_lossy();
    json!({ "path": path, "component": component, "error": error }).to_string()
}

/// Builds one source, with the tools' words on stderr.
pub(super) fn build(path: &Path) -> Result<PathBuf, BuildError> {
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    toolchain::build(path, Progress { line: &|line| eprint_line(line), colour })
}
