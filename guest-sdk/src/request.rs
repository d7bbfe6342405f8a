//! What a service is asked.

use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};
use crate::numbers;

mod fields;
mod readers;

/// One request to one service.
///
/// A handler with a second argument gets the body as that type; the rest is here. A test makes one
/// with the fields it needs and `..Request::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The service's name within the plugin.
    pub service: String,
    /// The correlation id, the one that the host's log lines carry.
    pub id: String,
    /// The media type of the body, when the caller named one.
    pub content_type: Option<String>,
    /// Empty when there is none.
    pub body: Vec<u8>,
    /// Absent when the request did not come by HTTP.
    pub http: Option<HttpRequest>,
}

impl Request {
    /// The body, read as JSON, whatever media type the caller named. An empty body reads as
    /// `null`, so `Option<T>` and `()` fit a request without one.
    ///
    /// # Errors
    ///
    /// `BadRequest` when the body is not UTF-8, no JSON, no `T`, or holds an integer that `T` would
    /// round (the rule is that of [`Cache::get`](crate::Cache::get)). The message says where, by
    /// line and column.
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

/// What only a request that came by HTTP has. [`Request`] reads its headers and parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// As sent, `GET` for example.
    pub method: String,
    /// As sent, still percent-encoded, without the query.
    pub path: String,
    /// The decoded parameters of the route's path, name and value, in the route's order.
    pub path_params: Vec<(String, String)>,
    /// As sent, without the `?`; empty when there is none.
    pub query: String,
    /// Host and port as the client named them; empty when it named none.
    pub authority: String,
    /// The address and port of the client, `192.0.2.1:4711` or `[2001:db8::1]:4711`.
    /// [`Request::client_address`] returns the address alone.
    pub client: String,
    /// In the order they were sent, names in lower case; one name may occur more than once.
    pub headers: Vec<(String, Vec<u8>)>,
}

#[cfg(test)]
mod tests;
