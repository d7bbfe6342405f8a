//! `hostel build`: builds components from sources.

use super::exit::{Exit, NO_PLUGIN};
use super::interrupt;
use super::output::print;
use crate::source::{self, Inputs, Location};
use crate::telemetry::{TimedStep, eprint_line, excerpt, has_status};
use crate::toolchain::{BuildError, Progress};
use anstream::ColorChoice;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Build services from source and print the components' paths
///
/// The paths go to stdout, the output of compilers to stderr. An unchanged source is not rebuilt.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hostel build my-service\n  hostel build users.py orders.go --json"
)]
pub(super) struct Arguments {
    /// Source file, or folder with the source of one or several services
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Print one JSON object per line for each plugin, and continue after a failed build
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

/// Returns the location of the plugin at a path, or of each plugin in a folder of plugins.
pub(super) fn locations(path: &Path) -> Result<Vec<Location>, BuildError> {
    match Location::at(path) {
        Ok(location) => Ok(vec![location]),
        Err(BuildError::SeveralPlugins { .. }) => source::discover(path)
            .map_err(|source| BuildError::Read { path: path.to_owned(), source }),
        Err(error) => Err(error),
    }
}

/// Returns the path of the component at a location. Builds a source first, and prints the
/// compilers' output to stderr.
pub(super) fn component(location: &Location) -> Result<PathBuf, BuildError> {
    component_and_inputs(location, &mut Inputs::default())
}

/// Like [`component`], but also adds the files that the build of a source reads to `inputs`.
pub(super) fn component_and_inputs(
    location: &Location,
    inputs: &mut Inputs,
) -> Result<PathBuf, BuildError> {
    interrupt::end_builds_on_signals();
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let (name, is_built) = (excerpt(&location.name()), AtomicBool::new(false));
    // Most tools print lines only if they build something. Cargo also repeats earlier warnings.
    let line = |line: &str| {
        is_built.store(true, Ordering::Relaxed);
        eprint_line(line);
    };
    let begins = |step: &str| {
        is_built.store(true, Ordering::Relaxed);
        // A status line, if there is one, already shows that this plugin is being built.
        if !has_status() {
            eprint_line(step);
        }
    };
    let step = TimedStep::begin(format!("building {name}"));
    let built =
        source::component(location, Progress { line: &line, step: &begins, colour }, inputs)?;
    if is_built.into_inner() {
        step.done(&format!("built {name}"));
    }
    Ok(built)
}
