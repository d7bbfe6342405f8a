//! A second line of defense besides the guests' sandbox: the kernel refuses some operations of this
//! process, even if an attacker controls the process.
//!
//! Landlock limits the files that the process can open, and seccomp its system calls. Both last
//! until the process ends, and apply to the threads and children that a confined thread starts.
//! Only Linux has Landlock and seccomp.

mod calls;
mod files;
#[cfg(test)]
mod tests;

pub(crate) use files::Files;
use std::fmt;
use std::io;

/// The restrictions in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// `Ok` if file access is restricted. Otherwise the reason why it is unrestricted, or
    /// restricted only in part.
    pub(crate) files: Result<(), String>,
    /// `Ok` if system calls are restricted. Otherwise the reason why they are not.
    pub(crate) calls: Result<(), String>,
}

impl Standing {
    /// Returns the missing restrictions, or `None` if both are in force.
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

/// Confines a serving process: the calling thread and the threads that it starts later. A thread
/// that already runs keeps its access to files, so call this before the server starts its threads.
/// The result reports the restrictions that the kernel or a container does not allow.
pub(crate) fn around_server(files: &Files) -> Standing {
    // Landlock comes first, as in `around_compiler`, where the seccomp filter refuses Landlock's
    // calls.
    let files = files::bound(files);
    Standing { files, calls: calls::bound_server() }
}

/// Confines a compiling process: it cannot open any file. If seccomp is in force, the process can
/// only compute and use the descriptors that it already has.
///
/// # Errors
///
/// If neither restriction is completely in force; each alone denies access to files.
pub(crate) fn around_compiler() -> io::Result<()> {
    let files = files::bound(&Files::default());
    match (files, calls::bound_compiler()) {
        (Err(files), Err(calls)) => Err(io::Error::other(format!("{files}; {calls}"))),
        _ => Ok(()),
    }
}
