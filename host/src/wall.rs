//! A second wall, beside the sandbox of each guest: what this process can no longer ask the kernel
//! for, whoever has taken it over.
//!
//! Landlock bounds the files that it can open, seccomp the system calls that it can make. Both hold
//! until the process ends, for its threads and its children too. Linux alone has them.

mod calls;
mod files;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The files that a process can open once its wall stands. Whatever is not named can be neither
/// read, written, made nor removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// Files, and folders with all that is in them, that can be read.
    pub(crate) read: Vec<PathBuf>,
    /// Folders in which files can be made, written and removed as well.
    pub(crate) write: Vec<PathBuf>,
}

/// What stands of a wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Why files are not bounded, or not all access to them.
    pub(crate) files: Result<(), String>,
    /// Why system calls are not bounded.
    pub(crate) calls: Result<(), String>,
}

impl Standing {
    /// What is missing, where something is.
    pub(crate) fn missing(&self) -> Option<String> {
        let missing = |what: &str, part: &Result<(), String>| {
            part.as_ref().err().map(|reason| format!("no {what}: {reason}"))
        };
        let missing: Vec<_> = [missing("landlock", &self.files), missing("seccomp", &self.calls)]
            .into_iter()
            .flatten()
            .collect();
        (!missing.is_empty()).then(|| missing.join("; "))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = [("landlock", &self.files), ("seccomp", &self.calls)];
        let standing = standing.iter().filter(|(_, part)| part.is_ok()).map(|(name, _)| *name);
        let standing: Vec<_> = standing.collect();
        match (standing.is_empty(), self.missing()) {
            (true, Some(missing)) => write!(f, "none ({missing})"),
            (false, Some(missing)) => write!(f, "{} ({missing})", standing.join(", ")),
            (_, None) => f.write_str(&standing.join(", ")),
        }
    }
}

/// Puts up the wall of a process that serves, around the thread that calls this and those that it
/// starts: so before it starts any. Each part that the kernel or a container does not allow is
/// missing in what this returns.
pub(crate) fn around_server(files: &Files) -> Standing {
    // First the files: seccomp's wall lets no further one be put up.
    let files = files::bound(files);
    Standing { files, calls: calls::bound_server() }
}

/// Puts up the wall of a process that compiles: it can open nothing, and can only compute and use
/// the descriptors that it has.
///
/// # Errors
///
/// When the kernel allows neither of its two parts, which both keep files away.
pub(crate) fn around_compiler() -> io::Result<()> {
    let files = files::bound(&Files::default());
    match (files, calls::bound_compiler()) {
        (Err(files), Err(calls)) => Err(io::Error::other(format!("{files}; {calls}"))),
        _ => Ok(()),
    }
}
