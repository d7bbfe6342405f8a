//! Services: names, requests, responses and failures.
//!
//! These are the types of the public API. `world` converts them to and from the types that
//! `bindings` generates from the WIT.

use crate::telemetry::excerpt;
use serde::Serialize;
use std::fmt;

/// One service that a plugin offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceInfo {
    /// The name within the plugin: 1 to 128 ASCII letters, digits, dots, hyphens and underscores,
    /// a letter first.
    pub name: String,
    /// The description for people: one line, which may be empty.
    pub description: String,
}

/// The parsed full name of a service. It is `<plugin>.<service>`, split at the first dot, or only
/// the plugin's name, which refers to the plugin's only service.
///
/// Parsing accepts any text: unknown names are detected when the name is resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName {
    full: String,
    /// The number of bytes of the plugin's name.
    plugin_bytes: usize,
}

impl ServiceName {
    /// Parses a full name.
    #[must_use]
    pub fn new(full: impl Into<String>) -> Self {
        let full = full.into();
        let plugin_bytes = full.find('.').unwrap_or(full.len());
        ServiceName { full, plugin_bytes }
    }

    /// Returns the name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// Returns the plugin's name.
    #[must_use]
    pub fn plugin(&self) -> &str {
        self.full.get(..self.plugin_bytes).unwrap_or_default()
    }

    /// Returns the service's name within its plugin: a text that may be empty or contain dots.
    /// Returns `None` if the full name is only the plugin's name.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.full.get(self.plugin_bytes + 1..)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.full)
    }
}

/// One request to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The correlation id, included in log lines.
    pub id: String,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// The body; may be empty.
    pub body: Vec<u8>,
    /// Set if the request came by HTTP.
    pub http: Option<HttpRequest>,
}

/// The HTTP data of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method as the client sent it, for example `GET`.
    pub method: String,
    /// The path as sent, percent-encoded, without the query.
    pub path: String,
    /// The decoded parameters of the route's path, each a name and a value.
    pub path_params: Vec<(String, String)>,
    /// The query as sent, without the `?`.
    pub query: String,
    /// The host, and the port if any, as sent by the client; empty if the client sent no host.
    pub authority: String,
    /// The IP address and port of the client, as in `10.0.0.1:2345`. Port 0 means that the port is
    /// unknown.
    pub client: String,
    /// The headers, with names in lower case. Headers of the same name are in the order in which
    /// the client sent them.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A service's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// An HTTP status code, 200 to 599.
    pub status: u16,
    /// The media type of the body; overrides a `content-type` header.
    pub content_type: Option<String>,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; may be empty.
    pub body: Vec<u8>,
}

/// The reason why a service did not fulfil a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure, which determines the HTTP status.
    pub kind: FailureKind,
    /// The message for people: one line, with control characters escaped.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "{}", self.kind),
            message => write!(f, "{}: {message}", self.kind),
        }
    }
}

/// The kinds of failure. The WIT defines no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the WIT, which documents them")]
pub enum FailureKind {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl FailureKind {
    /// Returns the kind's name in the WIT.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::BadRequest => "bad-request",
            FailureKind::Unauthorized => "unauthorized",
            FailureKind::Forbidden => "forbidden",
            FailureKind::NotFound => "not-found",
            FailureKind::MethodNotAllowed => "method-not-allowed",
            FailureKind::Conflict => "conflict",
            FailureKind::TooManyRequests => "too-many-requests",
            FailureKind::Internal => "internal",
            FailureKind::Unavailable => "unavailable",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Response {
    /// Returns why HTTP cannot carry this response, or `None` if it can.
    pub(crate) fn fault(&self) -> Option<String> {
        if !(200..=599).contains(&self.status) {
            return Some(format!("status {} is not within 200 to 599", self.status));
        }
        if let Some(content_type) = &self.content_type
            && !is_header_value(content_type.as_bytes())
        {
            let content_type = excerpt(content_type);
            return Some(format!("content-type \"{content_type}\" is not a valid header value"));
        }
        let (name, _) =
            self.headers.iter().find(|(name, value)| !is_token(name) || !is_header_value(value))?;
        Some(format!(
            "header \"{}\" is invalid: a name is a lower-case token, a value is one line",
            excerpt(name),
        ))
    }

    /// Returns the size of the whole response in bytes, headers included.
    pub(crate) fn len(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + headers.sum::<usize>() + self.content_type.as_ref().map_or(0, String::len)
    }
}

/// True if this is a lower-case token as in RFC 9110, section 5.6.2.
pub(crate) fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
    };
    !name.is_empty() && name.bytes().all(allowed)
}

/// True if all bytes are allowed in a field value (RFC 9110, section 5.5): no control characters
/// other than tab.
fn is_header_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> Response {
        Response { status: 200, content_type: None, headers: Vec::new(), body: Vec::new() }
    }

    fn with_header(name: &str, value: &[u8]) -> Response {
        Response { headers: vec![(name.to_owned(), value.to_vec())], ..response() }
    }

    #[track_caller]
    fn check(response: Response, fault: Option<&str>) {
        assert_eq!(response.fault().as_deref(), fault);
    }

    #[test]
    fn a_response_that_http_cannot_carry_is_a_fault() {
        check(response(), None);
        check(with_header("x-a", b"one\ttwo \xff"), None);
        check(Response { status: 199, ..response() }, Some("status 199 is not within 200 to 599"));
        check(Response { status: 600, ..response() }, Some("status 600 is not within 200 to 599"));
        check(
            Response { content_type: Some("a\r\nb".to_owned()), ..response() },
            Some("content-type \"a\\r\\nb\" is not a valid header value"),
        );
        for (name, value) in [("", &b"v"[..]), ("X-A", b"v"), ("a b", b"v"), ("a", b"v\nb: c")] {
            assert!(with_header(name, value).fault().is_some(), "{name:?}: {value:?}");
        }
    }

    #[test]
    fn a_service_name_is_split_at_the_first_dot() {
        for (full, plugin, service) in [
            ("users.find", "users", Some("find")),
            ("users.v2.find", "users", Some("v2.find")),
            ("users", "users", None),
            ("users.", "users", Some("")),
            (".find", "", Some("find")),
            ("", "", None),
        ] {
            let name = ServiceName::new(full);
            assert_eq!((name.plugin(), name.service()), (plugin, service), "{full}");
            assert_eq!(name.to_string(), full);
        }
    }
}
