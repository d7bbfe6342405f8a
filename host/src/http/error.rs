//! Why a server cannot serve.

use std::path::PathBuf;
use tokio_rustls::rustls;

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A file with a certificate or a key cannot be read or holds none.
    #[error("cannot read the TLS file {}", file.display())]
    TlsFile {
        /// The file.
        file: PathBuf,
        /// The reason.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of no use.
    #[error("the certificate and its key cannot be used")]
    Tls(#[source] rustls::Error),
    /// A group that callers have to be in is not there: it would be nobody, or everybody.
    #[error("{place} asks for callers of the group `{group}`, which is not there")]
    UnknownGroup {
        /// The route, the plugin or the server.
        place: String,
        /// The group.
        group: String,
    },
}
