//! The helper: starts processes for a server that may no longer start any.

use super::socket::{Descriptors, pair, receive, send};
use super::supervise::supervise;
use super::task::Task;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::thread;

/// Starts a process for each task on a socket, until the other side closes the socket. Ignores a
/// task to build a source whose path is neither in `sources` nor below a folder in `sources`, and a
/// task to start a helper with other `sources`. An attacker who controls the server thus cannot
/// build other sources.
///
/// # Errors
///
/// If the socket fails, or a message is not a task with its descriptors.
pub(crate) fn run(program: &Path, socket: BorrowedFd<'_>, sources: &[PathBuf]) -> io::Result<()> {
    outlive_signals();
    // When the server exits, the system closes the server's control sockets. `supervise` then kills
    // all processes, and this scope waits until they have ended.
    thread::scope(|processes| {
        while let Some((task, descriptors)) = receive(socket)? {
            if !may_do(&task, sources) {
                continue;
            }
            let run = move || supervise(program, &task, descriptors);
            // If no thread starts, the descriptors are closed, which the other side notices.
            let _ = thread::Builder::new().name("process".to_owned()).spawn_scoped(processes, run);
        }
        Ok(())
    })
}

/// Ignores SIGHUP, SIGINT and SIGTERM, which a service manager may send to all processes of a
/// server at once. The helper must outlive the server, and ends when its socket closes.
fn outlive_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        // SAFETY: an ignored signal runs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

fn may_do(task: &Task, sources: &[PathBuf]) -> bool {
    match task {
        Task::Compile { .. } => true,
        Task::Build { path, .. } => {
            let goes_up = |inside: &Path| inside.components().any(|it| it == Component::ParentDir);
            let mut inside = sources.iter().filter_map(|source| path.strip_prefix(source).ok());
            inside.any(|inside| !goes_up(inside))
        }
        Task::Helper { sources: wanted } => wanted == sources,
    }
}

/// The server's handle to a helper. Dropping it ends the helper.
pub(super) struct Helper {
    pub(super) socket: OwnedFd,
    /// The control socket, if another helper started this one.
    _control: Option<OwnedFd>,
}

/// Starts a helper as a child of this process.
pub(super) fn start(program: &Path, sources: &[PathBuf]) -> io::Result<Helper> {
    let (ours, theirs) = pair()?;
    let mut command = Command::new(program);
    Task::Helper { sources: sources.to_vec() }.add_to(&mut command);
    command.stdin(theirs).stdout(std::process::Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // A thread reaps the helper, which ends when this process closes its end of the socket.
    let mut child = command.spawn()?;
    let _ = thread::Builder::new().name("helper".to_owned()).spawn(move || child.wait());
    Ok(Helper { socket: ours, _control: None })
}

/// Asks a helper to start another one.
pub(super) fn start_by(helper: &Helper, sources: &[PathBuf]) -> io::Result<Helper> {
    let (ours, input) = pair()?;
    let (control, theirs) = pair()?;
    let errors = || io::stderr().as_fd().try_clone_to_owned();
    let with = Descriptors { input, output: errors()?, errors: errors()?, control: theirs };
    send(helper.socket.as_fd(), &Task::Helper { sources: sources.to_vec() }, &with)?;
    Ok(Helper { socket: ours, _control: Some(control) })
}
