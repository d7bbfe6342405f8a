//! Errors of outbound requests.

use std::fmt::Display;
use url::Url;

/// The error kinds of `hostel:http/client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendErrorKind {
    InvalidRequest,
    Denied,
    Unreachable,
    Timeout,
    TooLarge,
    Aborted,
}

impl SendErrorKind {
    /// Returns the kind's name in metrics and spans.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            SendErrorKind::InvalidRequest => "invalid-request",
            SendErrorKind::Denied => "denied",
            SendErrorKind::Unreachable => "unreachable",
            SendErrorKind::Timeout => "timeout",
            SendErrorKind::TooLarge => "too-large",
            SendErrorKind::Aborted => "aborted",
        }
    }
}

/// Why a request failed, for the guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SendError {
    pub(crate) kind: SendErrorKind,
    /// A description for people.
    pub(crate) message: String,
}

impl SendError {
    pub(crate) fn new(kind: SendErrorKind, message: impl Into<String>) -> Self {
        SendError { kind, message: message.into() }
    }

    /// Creates an error about a URL. Shows the URL without its query, which may contain
    /// credentials.
    pub(crate) fn of(kind: SendErrorKind, url: &Url, reason: impl Display) -> Self {
        SendError::new(kind, format!("{}: {reason}", shown(url)))
    }
}

/// Formats a URL without user, password, query and fragment, shortened.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Neither call fails for an HTTP URL, because it always has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut text = String::from(url);
    if text.len() > MAX_SHOWN {
        // The URL is ASCII, so no character is split.
        text.truncate(MAX_SHOWN);
        text.push_str("..");
    }
    text
}

/// Maximum bytes of a URL in messages and spans. A longer URL is cut, and `..` is appended.
const MAX_SHOWN: usize = 200;
