//! Requests: their checks, their ids, and their conversion for guests.

use super::problem::Problem;
use crate::service::HttpRequest;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, EXPECT, HOST, HeaderMap, HeaderName,
    HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Version};
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The header with the id of the request, in requests and responses.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that contains the name of the caller, for guests.
const CALLER_HEADER: &str = "x-hostel-caller";

/// The prefix of headers that only the host may set. With these headers, a client could pretend to
/// be another caller.
const HOST_PREFIX: &str = "x-hostel-";

/// Maximum bytes of an id from a client.
const MAX_ID_BYTES: usize = 128;

/// True if a header is for this connection only: compare RFC 9110, section 7.6.1.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    const OTHERS: [&str; 4] =
        ["keep-alive", "proxy-connection", "proxy-authorization", "http2-settings"];
    [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE].contains(name)
        || OTHERS.contains(&name.as_str())
}

/// Creates ids of 64 bits that clients cannot guess.
#[derive(Default)]
pub(super) struct RequestIds {
    count: AtomicU64,
    /// Has random keys from the system.
    hash: RandomState,
}

impl RequestIds {
    /// Returns the id of a request, as text and as a header: the client's id if it is valid, or
    /// else a new id.
    pub(super) fn of(&self, headers: &HeaderMap) -> (String, HeaderValue) {
        let sent = headers.get(REQUEST_ID).filter(|value| is_valid_id(value.as_bytes()));
        if let Some((text, value)) = sent.and_then(|value| Some((value.to_str().ok()?, value))) {
            return (text.to_owned(), value.clone());
        }
        let number = self.hash.hash_one(self.count.fetch_add(1, Ordering::Relaxed));
        let mut id = String::with_capacity(16);
        // Writing to a string cannot fail.
        let _ = write!(id, "{number:016x}");
        let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("0"));
        (id, value)
    }
}

fn is_valid_id(value: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=MAX_ID_BYTES).contains(&value.len()) && value.iter().all(allowed)
}

/// Checks the head of a request, in addition to hyper's checks.
///
/// # Errors
///
/// When the head is invalid, has too many headers, or has a `Transfer-Encoding` or an `Expect` that
/// the server does not support.
pub(super) fn check(head: &Parts, max_headers: usize) -> Result<(), Problem> {
    let headers = &head.headers;
    if headers.len() > max_headers {
        return Err(Problem::too_many_headers(max_headers));
    }
    // RFC 9112, section 3.2: only the targets of CONNECT and `OPTIONS *` have no path.
    let path = head.uri.path();
    let is_of_server = path == "*" && head.method == Method::OPTIONS;
    if !path.starts_with('/') && !is_of_server && head.method != Method::CONNECT {
        return Err(Problem::bad_request("the path must begin with a slash"));
    }
    // RFC 9112, section 3.2: an HTTP/1.1 request has exactly one Host. If there were several, a
    // proxy and this server could choose different ones.
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Err(Problem::bad_request("the request must have exactly one Host"));
    }
    if headers.get(HOST).is_some_and(|host| !is_valid_host(host)) {
        return Err(Problem::bad_request("the Host is invalid"));
    }
    check_authority(head)?;
    // Refuse any other coding: a proxy that decodes it would see a different body (request
    // smuggling).
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = (codings.next(), codings.next());
    match coding {
        (None, _) => {}
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => {}
        _ => {
            return Err(Problem::bad_request("the only supported Transfer-Encoding is chunked"));
        }
    }
    match headers.get(EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(Problem::expectation())
        }
        _ => Ok(()),
    }
}

/// Checks the host and port in the target of a request.
fn check_authority(head: &Parts) -> Result<(), Problem> {
    let Some(authority) = head.uri.authority() else { return Ok(()) };
    // RFC 9110, section 4.2.4, and RFC 9113, section 8.3.1: a user in the target is an error.
    if authority.as_str().contains('@') {
        return Err(Problem::bad_request("the target names a user"));
    }
    if !has_valid_port(authority) {
        return Err(Problem::bad_request("the target's port is not a number from 0 to 65535"));
    }
    // RFC 9113, section 8.3.1: `Host` must not differ from the target. In HTTP/1.1, the target
    // takes precedence: RFC 9112, section 3.2.2.
    let is_same = |host: &HeaderValue| {
        let host = Authority::try_from(host.as_bytes());
        host.is_ok_and(|host| is_same_place(&host, authority, head.uri.scheme_str()))
    };
    match head.headers.get(HOST) {
        Some(host) if head.version == Version::HTTP_2 && !is_same(host) => {
            Err(Problem::bad_request("Host differs from :authority"))
        }
        _ => Ok(()),
    }
}

/// True if two authorities have the same host and port. A missing port counts as the default port
/// of the scheme.
fn is_same_place(a: &Authority, b: &Authority, scheme: Option<&str>) -> bool {
    let default = if scheme == Some("https") { 443 } else { 80 };
    let port = |it: &Authority| it.port_u16().unwrap_or(default);
    a.host().eq_ignore_ascii_case(b.host()) && port(a) == port(b)
}

/// Returns the host and port from the target, or else from `Host`.
pub(super) fn authority(head: &Parts) -> Option<&str> {
    let of_target = head.uri.authority().map(Authority::as_str);
    of_target.or_else(|| head.headers.get(HOST)?.to_str().ok())
}

/// True if a `Host` is empty, or an authority without a user and with a valid port.
fn is_valid_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    let is_valid = |it: Authority| has_valid_port(&it) && !bytes.contains(&b'@');
    bytes.is_empty() || Authority::try_from(bytes).is_ok_and(is_valid)
}

/// True if an authority has no port, or a port that is empty or from 0 to 65535.
fn has_valid_port(authority: &Authority) -> bool {
    let Some((_, port)) = authority.as_str().rsplit_once(':') else { return true };
    port.is_empty() || port.ends_with(']') || authority.port_u16().is_some()
}

/// Returns the content type that the client sent, or `None` if it is missing or not ASCII text.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
}

/// Converts a request for a guest. Removes the headers of the connection, `Expect`, the headers
/// that only the host may set, and the credentials that the host has checked. Adds the name of the
/// caller if there is one.
pub(super) fn http(
    head: &Parts,
    client: &str,
    path_params: Vec<(String, String)>,
    caller: Option<&str>,
) -> HttpRequest {
    let (uri, authority) = (&head.uri, authority(head));
    HttpRequest {
        method: head.method.as_str().to_owned(),
        path: uri.path().to_owned(),
        path_params,
        query: uri.query().unwrap_or_default().to_owned(),
        authority: authority.unwrap_or_default().to_owned(),
        client: client.to_owned(),
        headers: headers(&head.headers, authority, caller),
    }
}

fn headers(
    sent: &HeaderMap,
    authority: Option<&str>,
    caller: Option<&str>,
) -> Vec<(String, Vec<u8>)> {
    let named: Vec<_> = sent.get_all(CONNECTION).iter().filter_map(|it| it.to_str().ok()).collect();
    let is_named = |name: &HeaderName| {
        let mut tokens = named.iter().flat_map(|tokens| tokens.split(','));
        tokens.any(|token| token.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let is_for_guest = |name: &HeaderName| {
        let is_for_host = is_hop_by_hop(name)
            || *name == EXPECT
            || (*name == AUTHORIZATION && caller.is_some())
            || *name == COOKIE
            || *name == HOST
            || name.as_str().starts_with(HOST_PREFIX);
        !is_for_host && (named.is_empty() || !is_named(name))
    };
    let mut headers = Vec::with_capacity(sent.len() + 2);
    // RFC 9112, section 3.2.2: if the target has a host, the `Host` header is ignored. RFC 9113,
    // section 8.3.1: an HTTP/2 request may have its host only in the target.
    if let Some(authority) = authority {
        headers.push((HOST.as_str().to_owned(), authority.as_bytes().to_vec()));
    }
    for (name, value) in sent.iter().filter(|(name, _)| is_for_guest(name)) {
        headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    let cookies: Vec<_> = sent.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if !cookies.is_empty() && !is_named(&COOKIE) {
        // An HTTP/2 client may send cookies in several headers. RFC 9113, section 8.2.3, requires
        // the server to join them.
        headers.push((COOKIE.as_str().to_owned(), cookies.join(&b"; "[..])));
    }
    if let Some(caller) = caller {
        headers.push((CALLER_HEADER.to_owned(), caller.as_bytes().to_vec()));
    }
    headers
}
