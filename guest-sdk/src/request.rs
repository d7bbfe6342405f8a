//! Requests to a service.

use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};
use crate::numbers;

mod fields;
mod readers;

/// One request to one service.
///
/// The second argument of a handler receives the parsed body. This struct contains the raw body and
/// the rest of the request. Tests create a request with the fields they need and
/// `..Request::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The service's name within the plugin.
    pub service: String,
    /// The correlation id, as in the host's log lines.
    pub id: String,
    /// The media type of the body, if the caller sent one in ASCII.
    pub content_type: Option<String>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
    /// The HTTP request; `None` for a call that is not made over HTTP.
    pub http: Option<HttpRequest>,
}

impl Request {
    /// Parses the body as JSON, whatever its media type. An empty body is read as `null`, so
    /// `Option<T>` and `()` accept a request without a body.
    ///
    /// # Errors
    ///
    /// `BadRequest` if the body is not UTF-8, is not JSON, is nested too deeply or does not fit
    /// `T`, or if `T` would round one of its integers. [`Cache::get`](crate::Cache::get) lists the
    /// integers that can be rounded without an error. Most messages have the line and column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.body.is_empty() {
            return numbers::from_text("null")
                .map_err(|_| Failure::bad_request("the request needs a JSON body and has none"));
        }
        let text = std::str::from_utf8(&self.body)
            .map_err(|error| Failure::bad_request(format!("the request body: {error}")))?;
        numbers::from_text(text)
            .map_err(|error| Failure::bad_request(format!("the request body: {error}")))
    }
}

/// The HTTP part of a request. The methods of [`Request`] read its headers and parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method as sent, for example `GET`.
    pub method: String,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// The names and decoded values of the route's path parameters, in the order of the route.
    pub path_params: Vec<(String, String)>,
    /// The query as sent, without the `?`, possibly empty.
    pub query: String,
    /// The host and port that the client sent. Empty if the client sent neither.
    pub authority: String,
    /// The address and port of the client, for example `192.0.2.1:4711` or `[2001:db8::1]:4711`.
    /// Port 0 means that a trusted proxy did not send the port. [`Request::client_address`] returns
    /// only the address; its documentation describes the address behind a proxy.
    pub client: String,
    /// The headers, with names in lower case. A name may occur more than once; headers of the same
    /// name are in the received order.
    pub headers: Vec<(String, Vec<u8>)>,
}

#[cfg(test)]
mod tests;
