//! A request to a server elsewhere.

use std::time::Duration;

use serde::Serialize;

use super::error::HttpError;
use crate::numbers;

/// Redirects that are followed unless a request says otherwise.
const REDIRECTS: u8 = 5;

/// A request to a server elsewhere.
///
/// ```
/// use std::time::Duration;
///
/// use hostel_sdk::http::OutgoingRequest;
///
/// let request = OutgoingRequest::new("POST", "https://api.example.com/orders")
///     .with_header("authorization", "Bearer abc123")
///     .with_json(&["tea"])?
///     .with_timeout(Duration::from_secs(2));
/// # Ok::<(), hostel_sdk::http::HttpError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingRequest {
    /// As it is sent, `GET` for example.
    pub method: String,
    /// Absolute, of the scheme http or https.
    pub url: String,
    /// In the order in which they are sent; a name may occur more than once.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Empty when there is none.
    pub body: Vec<u8>,
    /// How long it may take, redirects included. By default, and at most, what is left of the
    /// call's time.
    pub timeout: Option<Duration>,
    /// How many redirects to follow; with 0 a redirect is a response as any other.
    pub redirects: u8,
}

impl OutgoingRequest {
    /// A request without headers and body, which follows 5 redirects.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> OutgoingRequest {
        OutgoingRequest {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            redirects: REDIRECTS,
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> OutgoingRequest {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a JSON body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when the value has no JSON form.
    pub fn with_json<T: Serialize + ?Sized>(self, value: &T) -> Result<OutgoingRequest, HttpError> {
        let text = numbers::to_text(value).map_err(|error| {
            HttpError::invalid(format!("{}: the body has no JSON form: {error}", self.url))
        })?;
        Ok(self.with_body("application/json", text))
    }

    /// The same with a body of that media type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> OutgoingRequest {
        self.body = body.into();
        self.with_header("content-type", content_type)
    }

    /// The same with a bound on its time.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> OutgoingRequest {
        self.timeout = Some(timeout);
        self
    }

    /// The same with another number of redirects to follow.
    #[must_use]
    pub fn with_redirects(mut self, redirects: u8) -> OutgoingRequest {
        self.redirects = redirects;
        self
    }
}
