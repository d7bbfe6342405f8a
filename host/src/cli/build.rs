//! `hostel build`: from sources to components.

use super::exit::Exit;
use super::exit::NO_PLUGIN;
use super::output::print;
use crate::source::{self, Location};
use crate::telemetry::eprint_line;
use crate::toolchain::{BuildError, Progress};
use anstream::ColorChoice;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Build services from source and print where the components are
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel build my-service")]
pub(super) struct Arguments {
    /// A source file, or a folder with a service's source or with several
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Print a JSON object on a line for each path; one that does not build stops no other
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let mut all_built = true;
    let mut show = |path: &Path, built: Result<PathBuf, BuildError>| {
        all_built &= built.is_ok();
        if arguments.json {
            return print(json(path, built).as_bytes());
        }
        print(built.map_err(Exit::no_plugin)?.as_os_str().as_encoded_bytes())
    };
    for path in &arguments.paths {
        match locations(path) {
            Ok(found) if found.len() > 1 => {
                found.iter().try_for_each(|it| show(it.path(), component(it)))?;
            }
            Ok(found) => found.iter().try_for_each(|it| show(path, component(it)))?,
            Err(error) => show(path, Err(error))?,
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

/// What is at a path: one plugin, or those of a folder of plugins.
pub(super) fn locations(path: &Path) -> Result<Vec<Location>, BuildError> {
    match Location::at(path) {
        Ok(location) => Ok(vec![location]),
        Err(BuildError::SeveralPlugins { .. }) => source::discover(path)
            .map_err(|source| BuildError::Read { path: path.to_owned(), source }),
        Err(error) => Err(error),
    }
}

/// The component's file of what is at a location. A source is built, with the tools' output on
/// stderr.
pub(super) fn component(location: &Location) -> Result<PathBuf, BuildError> {
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    source::component(location, Progress { line: &|line| eprint_line(line), colour })
}
