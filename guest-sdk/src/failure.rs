//! The result of a request that a service did not fulfil.

use std::error::Error;
use std::fmt;

use crate::error::{CacheError, CacheErrorKind};
use crate::http::HttpError;

/// The result of a service, and of everything in this crate that can fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The kinds of failure that a service may return. The set is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The request is malformed; the same request will fail again. 400 over HTTP.
    BadRequest,
    /// The caller is not known. 401.
    Unauthorized,
    /// The caller is known and has no permission. 403.
    Forbidden,
    /// The thing that the request names does not exist. 404.
    NotFound,
    /// The service does not support that method. 405.
    MethodNotAllowed,
    /// The request does not fit the present state. 409.
    Conflict,
    /// The caller sends too many requests. 429.
    TooManyRequests,
    /// The service has a fault. 500.
    Internal,
    /// Something that the service needs is not available at present. 503.
    Unavailable,
}

/// A request that a service did not fulfil: a kind for programs, a message for a person.
///
/// `?` turns any [`Error`] into one. Its kind is then [`FailureKind::Internal`], unless one of the
/// causes is a [`CacheError`] of kind `Unavailable`, or an [`HttpError`] of kind `Unreachable`,
/// `Timeout` or `Aborted`: then it is [`FailureKind::Unavailable`]. Its
/// message is the error and its causes, joined by colons; a cause that the text already ends with
/// is not repeated.
///
/// It is not an [`Error`] itself, because that would rule the conversion out.
///
/// ```
/// use hostel_sdk::{Failure, FailureKind, Result};
///
/// fn parse(text: &str) -> Result<u32> {
///     if text.is_empty() {
///         return Err(Failure::bad_request("a number is missing"));
///     }
///     Ok(text.parse()?)
/// }
///
/// assert_eq!(parse("").unwrap_err().kind, FailureKind::BadRequest);
/// assert_eq!(parse("x").unwrap_err().kind, FailureKind::Internal);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub kind: FailureKind,
    /// For people: what was being done, with which value, and the fix.
    pub message: String,
    /// Headers of the response, names in lower case. Sent only when the request came by HTTP.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Failure {
    /// A failure of any kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), headers: Vec::new() }
    }

    /// The request is malformed.
    pub fn bad_request(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::BadRequest, message)
    }

    /// The caller is not known.
    pub fn unauthorized(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Unauthorized, message)
    }

    /// The caller is known and has no permission.
    pub fn forbidden(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Forbidden, message)
    }

    /// The thing that the request names does not exist.
    pub fn not_found(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::NotFound, message)
    }

    /// The service does not support that method.
    pub fn method_not_allowed(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::MethodNotAllowed, message)
    }

    /// The request does not fit the present state.
    pub fn conflict(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Conflict, message)
    }

    /// The caller sends too many requests.
    pub fn too_many_requests(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::TooManyRequests, message)
    }

    /// The service has a fault.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Internal, message)
    }

    /// Something that the service needs is not available at present.
    pub fn unavailable(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Unavailable, message)
    }

    /// The same with one more header of the response over HTTP, `Retry-After` for example. The name
    /// is put in lower case.
    ///
    /// ```
    /// use hostel_sdk::Failure;
    ///
    /// let failure = Failure::too_many_requests("one order a minute").with_header("Retry-After", "60");
    /// assert_eq!(failure.headers, [("retry-after".to_string(), b"60".to_vec())]);
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Failure {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        let mut kind = FailureKind::Internal;
        let mut message = String::new();
        let mut next: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(cause) = next {
            if is_unavailable(cause) {
                kind = FailureKind::Unavailable;
            }
            append(&mut message, &cause.to_string());
            next = cause.source();
        }
        Failure::new(kind, message)
    }
}

fn is_unavailable(cause: &(dyn Error + 'static)) -> bool {
    let cache = cause.downcast_ref::<CacheError>();
    let http = cause.downcast_ref::<HttpError>();
    cache.is_some_and(|error| error.kind == CacheErrorKind::Unavailable)
        || http.is_some_and(HttpError::is_unavailable)
}

fn append(message: &mut String, cause: &str) {
    if message.ends_with(cause) {
        return;
    }
    if !message.is_empty() {
        message.push_str(": ");
    }
    message.push_str(cause);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Step(&'static str, Option<Box<dyn Error>>);

    impl fmt::Display for Step {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Step {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    #[track_caller]
    fn check(error: impl Error + 'static, kind: FailureKind, message: &str) {
        assert_eq!(Failure::from(error), Failure::new(kind, message));
    }

    fn cache_error(kind: CacheErrorKind) -> CacheError {
        CacheError { kind, message: "no answer in 250 ms".to_owned() }
    }

    #[test]
    fn any_error_is_internal_and_tells_its_causes_once() {
        check(Step("no disk", None), FailureKind::Internal, "no disk");
        let inner = Step("not found", None);
        check(Step("reading a", Some(inner.into())), FailureKind::Internal, "reading a: not found");
        let said = Step("reading a: not found", Some(Step("not found", None).into()));
        check(said, FailureKind::Internal, "reading a: not found");
    }

    #[test]
    fn only_an_unavailable_cache_is_unavailable_also_as_a_cause() {
        let text = "no answer in 250 ms";
        check(cache_error(CacheErrorKind::Unavailable), FailureKind::Unavailable, text);
        for kind in [
            CacheErrorKind::InvalidKey,
            CacheErrorKind::InvalidValue,
            CacheErrorKind::InvalidExpiry,
            CacheErrorKind::TooLarge,
            CacheErrorKind::Denied,
        ] {
            check(cache_error(kind), FailureKind::Internal, text);
        }
        let wrapped = Step("saving", Some(cache_error(CacheErrorKind::Unavailable).into()));
        check(wrapped, FailureKind::Unavailable, "saving: no answer in 250 ms");
    }
}
