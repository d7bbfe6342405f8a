//! Internal commands, for subprocesses of the program. The help omits them, because they are not
//! for users.

use super::build;
use super::exit::NO_PLUGIN;
use crate::engine::{
    self, CodeStore, MountedFolder, SnapshotError, Surroundings, compile_in_child,
};
use crate::source::{Inputs, Location};
use crate::{Compiler, Launcher, process, toolchain, wall};
use anyhow::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// If the arguments are an internal command, runs the command and returns its exit code. Otherwise
/// returns `None`.
pub(super) fn run() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let done = match arguments.next()?.to_str()? {
        "compile-component" => compile(arguments.next().unwrap_or_default()),
        "build-source" => {
            let path = arguments.next().unwrap_or_default();
            build_source(Path::new(&path), arguments.next().is_some())
        }
        "take-snapshot" => take_snapshot(arguments),
        "start-processes" => start_processes(arguments.map(PathBuf::from).collect()),
        _ => return None,
    };
    Some(done.unwrap_or_else(|error| {
        super::output::eprint_error(&error.to_string());
        ExitCode::FAILURE
    }))
}

fn compile(settings: OsString) -> io::Result<ExitCode> {
    compile_in_child(&settings.to_string_lossy(), wall::around_compiler).map(ExitCode::from)
}

/// The interface that a base component exports to load a plugin.
const LOADS: &str = "hostel:service/handler@0.1.0";

/// Runs a base component until it has loaded a plugin, and writes a component that starts in that
/// state. The first two arguments are the files of the base and of the result. After them, three
/// arguments (kind, name and value) define each folder, each variable and the script that the base
/// sees. If the base refuses the plugin, the exit code is [`NO_PLUGIN`]; after any other error, it
/// is 1.
fn take_snapshot(mut arguments: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    let (base, output) = (arguments.next(), arguments.next());
    let text = |it: OsString| it.into_string().map_err(|_| io::ErrorKind::InvalidInput);
    let mut surroundings = Surroundings::default();
    while let (Some(kind), Some(name), Some(value)) =
        (arguments.next(), arguments.next(), arguments.next())
    {
        let name = text(name)?;
        if kind == "variable" {
            surroundings.variables.push((name, text(value)?));
        } else if kind == "script" {
            surroundings.script = Some(std::fs::read_to_string(value)?);
        } else {
            let (path, is_writable) = (value.into(), kind == "writable");
            surroundings.folders.push(MountedFolder { name, path, is_writable });
        }
    }
    let base = std::fs::read(base.unwrap_or_default())?;
    let code = toolchain::code_folder().and_then(|folder| CodeStore::open(&folder).ok());
    let compiler = Compiler::Process(Launcher::new(PathBuf::from(PROGRAM)));
    let taken = engine::take_snapshot(&base, LOADS, &surroundings, &compiler, code.as_ref());
    match taken {
        Ok(component) => std::fs::write(output.unwrap_or_default(), component)?,
        Err(SnapshotError::Exited) => return Ok(NO_PLUGIN.into()),
        Err(SnapshotError::Script(why)) => {
            io::stderr().write_all(why.as_bytes())?;
            return Ok(NO_PLUGIN.into());
        }
        Err(error) => return Err(io::Error::other(format!("{:#}", Error::new(error)))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the source at a path. Writes the component or the error to stdout, then the inputs of the
/// build as JSON, then the length of that JSON.
fn build_source(path: &Path, is_quick: bool) -> io::Result<ExitCode> {
    if is_quick {
        toolchain::build_quickly();
    }
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

/// Removes the inputs from the end of a build's output and returns them. Rewinds the output.
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

/// A path of this program that works even after the program's file is replaced or removed.
pub(super) const PROGRAM: &str = "/proc/self/exe";
