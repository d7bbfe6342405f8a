//! Ends a command on SIGINT, SIGTERM or SIGHUP. On Linux, first kills the compilers of a running
//! build, and all their descendants.

use crate::telemetry::show_status;
use crate::toolchain;
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::collections::HashSet;
use std::sync::Once;
use tokio::signal::unix::{SignalKind, signal};

/// Starts a thread that handles the signals. If no thread can be started, the signals end only the
/// command itself.
pub(super) fn end_builds_on_signals() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        // Make orphaned descendants children of this process, so that they can be found and killed.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
        let _ = std::thread::Builder::new().name("hostel-signals".to_owned()).spawn(wait);
    });
}

fn wait() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let number = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).ok()?;
        let mut terminate = signal(SignalKind::terminate()).ok()?;
        let mut hangup = signal(SignalKind::hangup()).ok()?;
        tokio::select! {
            _ = interrupt.recv() => Some(Signal::INT),
            _ = terminate.recv() => Some(Signal::TERM),
            _ = hangup.recv() => Some(Signal::HUP),
        }
    });
    let Some(signal) = number else { return };
    let _held = toolchain::start_no_more();
    end_descendants();
    show_status("");
    // The exit code that shells use for a command ended by a signal.
    std::process::exit(128 + signal.as_raw());
}

/// Kills all descendants of this process, and those that start in the meantime.
fn end_descendants() {
    loop {
        let found = descendants();
        if found.is_empty() {
            return;
        }
        for process in found {
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// The running descendants of this process; empty if the system cannot list them.
fn descendants() -> HashSet<Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(Pid, Pid)> =
        entries.filter_map(|entry| parent_of(entry.file_name().to_str()?)).collect();
    let mut found = HashSet::new();
    let mut parents = HashSet::from([getpid()]);
    while !parents.is_empty() {
        let is_child = |(_, parent): &&(Pid, Pid)| parents.contains(parent);
        let children: HashSet<Pid> = all.iter().filter(is_child).map(|(child, _)| *child).collect();
        found.extend(&children);
        parents = children;
    }
    found
}

/// The process of an entry of `/proc`, and its parent. `None` for an entry that is not a process,
/// for a process that has ended (a zombie), and for a process without a visible parent.
fn parent_of(name: &str) -> Option<(Pid, Pid)> {
    let process = Pid::from_raw(name.parse().ok()?)?;
    let status = std::fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
    // The process name, in parentheses, may contain any characters.
    let mut fields = status.rsplit_once(')')?.1.split_whitespace();
    let is_over = matches!(fields.next()?, "Z" | "X");
    let parent = Pid::from_raw(fields.next()?.parse().ok()?)?;
    (!is_over).then_some((process, parent))
}
