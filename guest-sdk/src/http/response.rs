//! The response of a server elsewhere.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::HttpError;
use crate::failure::{Failure, Result};
use crate::headers;
use crate::numbers;

/// The response of a server elsewhere, whole.
///
/// A test makes one with [`HttpResponse::of_json`], [`HttpResponse::of_text`] or [`HttpResponse::of_status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// A status code of HTTP.
    pub status: u16,
    /// The URL that answered: the last one where redirects were followed.
    pub url: String,
    /// In the order they came, names in lower case; a name may occur more than once.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As it was sent.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// A response for a test: status 200 and a JSON body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when the value has no JSON form.
    pub fn of_json<T: Serialize + ?Sized>(value: &T) -> Result<HttpResponse, HttpError> {
        let text = numbers::to_text(value).map_err(|error| {
            HttpError::invalid(format!("the response has no JSON form: {error}"))
        })?;
        let response = HttpResponse::of_status(200).with_header("content-type", "application/json");
        Ok(HttpResponse { body: text.into_bytes(), ..response })
    }

    /// A response for a test: status 200 and a plain text.
    pub fn of_text(text: impl Into<String>) -> HttpResponse {
        let content_type = "text/plain; charset=utf-8";
        let response = HttpResponse::of_status(200).with_header("content-type", content_type);
        HttpResponse { body: text.into().into_bytes(), ..response }
    }

    /// A response for a test: a status and nothing else.
    pub fn of_status(status: u16) -> HttpResponse {
        HttpResponse { status, url: String::new(), headers: Vec::new(), body: Vec::new() }
    }

    /// The same with one more header. The name is put in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> HttpResponse {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// The header of that name, in any case: all its fields, joined by `, `. `None` also when a
    /// field is not UTF-8. Read `set-cookie` by [`header_values`](HttpResponse::header_values):
    /// joined, its fields are no cookies.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::joined(&self.headers, name)
    }

    /// The fields of the header of that name, one by one. A field that is not UTF-8 is left out.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        headers::values(&self.headers, name)
    }

    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response, unless its status is 400 or more.
    ///
    /// # Errors
    ///
    /// `Unavailable` for 429 and from 500 on, `Internal` for the others.
    pub fn error_for_status(self) -> Result<HttpResponse> {
        if self.status < 400 {
            return Ok(self);
        }
        let message = format!("{} answered with status {}", self.shown(), self.status);
        Err(match self.status {
            429 | 500.. => Failure::unavailable(message),
            _ => Failure::internal(message),
        })
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// `Internal` when it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body)
            .map_err(|error| Failure::internal(format!("{}: the body: {error}", self.shown())))
    }

    /// The body read as JSON, by the rules of [`Cache::get`](crate::Cache::get).
    ///
    /// # Errors
    ///
    /// `Internal` when it is no JSON, or no `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        numbers::from_text(self.text()?).map_err(|error| {
            let (url, status) = (self.shown(), self.status);
            Failure::internal(format!("{url} (status {status}): the body: {error}"))
        })
    }

    /// The URL without its query, which may have credentials.
    fn shown(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}
