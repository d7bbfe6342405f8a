//! One entry of a grant: a client with its own connection pool.

use super::connect::{ConnectError, Connector, Traffic};
use super::error::{SendError, SendErrorKind};
use super::network::{Permits, PluginBounds};
use super::request::Outgoing;
use crate::grants::Allowed;
use crate::units;
use bytes::Bytes;
use hostel_cache::BudgetCharge;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::HeaderMap;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// How long an idle connection may be reused. It is closed within twice this time.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// Maximum bytes of a response's head, and in HTTP/1 the maximum number of its headers: common
/// servers send no more. `MAX_HEAD` also bounds the read buffer of an HTTP/1 connection.
const MAX_HEAD: usize = 128 << 10;
const MAX_HEADERS: usize = 100;

/// An entry of a grant, and the connections to the servers that it covers.
pub(super) struct GrantedServer {
    pub(super) allowed: Allowed,
    bounds: Arc<PluginBounds>,
    client: Client<Connector, Full<Bytes>>,
}

/// A response whose body has not been read yet.
pub(super) struct Head {
    pub(super) response: Response<Incoming>,
    traffic: Option<Arc<Traffic>>,
    /// The permits of the request. They are held until the response is read or dropped.
    _permits: Permits,
}

/// The bytes that the responses of one host call may still take, and the charge for the taken ones.
pub(super) struct Room {
    most: usize,
    left: AtomicUsize,
    charge: Mutex<BudgetCharge>,
}

impl Room {
    pub(super) fn new(most: usize, charge: BudgetCharge) -> Self {
        Room { most, left: AtomicUsize::new(most), charge: Mutex::new(charge) }
    }

    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes bytes for a response. Returns an error message if `limits.http-response` or the host's
    /// memory budget would be exceeded.
    fn take(&self, bytes: usize) -> Result<(), String> {
        let less = |left: usize| left.checked_sub(bytes);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            let limit = units::show_size(self.most as u64);
            return Err(format!(
                "the response is larger than {limit}: raise `limits.http-response`"
            ));
        }
        let mut charge = self.charge.lock().unwrap_or_else(PoisonError::into_inner);
        match charge.grow(bytes) {
            true => Ok(()),
            false => {
                Err("the host has too little memory for the response: raise `server.memory`"
                    .to_owned())
            }
        }
    }
}

impl GrantedServer {
    pub(super) fn new(allowed: Allowed, bounds: Arc<PluginBounds>) -> Self {
        let connector = Connector::new(
            allowed.is_private(),
            allowed.authorities().to_vec(),
            Arc::clone(&bounds),
        );
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(MAX_HEAD)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEAD as u32)
            .http2_adaptive_window(true)
            .build(connector);
        GrantedServer { allowed, bounds, client }
    }

    /// Waits for a permit, sends a request, and returns the head of the response. Repeats an
    /// idempotent request once if [`is_silent`] returns true for the error.
    pub(super) async fn exchange(&self, request: &Outgoing) -> Result<Head, SendError> {
        let permits = self.bounds.request().await;
        let mut is_repeated = false;
        loop {
            let error = match self.client.request(sent(request)?).await {
                Ok(response) => return Ok(Head::new(response, permits)),
                Err(error) => error,
            };
            if is_repeated || !request.is_repeatable() || !is_silent(&error) {
                return Err(failed(&request.url, &error, is_repeated));
            }
            is_repeated = true;
        }
    }
}

impl Head {
    fn new(response: Response<Incoming>, permits: Permits) -> Self {
        let traffic = response.extensions().get::<Arc<Traffic>>().cloned();
        Head { response, traffic, _permits: permits }
    }

    /// Reads the body, and returns the headers and the body. Takes the bytes of both from `room`.
    pub(super) async fn read(
        self,
        url: &Url,
        room: &Room,
    ) -> Result<(HeaderMap, Vec<u8>), SendError> {
        let too_large = |reason| SendError::of(SendErrorKind::TooLarge, url, reason);
        let (head, mut incoming) = self.response.into_parts();
        let of_headers =
            |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
                name.as_str().len() + value.len()
            };
        room.take(head.headers.iter().map(of_headers).sum()).map_err(too_large)?;
        // Reserve the length that the head announces, but no more than `room` has left: the
        // announced length is untrusted.
        let expected = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX);
        let mut body = Vec::with_capacity(expected.min(room.left()));
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| aborted(url, &error))?;
            // Skip trailers, which the WIT interface does not have.
            let Ok(data) = frame.into_data() else { continue };
            room.take(data.len()).map_err(too_large)?;
            body.extend_from_slice(&data);
        }
        if let Some(traffic) = &self.traffic {
            traffic.response_ended();
        }
        Ok((head.headers, body))
    }
}

fn sent(request: &Outgoing) -> Result<Request<Full<Bytes>>, SendError> {
    let Outgoing { method, url, headers, body } = request;
    let invalid = |error: &dyn Error| {
        SendError::of(SendErrorKind::InvalidRequest, url, format!("it cannot be sent: {error}"))
    };
    let uri: Uri = url.as_str().parse().map_err(|error| invalid(&error))?;
    let mut sent = Request::new(Full::new(body.clone()));
    *sent.method_mut() = method.clone();
    *sent.uri_mut() = uri;
    *sent.headers_mut() = headers.clone();
    Ok(sent)
}

/// True if an HTTP/1 connection that was reused after a complete response failed before any byte of
/// the next response arrived. False after a followed redirect, whose body is not read.
fn is_silent(error: &legacy::Error) -> bool {
    let mut extensions = hyper::http::Extensions::new();
    let Some(connected) = error.connect_info() else { return false };
    connected.get_extras(&mut extensions);
    extensions.get::<Arc<Traffic>>().is_some_and(|it| it.is_silent_since_response())
}

/// Converts an error. If `is_repeated` is true, an earlier attempt was sent to the same server, so
/// the server may have processed the request even if it cannot be reached now.
fn failed(url: &Url, error: &legacy::Error, is_repeated: bool) -> SendError {
    let mut source = error.source();
    while let Some(cause) = source {
        match cause.downcast_ref::<ConnectError>() {
            Some(ConnectError::Denied(reason)) => {
                let origin = url.origin().ascii_serialization();
                let reason = format!(
                    "{reason}: write `{{ url = {origin:?}, private = true }}` in its place"
                );
                return SendError::of(SendErrorKind::Denied, url, reason);
            }
            Some(ConnectError::Unreachable(reason)) => {
                let (kind, cannot) = match is_repeated {
                    true => (SendErrorKind::Aborted, "closed the connection, then could not"),
                    false => (SendErrorKind::Unreachable, "cannot"),
                };
                return SendError::of(kind, url, format!("{cannot} be reached: {reason}"));
            }
            None => {}
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            return aborted(url, error);
        }
        source = cause.source();
    }
    SendError::of(SendErrorKind::Aborted, url, format!("no complete response: {error}"))
}

fn aborted(url: &Url, error: &hyper::Error) -> SendError {
    if error.is_parse_too_large() {
        let reason = format!(
            "the head of the response is larger than {} KiB, or has more than {MAX_HEADERS} headers",
            MAX_HEAD >> 10
        );
        return SendError::of(SendErrorKind::TooLarge, url, reason);
    }
    let reason = match (error.is_parse(), error.is_incomplete_message()) {
        (true, _) => "the server's reply is not an HTTP response".to_owned(),
        (_, true) => "the connection was closed before the response was complete".to_owned(),
        _ => match error.source() {
            Some(cause) => format!("the connection failed: {cause}"),
            None => format!("the connection failed: {error}"),
        },
    };
    SendError::of(SendErrorKind::Aborted, url, reason)
}
