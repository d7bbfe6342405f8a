//! What the program starts processes of itself for. Not for people, so no command in the help.

use super::build;
use super::exit::NO_PLUGIN;
use crate::engine::compile_in_child;
use crate::source::Location;
use crate::{process, wall};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Does what a process was started for, where these arguments are those of such a process.
pub(super) fn run() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let done = match arguments.next()?.to_str()? {
        "compile-component" => compile(arguments.next().unwrap_or_default()),
        "build-source" => build_source(Path::new(&arguments.next().unwrap_or_default())),
        "start-processes" => start_processes(arguments.map(PathBuf::from).collect()),
        _ => return None,
    };
    Some(done.unwrap_or_else(|error| {
        crate::telemetry::eprint_line(format_args!("error: {error}"));
        ExitCode::FAILURE
    }))
}

fn compile(settings: OsString) -> io::Result<ExitCode> {
    compile_in_child(&settings.to_string_lossy(), wall::around_compiler).map(ExitCode::from)
}

/// Writes the component of the source at a path to stdout, or why there is none.
fn build_source(path: &Path) -> io::Result<ExitCode> {
    let mut output = io::stdout().lock();
    match Location::at(path).and_then(|location| build::component(&location)) {
        Ok(file) => {
            io::copy(&mut File::open(file)?, &mut output)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            write!(output, "{:#}", anyhow::Error::new(error))?;
            Ok(NO_PLUGIN.into())
        }
    }
}

fn start_processes(sources: Vec<PathBuf>) -> io::Result<ExitCode> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    process::run_helper(Path::new(PROGRAM), socket.as_fd(), &sources)?;
    Ok(ExitCode::SUCCESS)
}

/// This program, by a name that stands for it even when its file is replaced or removed.
pub(super) const PROGRAM: &str = "/proc/self/exe";
