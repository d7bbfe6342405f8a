//! `hostel:service/handler`, the export: requests, responses and failures, and what the host
//! accepts of what a guest answers.

use crate::bindings::exports::hostel::service::handler as wit;
use crate::telemetry::excerpt;
use std::fmt;

/// The name of the export, version included.
pub(crate) const EXPORT: &str = "hostel:service/handler@0.1.0";

/// One service that a plugin offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceInfo {
    /// The name within the plugin: 1 to 128 ASCII letters, digits, dots, hyphens and underscores,
    /// a letter first.
    pub name: String,
    /// One line for a person; may be empty.
    pub description: String,
}

/// One request to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The correlation id that log lines carry.
    pub id: String,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// Empty when there is none.
    pub body: Vec<u8>,
    /// What only a request that came by HTTP has.
    pub http: Option<HttpRequest>,
}

/// The HTTP side of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// In upper case, as HTTP has it.
    pub method: String,
    /// As sent, percent-encoded, without the query.
    pub path: String,
    /// The decoded parameters of the route's path, name and value.
    pub path_params: Vec<(String, String)>,
    /// As sent, without the `?`.
    pub query: String,
    /// Host and port as the client named them.
    pub authority: String,
    /// The address of the client.
    pub client: String,
    /// Names in lower case, in the order they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A service's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// A status code of HTTP, 200 to 599.
    pub status: u16,
    /// The media type of the body; wins over a header of that name.
    pub content_type: Option<String>,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Empty when there is none.
    pub body: Vec<u8>,
}

/// A request that a service did not fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure; each has its status in HTTP.
    pub kind: FailureKind,
    /// For a person; one line, with control characters escaped.
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

/// The kinds of failure, closed.
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
    /// The kind's name in the WIT.
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

impl From<wit::FailureKind> for FailureKind {
    fn from(kind: wit::FailureKind) -> Self {
        match kind {
            wit::FailureKind::BadRequest => FailureKind::BadRequest,
            wit::FailureKind::Unauthorized => FailureKind::Unauthorized,
            wit::FailureKind::Forbidden => FailureKind::Forbidden,
            wit::FailureKind::NotFound => FailureKind::NotFound,
            wit::FailureKind::MethodNotAllowed => FailureKind::MethodNotAllowed,
            wit::FailureKind::Conflict => FailureKind::Conflict,
            wit::FailureKind::TooManyRequests => FailureKind::TooManyRequests,
            wit::FailureKind::Internal => FailureKind::Internal,
            wit::FailureKind::Unavailable => FailureKind::Unavailable,
        }
    }
}

impl Request {
    /// The request as the guest sees it.
    pub(crate) fn into_wit(self, service: String) -> wit::Request {
        let Request { id, content_type, body, http } = self;
        wit::Request { service, id, content_type, body, http: http.map(HttpRequest::into_wit) }
    }
}

impl HttpRequest {
    fn into_wit(self) -> wit::HttpRequest {
        let HttpRequest { method, path, path_params, query, authority, client, headers } = self;
        wit::HttpRequest { method, path, path_params, query, authority, client, headers }
    }
}

impl From<wit::ServiceInfo> for ServiceInfo {
    fn from(info: wit::ServiceInfo) -> Self {
        ServiceInfo { name: info.name, description: info.description }
    }
}

impl From<wit::Response> for Response {
    fn from(response: wit::Response) -> Self {
        let wit::Response { status, content_type, headers, body } = response;
        Response { status, content_type, headers, body }
    }
}

impl Response {
    /// What is wrong with a guest's answer, if anything: whoever sends it on relies on this.
    pub(crate) fn fault(&self) -> Option<String> {
        if !(200..=599).contains(&self.status) {
            return Some(format!("status {} is not within 200 to 599", self.status));
        }
        if let Some(content_type) = &self.content_type
            && !is_header_value(content_type.as_bytes())
        {
            let content_type = excerpt(content_type);
            return Some(format!("content-type \"{content_type}\" is no header value"));
        }
        let (name, _) =
            self.headers.iter().find(|(name, value)| !is_token(name) || !is_header_value(value))?;
        Some(format!(
            "header \"{}\" is no header: a name is a lower-case token, a value one line",
            excerpt(name),
        ))
    }

    /// Bytes of the whole answer.
    pub(crate) fn len(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + headers.sum::<usize>() + self.content_type.as_ref().map_or(0, String::len)
    }
}

/// A token as of RFC 9110, section 5.6.2, in lower case.
fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
    };
    !name.is_empty() && name.bytes().all(allowed)
}

/// A field value as of RFC 9110, section 5.5: no control characters but tab.
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
    fn an_answer_that_http_could_not_carry_is_a_fault() {
        check(response(), None);
        check(with_header("x-a", b"one\ttwo \xff"), None);
        check(Response { status: 199, ..response() }, Some("status 199 is not within 200 to 599"));
        check(Response { status: 600, ..response() }, Some("status 600 is not within 200 to 599"));
        check(
            Response { content_type: Some("a\r\nb".to_owned()), ..response() },
            Some("content-type \"a\\r\\nb\" is no header value"),
        );
        for (name, value) in [("", &b"v"[..]), ("X-A", b"v"), ("a b", b"v"), ("a", b"v\nb: c")] {
            assert!(with_header(name, value).fault().is_some(), "{name:?}: {value:?}");
        }
    }
}
