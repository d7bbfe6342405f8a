//! Outgoing HTTP requests.

use std::time::Duration;

use serde::Serialize;

use super::error::HttpError;
use crate::numbers;

/// The default maximum number of redirects to follow.
const REDIRECTS: u8 = 5;

/// An HTTP request to another server.
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
    /// The method, for example `GET`.
    pub method: String,
    /// An absolute URL with the scheme http or https.
    pub url: String,
    /// The headers. A name may occur more than once; headers of the same name are sent in this
    /// order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
    /// The time limit, including redirects. The default and the maximum are the call's remaining
    /// time minus 100 milliseconds.
    pub timeout: Option<Duration>,
    /// The maximum number of redirects to follow. With 0, a redirect is returned as the response.
    pub redirects: u8,
}

impl OutgoingRequest {
    /// Creates a request without headers or body that follows up to 5 redirects.
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

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> OutgoingRequest {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a JSON body and adds a `content-type` header.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the value has no JSON form.
    pub fn with_json<T: Serialize + ?Sized>(self, value: &T) -> Result<OutgoingRequest, HttpError> {
        let text = numbers::to_text(value).map_err(|error| {
            HttpError::invalid(format!("{}: the body has no JSON form: {error}", self.url))
        })?;
        Ok(self.with_body("application/json", text))
    }

    /// Sets the body and adds a `content-type` header.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> OutgoingRequest {
        self.body = body.into();
        self.with_header("content-type", content_type)
    }

    /// Sets the time limit.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> OutgoingRequest {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the maximum number of redirects to follow.
    #[must_use]
    pub fn with_redirects(mut self, redirects: u8) -> OutgoingRequest {
        self.redirects = redirects;
        self
    }
}
