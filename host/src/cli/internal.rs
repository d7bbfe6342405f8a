//! What the program starts processes of itself for. Not for people, so no command in the help.

use super::build;
use super::exit::NO_PLUGIN;
use crate::engine::compile_in_child;
use crate::source::{Inputs, Location};
use crate::{process, wall};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
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

/// Writes the component of the source at a path to stdout, or why there is none, and behind it what
/// the build has read: JSON, and its length.
fn build_source(path: &Path) -> io::Result<ExitCode> {
    let mut output = io::stdout().lock();
    let mut inputs = Inputs::default();
    let location = Location::at(path);
    let built = location.and_then(|it| build::component_and_inputs(&it, &mut inputs));
    let code = match built {
        Ok(file) => {
            io::copy(&mut File::open(file)?, &mut output)?;
            ExitCode::SUCCESS
        }
        Err(error) => {
            write!(output, "{:#}", anyhow::Error::new(error))?;
            NO_PLUGIN.into()
        }
    };
    let inputs = serde_json::to_vec(&inputs)?;
    output.write_all(&inputs)?;
    output.write_all(&(inputs.len() as u64).to_le_bytes())?;
    Ok(code)
}

/// Cuts what a build has read off the end of its output, which is left at its beginning.
pub(super) fn take_inputs(output: &mut File) -> io::Result<Inputs> {
    let mut length = [0; size_of::<u64>()];
    let end = output.seek(SeekFrom::End(-(length.len() as i64)))?;
    output.read_exact(&mut length)?;
    let cut = |begin: u64| {
        output.seek(SeekFrom::Start(begin))?;
        let mut inputs = vec![0; usize::try_from(end - begin).unwrap_or_default()];
        output.read_exact(&mut inputs)?;
        output.set_len(begin)?;
        output.rewind()?;
        Ok(serde_json::from_slice(&inputs)?)
    };
    let begin = end.checked_sub(u64::from_le_bytes(length));
    begin.ok_or_else(|| io::Error::other("the build's output is cut short")).and_then(cut)
}

fn start_processes(sources: Vec<PathBuf>) -> io::Result<ExitCode> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    process::run_helper(Path::new(PROGRAM), socket.as_fd(), &sources)?;
    Ok(ExitCode::SUCCESS)
}

/// This program, by a name that stands for it even when its file is replaced or removed.
pub(super) const PROGRAM: &str = "/proc/self/exe";
