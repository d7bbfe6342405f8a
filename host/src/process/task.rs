//! Tasks for subprocesses, and how a subprocess ended.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Task {
    /// Compile the component on the input, and write its code or a refusal to the output.
    Compile {
        /// The compiler's settings, which only the compiler parses.
        settings: String,
        /// The process is killed after this time.
        longest: Duration,
    },
    /// Build the source at a path. Write its component or the error to the output, and after that
    /// the files that the build read.
    Build {
        /// The path of a plugin's source.
        path: PathBuf,
        /// Whether to build quickly, for trying out the service.
        is_quick: bool,
    },
    /// Run as a helper. Its input is the socket on which it receives tasks.
    Helper {
        /// The helper builds only sources at these paths, or below these folders.
        sources: Vec<PathBuf>,
    },
}

impl Task {
    /// Adds the command-line arguments of this task.
    pub(super) fn add_to(&self, command: &mut Command) {
        match self {
            Task::Compile { settings, .. } => command.arg("compile-component").arg(settings),
            Task::Build { path, is_quick } => {
                let quick = is_quick.then_some("quick");
                command.arg("build-source").arg(path).args(quick)
            }
            Task::Helper { sources } => command.arg("start-processes").args(sources),
        };
    }

    /// Returns the time after which the process is killed, or `None` if it has no time limit.
    pub(super) fn longest(&self) -> Option<Duration> {
        match self {
            Task::Compile { longest, .. } => Some(*longest),
            Task::Build { .. } | Task::Helper { .. } => None,
        }
    }
}

/// How a process ended.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Ended {
    /// The exit code, if the process exited by itself.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// Whether the process was killed for taking too long.
    pub(crate) overdue: bool,
    /// Why the process could not be started or awaited.
    pub(crate) error: Option<String>,
}
