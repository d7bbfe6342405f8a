//! The helper: a process that starts others for one that may not.

use super::socket::{Descriptors, pair, receive, send};
use super::supervise::supervise;
use super::task::Task;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::thread;

/// Starts a process for each task on a socket, until the other side is gone. Sources are built in
/// these folders, or at these paths, alone: whoever has broken into the server cannot have a source
/// of his own built.
///
/// # Errors
///
/// When the socket fails.
pub(crate) fn run(program: &Path, socket: BorrowedFd<'_>, sources: &[PathBuf]) -> io::Result<()> {
    outlive_signals();
    // When the other side is gone, so are the ends of the control sockets that it had: each process
    // is killed, and waited for here.
    thread::scope(|processes| {
        while let Some((task, descriptors)) = receive(socket)? {
            if !may_do(&task, sources) {
                continue;
            }
            let run = move || supervise(program, &task, descriptors);
            // Without a thread the descriptors are closed, which tells the other side.
            let _ = thread::Builder::new().name("process".to_owned()).spawn_scoped(processes, run);
        }
        Ok(())
    })
}

/// A service manager or a terminal sends these to all processes of a server at once. The helper is
/// needed until the server has ended, and ends then.
fn outlive_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        // SAFETY: no code runs when an ignored signal comes.
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

/// A helper, as the process sees it that it works for. It ends when this is dropped.
pub(super) struct Helper {
    pub(super) socket: OwnedFd,
    /// The control socket of one that another helper has started.
    _control: Option<OwnedFd>,
}

/// Starts a helper as a child of this process.
pub(super) fn start(program: &Path, sources: &[PathBuf]) -> io::Result<Helper> {
    let (ours, theirs) = pair()?;
    let mut command = Command::new(program);
    Task::Helper { sources: sources.to_vec() }.add_to(&mut command);
    command.stdin(theirs).stdout(std::process::Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Not waited for: it ends with this process, whose end of the socket it reads.
    let mut child = command.spawn()?;
    let _ = thread::Builder::new().name("helper".to_owned()).spawn(move || child.wait());
    Ok(Helper { socket: ours, _control: None })
}

/// Has a helper start another one.
pub(super) fn start_by(helper: &Helper, sources: &[PathBuf]) -> io::Result<Helper> {
    let (ours, input) = pair()?;
    let (control, theirs) = pair()?;
    let errors = || io::stderr().as_fd().try_clone_to_owned();
    let with = Descriptors { input, output: errors()?, errors: errors()?, control: theirs };
    send(helper.socket.as_fd(), &Task::Helper { sources: sources.to_vec() }, &with)?;
    Ok(Helper { socket: ours, _control: Some(control) })
}
