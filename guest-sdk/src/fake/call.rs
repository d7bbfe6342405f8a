//! HTTP requests that a test sends to the services.

use serde::Serialize;

use crate::numbers;
use crate::request::{HttpRequest, Request};

/// An HTTP request for [`Fake::http`](super::Fake::http).
///
/// ```
/// use hostel_sdk::fake::HttpCall;
///
/// let call = HttpCall::post("/orders?dry-run").with_header("accept", "text/html").with_json(&["tea"]);
/// let form = HttpCall::post("/orders").with_form(&[("item", "tea"), ("note", "no milk & sugar")]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl HttpCall {
    /// Creates a request. `target` is the percent-encoded path, and optionally `?` and a query.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> HttpCall {
        let (method, target) = (method.into(), target.into());
        HttpCall { method, target, headers: Vec::new(), body: Vec::new() }
    }

    /// Creates a `GET` request.
    pub fn get(target: impl Into<String>) -> HttpCall {
        HttpCall::new("GET", target)
    }

    /// Creates a `POST` request.
    pub fn post(target: impl Into<String>) -> HttpCall {
        HttpCall::new("POST", target)
    }

    /// Creates a `PUT` request.
    pub fn put(target: impl Into<String>) -> HttpCall {
        HttpCall::new("PUT", target)
    }

    /// Creates a `PATCH` request.
    pub fn patch(target: impl Into<String>) -> HttpCall {
        HttpCall::new("PATCH", target)
    }

    /// Creates a `DELETE` request.
    pub fn delete(target: impl Into<String>) -> HttpCall {
        HttpCall::new("DELETE", target)
    }

    /// Adds a header. The name is converted to lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> HttpCall {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body and adds a `content-type` header.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> HttpCall {
        self.body = body.into();
        self.with_header("content-type", content_type)
    }

    /// Sets a JSON body. Panics if the value has no JSON form.
    #[must_use]
    pub fn with_json<T: Serialize + ?Sized>(self, value: &T) -> HttpCall {
        let text = numbers::to_text(value);
        assert!(text.is_ok(), "the body has no JSON form: {text:?}");
        self.with_body("application/json", text.unwrap_or_default())
    }

    /// Sets the body to a form with these names and values.
    #[must_use]
    pub fn with_form(self, fields: &[(&str, &str)]) -> HttpCall {
        let pairs =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        self.with_body("application/x-www-form-urlencoded", form)
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path, still percent-encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(super) fn into_request(
        self,
        service: String,
        id: String,
        path_params: Vec<(String, String)>,
    ) -> Request {
        let HttpCall { method, target, headers, body } = self;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let content_type = headers.iter().find(|(name, _)| name == "content-type");
        let content_type =
            content_type.and_then(|(_, value)| String::from_utf8(value.clone()).ok());
        let http = HttpRequest {
            method,
            path: path.to_owned(),
            path_params,
            query: query.to_owned(),
            authority: "localhost".to_owned(),
            client: "127.0.0.1:1".to_owned(),
            headers,
        };
        Request { service, id, content_type, body, http: Some(http) }
    }
}

/// Encodes a name or value for `application/x-www-form-urlencoded`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => {
                encoded.push(byte.into());
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
