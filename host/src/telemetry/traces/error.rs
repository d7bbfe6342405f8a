//! Why a tracer could not be started.

/// Why a tracer could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The URL of the collector is not an `http` or `https` URL with a host.
    #[error("the collector's URL {0:?} is invalid: write it as in \"http://127.0.0.1:4318\"")]
    Url(String),
    /// The name or value of a header is not valid in HTTP. The error contains only the name,
    /// because the value may be a secret.
    #[error("the header {0:?} for the collector is invalid")]
    Header(String),
    /// TLS is not available, for example because this machine has no valid trusted certificate.
    #[error("cannot use TLS for the collector: {0}")]
    Tls(String),
}
