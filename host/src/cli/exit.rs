//! Exit codes.

use std::process::ExitCode;

/// An error with the program's exit code.
pub(super) struct Exit {
    pub(super) code: ExitCode,
    pub(super) error: anyhow::Error,
}

/// A service failed, a server refused a request, the requested entry does not exist, or the
/// operator did not confirm. Also if stdout or a manual page could not be written, or a server
/// ended with active requests or by a second signal.
pub(super) const SERVICE_FAILED: u8 = 1;
/// The arguments or the configuration are invalid or cannot be used, for example because a file
/// cannot be read or an address is in use.
pub(super) const USAGE: u8 = 2;
/// A plugin could not be built or loaded, there is nothing to serve, or a tool for building is
/// missing. Also after some errors of the system, for example if a server cannot start a thread.
pub(super) const NO_PLUGIN: u8 = 3;
/// The server could not be reached, or did not return a complete and valid response.
pub(super) const NO_SERVER: u8 = 4;

impl Exit {
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Exit { code: USAGE.into(), error: error.into() }
    }

    /// The error for a result that could not be written. The exit code is that of a failed
    /// service.
    pub(super) fn unwritten(error: anyhow::Error) -> Self {
        Exit { code: SERVICE_FAILED.into(), error }
    }

    pub(super) fn no_plugin(error: impl Into<anyhow::Error>) -> Self {
        Exit { code: NO_PLUGIN.into(), error: error.into() }
    }

    pub(super) fn no_server(error: impl Into<anyhow::Error>) -> Self {
        Exit { code: NO_SERVER.into(), error: error.into() }
    }

    /// The error if a service failed, a server refused a request, an entry does not exist, or the
    /// operator did not confirm.
    pub(super) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Exit { code: SERVICE_FAILED.into(), error: error.into() }
    }
}
