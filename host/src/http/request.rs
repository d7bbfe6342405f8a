//! A request of a client, made one of a guest.

use super::body_budget::Held;
use super::problem::Problem;
use crate::hostcalls::handler::HttpRequest;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName,
    HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Version};
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// The header that carries the request's id, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header by which a guest is told who calls.
const CALLER: &str = "x-hostel-caller";

/// Headers that only the host may set begin like this.
const OWN: &str = "x-hostel-";

/// Longest id of a request that is taken from the client, in bytes.
const ID_BYTES: usize = 128;

/// Room that is made for a body before any of it has come: a client may announce what it likes.
const FIRST_ROOM: usize = 64 << 10;

/// Headers about one connection, not about the request: RFC 9110, section 7.6.1.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    const OTHERS: [&str; 4] =
        ["keep-alive", "proxy-connection", "proxy-authorization", "http2-settings"];
    [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE].contains(name)
        || OTHERS.contains(&name.as_str())
}

/// Makes ids of requests that nobody can guess or makes twice in one process.
#[derive(Default)]
pub(super) struct Ids {
    count: AtomicU64,
    /// Its keys are the system's random numbers.
    hash: RandomState,
}

impl Ids {
    /// The client's id where it sent one that is well-formed, or a new one, as text and header.
    pub(super) fn of(&self, headers: &HeaderMap) -> (String, HeaderValue) {
        let sent = headers.get(REQUEST_ID).filter(|value| is_id(value.as_bytes()));
        if let Some((text, value)) = sent.and_then(|value| Some((value.to_str().ok()?, value))) {
            return (text.to_owned(), value.clone());
        }
        let number = self.hash.hash_one(self.count.fetch_add(1, Ordering::Relaxed));
        let id = format!("{number:016x}");
        let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("0"));
        (id, value)
    }
}

fn is_id(value: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=ID_BYTES).contains(&value.len()) && value.iter().all(allowed)
}

/// What is wrong with a request's head that the protocol's implementation lets through.
pub(super) fn fault(head: &Parts, most_headers: usize) -> Option<Problem> {
    let headers = &head.headers;
    if headers.len() > most_headers {
        return Some(Problem::too_many_headers(most_headers));
    }
    // RFC 9112, section 3.2: only CONNECT and OPTIONS may name no path.
    let path = head.uri.path();
    if !path.starts_with('/') && path != "*" && head.method != Method::CONNECT {
        return Some(Problem::bad_request("a path begins with a slash"));
    }
    // RFC 9112, section 3.2: a request of HTTP/1.1 has exactly one Host.
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Some(Problem::bad_request("a request has exactly one Host"));
    }
    if headers.get(HOST).is_some_and(|host| !is_host(host)) {
        return Some(Problem::bad_request("the Host is malformed"));
    }
    // Whoever decodes more than `chunked` sees another body than whoever does not.
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = (codings.next(), codings.next());
    match coding {
        (None, _) => {}
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => {}
        _ => return Some(Problem::bad_request("the only Transfer-Encoding is chunked")),
    }
    match headers.get(EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Some(Problem::expectation())
        }
        _ => None,
    }
}

/// A name or address and perhaps a port, or nothing; no user.
fn is_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    bytes.is_empty() || (Authority::try_from(bytes).is_ok() && !bytes.contains(&b'@'))
}

/// Reads a body of at most so many bytes, within a time, while there is room to hold it.
///
/// # Errors
///
/// When it is longer, takes longer, ends early or is malformed, or there is no room.
pub(super) async fn body(
    body: &mut Incoming,
    headers: &HeaderMap,
    most: usize,
    time: Duration,
    held: &mut Held<'_>,
) -> Result<Vec<u8>, Problem> {
    let declared = declared(headers);
    if declared.is_some_and(|length| length > most as u64) {
        return Err(Problem::body_too_large(most));
    }
    if body.is_end_stream() {
        return Ok(Vec::new());
    }
    let room = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let read = timeout(time, collect(body, room.min(FIRST_ROOM), most, held));
    read.await.map_err(|_elapsed| Problem::body_too_slow())?
}

async fn collect(
    body: &mut Incoming,
    room: usize,
    most: usize,
    held: &mut Held<'_>,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(room);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
        let broken = |_| Problem::bad_request("the body ends early or is malformed");
        let data: Bytes = frame.map_err(broken)?.into_data().unwrap_or_default();
        if data.len() > most - bytes.len() {
            return Err(Problem::body_too_large(most));
        }
        held.add(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The media type that the client names.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
}

/// What a guest gets to see of a request: neither what is about the connection, nor the
/// credentials that the host has checked; who calls, where that is known.
pub(super) fn http(
    head: &Parts,
    client: &str,
    path_params: Vec<(String, String)>,
    caller: Option<&str>,
) -> HttpRequest {
    let uri = &head.uri;
    let authority = uri
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| head.headers.get(HOST).and_then(|host| Some(host.to_str().ok()?.to_owned())));
    HttpRequest {
        method: head.method.as_str().to_owned(),
        path: uri.path().to_owned(),
        path_params,
        query: uri.query().unwrap_or_default().to_owned(),
        authority: authority.unwrap_or_default(),
        client: client.to_owned(),
        headers: headers(&head.headers, caller),
    }
}

fn headers(sent: &HeaderMap, caller: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let named = sent.get(CONNECTION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_named = |name: &HeaderName| {
        named.split(',').any(|token| token.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let is_the_guests = |name: &HeaderName| {
        let is_the_hosts = is_hop_by_hop(name)
            || *name == EXPECT
            || (*name == AUTHORIZATION && caller.is_some())
            || name.as_str().starts_with(OWN);
        !is_the_hosts && (named.is_empty() || !is_named(name))
    };
    let mut headers = Vec::with_capacity(sent.len() + 1);
    for (name, value) in sent.iter().filter(|(name, _)| is_the_guests(name)) {
        headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    if let Some(caller) = caller {
        headers.push((CALLER.to_owned(), caller.as_bytes().to_vec()));
    }
    headers
}
