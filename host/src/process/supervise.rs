//! Starts one process, waits for its end, and reports this end on the control socket. If the other
//! side closes that socket, or the process takes too long, kills the process and its process group.

use super::socket::Descriptors;
use super::task::{Ended, Task};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Runs a process to its end.
pub(super) fn supervise(program: &Path, task: &Task, descriptors: Descriptors) {
    let Descriptors { input, output, errors, control } = descriptors;
    let mut command = Command::new(program);
    task.add_to(&mut command);
    // The process gets its own group. Signals from a terminal then do not reach it, and killing the
    // group also kills the other processes in the group, such as compilers.
    command.stdin(input).stdout(output).stderr(errors).process_group(0);
    let spawned = command.spawn();
    // The command still holds the descriptors. Close them, so that the reader of the output sees
    // its end as soon as the process closes it.
    drop(command);
    let ended = match spawned {
        Ok(child) => wait(child, task.longest(), control.as_fd()),
        Err(error) => Err(error),
    };
    let ended = ended.unwrap_or_else(|error| Ended {
        error: Some(format!("cannot start a process: {error}")),
        ..Ended::default()
    });
    tell(&control, &ended);
}

fn tell(control: &OwnedFd, ended: &Ended) {
    let message = serde_json::to_vec(ended).unwrap_or_default();
    // Ignore errors: the receiver may have stopped waiting.
    let _ = rustix::net::send(control, &message, rustix::net::SendFlags::NOSIGNAL);
}

fn wait(mut child: Child, longest: Option<Duration>, control: BorrowedFd<'_>) -> io::Result<Ended> {
    let group = Pid::from_child(&child);
    let overdue = until_end(group, longest, control);
    if !matches!(overdue, Ok(Some(false))) {
        // Ignore errors: the process may have ended by now. It is not reaped yet, so its id cannot
        // have been reused.
        let _ = kill_process_group(group, Signal::KILL);
        let _ = child.kill();
    }
    let status = child.wait()?;
    Ok(Ended {
        code: status.code(),
        signal: status.signal(),
        overdue: overdue? == Some(true),
        error: None,
    })
}

/// Waits for a process. Returns `Some(false)` if the process has ended by itself, `Some(true)` if
/// it is overdue, or `None` if the receiver stopped waiting.
fn until_end(
    process: Pid,
    longest: Option<Duration>,
    control: BorrowedFd<'_>,
) -> io::Result<Option<bool>> {
    let ended = pidfd_open(process, PidfdFlags::empty())?;
    let deadline = longest.and_then(|longest| Instant::now().checked_add(longest));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut watched =
            [PollFd::new(&ended, PollFlags::IN), PollFd::from_borrowed_fd(control, PollFlags::IN)];
        match poll(&mut watched, left.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(Some(true)),
            Ok(_) => {}
        }
        let [ended, control] = &watched;
        match (ended.revents().is_empty(), control.revents().is_empty()) {
            (false, _) => return Ok(Some(false)),
            (true, false) => return Ok(None),
            (true, true) => {}
        }
    }
}
