//! Responses of a service.

use std::any::TypeId;
use std::borrow::Cow;

use serde::Serialize;

use crate::cookie::Cookie;
use crate::failure::{Failure, Result};
use crate::headers;
use crate::numbers;

/// The response of a service.
///
/// Most services return a serialisable value instead, and the SDK calls [`Response::json`] with it.
/// The headers are validated when the service returns: a header that HTTP does not allow, or that
/// only the server may set, turns the response into an `Internal` failure. The host refuses a
/// status outside 200 to 599.
///
/// ```
/// use hostel_sdk::Response;
///
/// let response = Response::text("made").with_status(201).with_header("Location", "/orders/7");
/// assert_eq!(response.headers, [("location".to_string(), b"/orders/7".to_vec())]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code, from 200 to 599.
    pub status: u16,
    /// The media type of the body. Overrides a `content-type` in `headers`.
    pub content_type: Option<String>,
    /// The headers, with names in lower case. A name may occur more than once.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
}

impl Response {
    /// Creates a response with status 200 and `value` as `application/json`.
    ///
    /// # Errors
    ///
    /// `Internal` if the value has no JSON form: it contains a NaN, an infinity, a map key that
    /// cannot be written as a string, or two members of one object with the same name (in a map, or
    /// because a field is flattened); or `Serialize` fails.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Response> {
        let text = numbers::to_text(value).map_err(|error| {
            Failure::internal(format!("the response has no JSON form: {error}"))
        })?;
        Ok(Response::ok("application/json", text.into_bytes()))
    }

    /// Creates a response with status 200 and plain text.
    pub fn text(text: impl Into<String>) -> Response {
        Response::ok("text/plain; charset=utf-8", text.into().into_bytes())
    }

    /// Creates a response with status 200 and bytes as `application/octet-stream`. Set another type
    /// with [`Response::with_content_type`].
    pub fn bytes(body: impl Into<Vec<u8>>) -> Response {
        Response::ok("application/octet-stream", body.into())
    }

    /// Creates a response with status 204 and no body, as for a service that returns `()`.
    pub fn empty() -> Response {
        Response { status: 204, content_type: None, headers: Vec::new(), body: Vec::new() }
    }

    /// Creates a redirect with status 303 to a URL or path. After a `POST`, for example of a form,
    /// the client requests it with `GET`.
    pub fn redirect(location: impl Into<String>) -> Response {
        Response::empty().with_status(303).with_header("location", location.into())
    }

    /// Like [`redirect`](Response::redirect), with another status: 301 or 308 if the resource has
    /// moved permanently, 302 or 307 if it has moved temporarily. With 307 and 308 the client keeps
    /// the method of its request.
    ///
    /// # Errors
    ///
    /// `Internal` unless the status is 301, 302, 303, 307 or 308.
    pub fn redirect_with_status(location: impl Into<String>, status: u16) -> Result<Response> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(Failure::internal(format!(
                "a redirect of status {status}: it must be 301, 302, 303, 307 or 308"
            )));
        }
        Ok(Response::redirect(location).with_status(status))
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }

    /// Sets the media type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Response {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds a header. The name is converted to lower case. Existing headers of that name are kept.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Response {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds a `Set-Cookie` header.
    ///
    /// # Errors
    ///
    /// `Internal` if the name is empty, if the name, value, domain or path has a character that is
    /// not allowed there, or if `SameSite=None` is set without `Secure`.
    pub fn with_cookie(self, cookie: Cookie) -> Result<Response> {
        Ok(self.with_header("set-cookie", cookie.text()?))
    }

    /// Returns the header of that name. Names are case-insensitive. Several fields are joined with
    /// `, `. Returns `None` if the header is missing or a field is not UTF-8. The field
    /// `content_type` is not one of the headers. Use [`header_values`](Response::header_values) for
    /// `set-cookie`, whose fields cannot be joined.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::joined(&self.headers, name)
    }

    /// Returns the value of each header field of that name. Omits values that are not UTF-8.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        headers::values(&self.headers, name)
    }

    /// Converts the names of headers to lower case and validates the headers and the media type.
    ///
    /// # Errors
    ///
    /// `Internal` for the first invalid header or media type.
    pub(crate) fn checked(mut self) -> Result<Response> {
        if let Some(content_type) = &self.content_type {
            headers::check_content_type(content_type)?;
        }
        headers::check(&mut self.headers)?;
        Ok(self)
    }

    fn ok(content_type: &str, body: Vec<u8>) -> Response {
        Response::empty().with_status(200).with_content_type(content_type).with_body(body)
    }

    fn with_body(mut self, body: Vec<u8>) -> Response {
        self.body = body;
        self
    }
}

/// The result type of a handler: a [`Response`] stays unchanged, `()` becomes
/// [`Response::empty`], and any other serialisable value [`Response::json`].
pub trait IntoResponse {
    /// Converts this value to a response.
    ///
    /// # Errors
    ///
    /// Those of [`Response::json`].
    fn into_response(self) -> Result<Response>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response> {
        Ok(self)
    }
}

impl<T: Serialize + 'static> IntoResponse for T {
    fn into_response(self) -> Result<Response> {
        if TypeId::of::<T>() == TypeId::of::<()>() {
            return Ok(Response::empty());
        }
        Response::json(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureKind;

    #[track_caller]
    fn check(value: impl IntoResponse, status: u16, content_type: Option<&str>, body: &str) {
        let response = value.into_response().unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.content_type.as_deref(), content_type);
        assert_eq!(response.body, body.as_bytes());
    }

    #[test]
    fn values_become_json_unit_becomes_empty_and_a_response_stays() {
        check((), 204, None, "");
        check("a", 200, Some("application/json"), r#""a""#);
        check(None::<u8>, 200, Some("application/json"), "null");
        check(vec![(1, true)], 200, Some("application/json"), "[[1,true]]");
        check(Response::text("a").with_status(202), 202, Some("text/plain; charset=utf-8"), "a");
        check(Response::bytes("a").with_content_type("a/b"), 200, Some("a/b"), "a");
    }

    #[test]
    fn a_test_reads_the_headers_of_a_response_by_name() {
        let response =
            Response::empty().with_header("Vary", "accept").with_header("vary", "origin");
        assert_eq!(response.header("VARY").as_deref(), Some("accept, origin"));
        assert_eq!(response.header_values("Vary"), ["accept", "origin"]);
        assert_eq!(response.header("location"), None);
    }

    #[test]
    fn value_without_a_json_form_is_an_internal_failure() {
        let failure = f64::NAN.into_response().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Internal);
        assert!(failure.message.contains("NaN"), "{failure}");
    }
}
