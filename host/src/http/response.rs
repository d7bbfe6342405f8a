//! Responses to a client: from services, from files and from the server itself, including problems.

use super::messages::ResponseCharge;
use super::problem::{MEDIA_TYPE, Problem};
use super::request::{REQUEST_ID, is_hop_by_hop};
use super::slice::FileSlice;
use bytes::Bytes;
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::Value;

pub(super) const JSON: &str = "application/json";

/// The body of a response.
pub(super) enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes of a file.
    File(FileSlice),
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Content::Bytes(bytes)
    }
}

impl Content {
    /// The length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Content::Bytes(bytes) => bytes.len(),
            Content::File(slice) => usize::try_from(slice.len()).unwrap_or(usize::MAX),
        }
    }

    /// Returns the bytes of memory that the content occupies until it is sent.
    pub(super) fn memory(&self) -> usize {
        match self {
            Content::Bytes(bytes) => bytes.len(),
            Content::File(slice) => slice.memory(),
        }
    }
}

/// The body of a response, with its charge.
pub(super) enum ChargedContent {
    Bytes(ChargedBytes),
    File(FileBody),
}

impl ChargedContent {
    /// Attaches the charge to the content. `charge` is `None` if the content is not charged.
    pub(super) fn new(content: Content, charge: Option<ResponseCharge>) -> Self {
        match content {
            Content::Bytes(bytes) => ChargedContent::Bytes(ChargedBytes::new(bytes, charge)),
            Content::File(slice) => ChargedContent::File(FileBody { slice, _charge: charge }),
        }
    }

    /// Creates content without a charge.
    pub(super) fn free(bytes: Bytes) -> Self {
        ChargedContent::Bytes(ChargedBytes::new(bytes, None))
    }

    /// The length in bytes.
    pub(super) fn len(&self) -> u64 {
        match self {
            ChargedContent::Bytes(bytes) => bytes.len() as u64,
            ChargedContent::File(body) => body.slice.len(),
        }
    }
}

/// A response body that is read from a file while it is sent.
pub(super) struct FileBody {
    pub(super) slice: FileSlice,
    _charge: Option<ResponseCharge>,
}

/// The bytes of a response's body, with their charge.
pub(super) struct ChargedBytes {
    bytes: Bytes,
    _charge: Option<ResponseCharge>,
}

impl ChargedBytes {
    pub(super) fn new(bytes: Bytes, charge: Option<ResponseCharge>) -> Self {
        ChargedBytes { bytes, _charge: charge }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl AsRef<[u8]> for ChargedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

pub(super) fn new(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    from_parts(status, headers, body.into())
}

/// Creates a 204 response with these headers.
pub(super) fn no_content(headers: HeaderMap) -> Response<Bytes> {
    from_parts(StatusCode::NO_CONTENT, headers, Bytes::new())
}

/// Creates the response to `OPTIONS *`, with all methods that the configuration of a route can
/// list. RFC 9110, section 9.3.7: this request applies to the server itself.
pub(super) fn of_server() -> Response<Bytes> {
    let allow = HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    no_content(HeaderMap::from_iter([(ALLOW, allow)]))
}

/// Creates a 200 response with a JSON body.
pub(super) fn json(value: &Value) -> Response<Bytes> {
    new(StatusCode::OK, JSON, value.to_string())
}

pub(super) fn from_problem(problem: Problem, request_id: &str) -> Response<Bytes> {
    let mut response = new(problem.status, MEDIA_TYPE, problem.body(request_id));
    problem.put_header(response.headers_mut());
    response
}

/// Converts the response of a service. Removes `content-length` and the headers that belong to the
/// connection. The response's field `content_type` takes precedence over a header `content-type`.
/// Returns `None` if the response is not valid HTTP.
pub(super) fn from_service(response: crate::Response) -> Option<Response<Bytes>> {
    // Leave room for the headers that the server adds.
    let mut headers = HeaderMap::with_capacity(response.headers.len().min(1_000) + 3);
    for (name, value) in response.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if is_hop_by_hop(&name) || name == CONTENT_LENGTH {
            continue;
        }
        let value = HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?;
        headers.try_append(name, value).ok()?;
    }
    if let Some(content_type) = response.content_type {
        let value = HeaderValue::from_maybe_shared(Bytes::from(content_type)).ok()?;
        headers.insert(CONTENT_TYPE, value);
    }
    let status = StatusCode::from_u16(response.status).ok()?;
    Some(from_parts(status, headers, response.body.into()))
}

/// Adds the request's id, and removes the body if HTTP forbids one.
pub(super) fn finish(
    mut response: Response<ChargedContent>,
    method: &Method,
    id: HeaderValue,
) -> Response<ChargedContent> {
    response.headers_mut().insert(REQUEST_ID, id);
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status()) {
        *response.body_mut() = ChargedContent::free(Bytes::new());
    } else if response.status() == StatusCode::RESET_CONTENT {
        // RFC 9110, section 15.3.6: a 205 response has no content. Unlike a 204 response, it may
        // have a `Content-Length`.
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        *response.body_mut() = ChargedContent::free(Bytes::new());
    } else if method == Method::HEAD {
        // RFC 9110, section 9.3.2: the response to HEAD has the same headers as the response to
        // GET.
        let length = HeaderValue::from(response.body().len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
        *response.body_mut() = ChargedContent::free(Bytes::new());
    }
    response
}

fn from_parts(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
