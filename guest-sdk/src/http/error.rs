//! The error of a request without a response.

use std::error::Error;
use std::fmt;

/// Why a request has no response. The set is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpErrorKind {
    /// The request is no request of HTTP, or one that a plugin cannot make.
    InvalidRequest,
    /// The plugin has no permission for this address, or for more requests in this call.
    Denied,
    /// No connection to the server was made. Nothing of the request was sent.
    Unreachable,
    /// The time is over. The server may have done what it was asked for.
    Timeout,
    /// The response is larger than the host allows.
    TooLarge,
    /// The response was not whole, or no HTTP. The server may have done what it was asked for.
    Aborted,
}

/// A request without a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// For programs.
    pub kind: HttpErrorKind,
    /// For people: the URL, and the reason or limit; where a setting would allow it, the setting.
    pub message: String,
}

impl HttpError {
    pub(crate) fn invalid(message: impl Into<String>) -> HttpError {
        HttpError { kind: HttpErrorKind::InvalidRequest, message: message.into() }
    }

    /// Whether the server may answer the same request later.
    pub(crate) fn is_unavailable(&self) -> bool {
        use HttpErrorKind::{Aborted, Timeout, Unreachable};
        matches!(self.kind, Unreachable | Timeout | Aborted)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for HttpError {}
