//! Failures that services return.

use std::error::Error;
use std::fmt;

use crate::error::{CacheError, CacheErrorKind};
use crate::http::HttpError;

/// The result of a service. The error is a [`Failure`] unless `E` is given.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The kinds of failure that a service may return. No kinds will be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The request is malformed; the same request will fail again. 400 over HTTP.
    BadRequest,
    /// The caller is not authenticated. 401.
    Unauthorized,
    /// The caller is authenticated but has no permission. 403.
    Forbidden,
    /// The requested resource does not exist. 404.
    NotFound,
    /// The service does not support the request's method. 405.
    MethodNotAllowed,
    /// The request conflicts with the current state. 409.
    Conflict,
    /// The caller sends too many requests. 429.
    TooManyRequests,
    /// The service has a fault. 500.
    Internal,
    /// A dependency of the service is temporarily unavailable. 503.
    Unavailable,
}

/// A failed request: a kind for programs and a message for people.
///
/// `?` converts any [`Error`] to a `Failure`. Its kind is [`FailureKind::Unavailable`] if the error
/// or one of its causes is a [`CacheError`] of kind `Unavailable` or an [`HttpError`] of kind
/// `Unreachable`, `Timeout` or `Aborted`; otherwise it is [`FailureKind::Internal`]. Its message
/// joins the error and its causes with colons. A cause is omitted if the message already ends with
/// the text of this cause.
///
/// `Failure` does not implement [`Error`], because its conversion from any [`Error`] would then
/// conflict with the blanket `impl From<T> for T`.
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
    /// The kind, for programs.
    pub kind: FailureKind,
    /// A message for people. A good message contains the failed operation, the invalid value, and
    /// the fix.
    pub message: String,
    /// Headers of the response, with names in lower case. Sent only over HTTP.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Failure {
    /// Creates a failure of the given kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), headers: Vec::new() }
    }

    /// A failure of kind [`BadRequest`](FailureKind::BadRequest): the request is malformed.
    pub fn bad_request(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::BadRequest, message)
    }

    /// A failure of kind [`Unauthorized`](FailureKind::Unauthorized): the caller is not
    /// authenticated.
    pub fn unauthorized(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Unauthorized, message)
    }

    /// A failure of kind [`Forbidden`](FailureKind::Forbidden): the caller has no permission.
    pub fn forbidden(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Forbidden, message)
    }

    /// A failure of kind [`NotFound`](FailureKind::NotFound): the resource does not exist.
    pub fn not_found(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::NotFound, message)
    }

    /// A failure of kind [`MethodNotAllowed`](FailureKind::MethodNotAllowed).
    pub fn method_not_allowed(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::MethodNotAllowed, message)
    }

    /// A failure of kind [`Conflict`](FailureKind::Conflict): the request conflicts with the state.
    pub fn conflict(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Conflict, message)
    }

    /// A failure of kind [`TooManyRequests`](FailureKind::TooManyRequests).
    pub fn too_many_requests(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::TooManyRequests, message)
    }

    /// A failure of kind [`Internal`](FailureKind::Internal): the service has a fault.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Internal, message)
    }

    /// A failure of kind [`Unavailable`](FailureKind::Unavailable): a dependency is unavailable.
    pub fn unavailable(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Unavailable, message)
    }

    /// Adds a header to the HTTP response, for example `Retry-After`. The name is converted to
    /// lower case.
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
        CacheError { kind, message: "no response in 250 ms".to_owned() }
    }

    #[test]
    fn any_error_is_internal_and_lists_its_causes_once() {
        check(Step("no disk", None), FailureKind::Internal, "no disk");
        let inner = Step("not found", None);
        check(Step("reading a", Some(inner.into())), FailureKind::Internal, "reading a: not found");
        let error = Step("reading a: not found", Some(Step("not found", None).into()));
        check(error, FailureKind::Internal, "reading a: not found");
    }

    #[test]
    fn only_an_unavailable_cache_is_unavailable_also_as_a_cause() {
        let text = "no response in 250 ms";
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
        check(wrapped, FailureKind::Unavailable, "saving: no response in 250 ms");
    }
}
