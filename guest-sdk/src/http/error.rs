//! Errors of outgoing HTTP requests.

use std::error::Error;
use std::fmt;

/// Why a request failed. No kinds will be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpErrorKind {
    /// The request is not valid HTTP, its body has no JSON form, or plugins may not send such a
    /// request.
    InvalidRequest,
    /// The plugin has no permission for this address, or the service has sent too many requests
    /// during this call.
    Denied,
    /// The connection to the server failed, and nothing was sent to this server. After a redirect,
    /// the redirecting server has processed its request.
    Unreachable,
    /// The request timed out. The server may have processed it.
    Timeout,
    /// The response is larger than the host allows, alone or together with the other responses of
    /// one `send_many`; or the host has too little memory for it.
    TooLarge,
    /// The response was missing, incomplete or not valid HTTP. Also if a redirect was invalid, there
    /// were too many redirects, or the host repeated the request and could not connect again. The
    /// server may have processed the request.
    Aborted,
}

/// A failed outgoing request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The kind, for programs.
    pub kind: HttpErrorKind,
    /// A message for people: the reason or limit, usually with the URL. If a setting would allow
    /// the request, the message names this setting.
    pub message: String,
}

impl HttpError {
    pub(crate) fn invalid(message: impl Into<String>) -> HttpError {
        HttpError { kind: HttpErrorKind::InvalidRequest, message: message.into() }
    }

    /// Returns true if `?` converts the error to a failure of kind `Unavailable`.
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
