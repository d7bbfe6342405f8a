//! Errors that prevent a server from starting.

use std::path::PathBuf;
use tokio_rustls::rustls;

/// An error that prevents a server from starting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A file cannot be read, is not valid PEM, or contains no certificate or no key.
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
        /// The server, or the route or plugin whose settings name the group.
        place: String,
        /// The name of the group.
        group: String,
    },
}
