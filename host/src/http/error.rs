//! Errors that prevent a server from starting.

use std::path::PathBuf;
use tokio_rustls::rustls;

/// An error that prevents a server from starting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The certificate or the key cannot be read from its PEM file.
    #[error("cannot read the TLS file {}", file.display())]
    TlsFile {
        /// The path of the file.
        file: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate and the key do not match, or one of them is invalid.
    #[error("cannot use the TLS certificate and its key")]
    Tls(#[source] rustls::Error),
    /// The settings name an undefined group of callers. Without the group, the server cannot
    /// authenticate callers.
    #[error("{place} names the group of callers `{group}`, which is not defined")]
    UnknownGroup {
        /// The server, route or plugin with this setting: for example, "the route /a".
        place: String,
        /// The name of the group.
        group: String,
    },
}
