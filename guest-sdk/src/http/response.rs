//! Responses to outgoing HTTP requests.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::HttpError;
use crate::failure::{Failure, Result};
use crate::headers;
use crate::numbers;

/// The complete response of another server.
///
/// Tests create a response with [`HttpResponse::of_json`], [`HttpResponse::of_text`] or
/// [`HttpResponse::of_status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status code.
    pub status: u16,
    /// The URL of the response: the final URL if redirects were followed.
    pub url: String,
    /// The headers, with names in lower case. A name may occur more than once; headers of the same
    /// name are in the received order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as the server sent it.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Creates a response for tests: status 200 and a JSON body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the value has no JSON form.
    pub fn of_json<T: Serialize + ?Sized>(value: &T) -> Result<HttpResponse, HttpError> {
        let text = numbers::to_text(value).map_err(|error| {
            HttpError::invalid(format!("the response has no JSON form: {error}"))
        })?;
        let response = HttpResponse::of_status(200).with_header("content-type", "application/json");
        Ok(HttpResponse { body: text.into_bytes(), ..response })
    }

    /// Creates a response for tests: status 200 and plain text.
    pub fn of_text(text: impl Into<String>) -> HttpResponse {
        let content_type = "text/plain; charset=utf-8";
        let response = HttpResponse::of_status(200).with_header("content-type", content_type);
        HttpResponse { body: text.into().into_bytes(), ..response }
    }

    /// Creates a response for tests: only a status.
    pub fn of_status(status: u16) -> HttpResponse {
        HttpResponse { status, url: String::new(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header. The name is converted to lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> HttpResponse {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Returns the header of that name. Names are case-insensitive. Several fields are joined with
    /// `, `. Returns `None` if the header is missing or a field is not UTF-8. Use
    /// [`header_values`](HttpResponse::header_values) for `set-cookie`, whose fields cannot be
    /// joined.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::joined(&self.headers, name)
    }

    /// Returns the value of each header field of that name. Omits values that are not UTF-8.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        headers::values(&self.headers, name)
    }

    /// Returns true if the status is from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the response if its status is below 400.
    ///
    /// # Errors
    ///
    /// `Unavailable` for status 429 and for 500 or more; `Internal` for any other status of 400 or
    /// more.
    pub fn error_for_status(self) -> Result<HttpResponse> {
        if self.status < 400 {
            return Ok(self);
        }
        let message = format!("{} responded with status {}", self.shown(), self.status);
        Err(match self.status {
            429 | 500.. => Failure::unavailable(message),
            _ => Failure::internal(message),
        })
    }

    /// Returns the body as text.
    ///
    /// # Errors
    ///
    /// `Internal` if the body is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body)
            .map_err(|error| Failure::internal(format!("{}: the body: {error}", self.shown())))
    }

    /// Parses the body as JSON, whatever its media type. The rules for integers are those of
    /// [`Cache::get`](crate::Cache::get).
    ///
    /// # Errors
    ///
    /// `Internal` if the body is not UTF-8, is not JSON, is nested too deeply or does not fit `T`,
    /// or if `T` would round one of its integers.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        numbers::from_text(self.text()?).map_err(|error| {
            let (url, status) = (self.shown(), self.status);
            Failure::internal(format!("{url} (status {status}): the body: {error}"))
        })
    }

    /// Returns the URL without query and fragment, because these may contain credentials.
    fn shown(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}
