//! Requests of plugins to remote servers: the implementation of `hostel:http`.
//!
//! **A grant cannot be bypassed.** The host checks each request, and each redirect, against the
//! entries of `http.allow`. For each new connection, it resolves the server's name once, and sends
//! requests only to an address of the result that the entry permits.

mod client;
mod connect;
mod error;
mod network;
mod request;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use error::{SendError, SendErrorKind};
pub(crate) use network::Network;
pub(crate) use request::SendRequest;

use crate::grants::{Allowed, Grants, Secret};
use crate::telemetry::{HttpClientMeter, HttpClientSpan, SpanParent};
use client::{GrantedServer, Room};
use error::shown;
use hyper::header::{HeaderName, LOCATION};
use network::PluginBounds;
use request::{Outgoing, TRACEPARENT, is_redirect};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// A request times out at the latest this long before the call's deadline, so that the guest can
/// handle the error `timeout` instead of being stopped.
const TIME_FOR_GUEST: Duration = Duration::from_millis(100);

/// The servers that a plugin may reach, and the connections to them.
pub(crate) struct Outbound {
    plugin: Arc<str>,
    servers: Vec<GrantedServer>,
    secrets: Vec<Secret>,
    meter: HttpClientMeter,
    network: Arc<Network>,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct SendResponse {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// The state shared by all outbound requests of one call to a plugin.
#[derive(Clone)]
pub(crate) struct SendingCall {
    /// The number of requests that the call may still send.
    requests: Arc<AtomicUsize>,
    most_requests: usize,
    most_bytes: usize,
    /// The deadline of the call.
    until: Instant,
}

/// The context of one host call that sends requests: the state of the plugin's call, the id of the
/// request that the plugin handles, and the parent of the spans of the sent requests.
pub(crate) struct Sending {
    pub(crate) call: SendingCall,
    pub(crate) request_id: String,
    pub(crate) span: Option<SpanParent>,
}

impl SendingCall {
    pub(crate) fn new(most_requests: usize, most_bytes: usize, until: Instant) -> Self {
        let requests = Arc::new(AtomicUsize::new(most_requests));
        SendingCall { requests, most_requests, most_bytes, until }
    }

    /// Counts a request against the limit. Returns an error if the limit was already reached.
    fn request(&self, url: &Url) -> Result<(), SendError> {
        let less = |left: usize| left.checked_sub(1);
        match self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Ok(()),
            Err(_) => {
                let most = self.most_requests;
                let reason = format!(
                    "the call has sent {most} requests, redirects included, which is its limit: \
                     raise `limits.http-requests`"
                );
                Err(SendError::of(SendErrorKind::Denied, url, reason))
            }
        }
    }
}

impl Outbound {
    pub(crate) fn new(
        plugin: Arc<str>,
        grants: &Grants,
        network: Arc<Network>,
        meter: HttpClientMeter,
    ) -> Self {
        let bounds = Arc::new(PluginBounds::new(grants.http.connections, Arc::clone(&network)));
        let server = |allowed: &Allowed| GrantedServer::new(allowed.clone(), Arc::clone(&bounds));
        Outbound {
            plugin,
            servers: grants.http.allow.iter().map(server).collect(),
            secrets: grants.config.secrets.values().cloned().collect(),
            meter,
            network,
        }
    }

    pub(crate) async fn send(
        &self,
        request: SendRequest,
        sending: &Sending,
    ) -> Result<SendResponse, SendError> {
        let room = Room::new(sending.call.most_bytes, self.network.charge());
        self.send_within(request, sending, &room).await
    }

    /// Sends requests concurrently. The results are in the order of the requests.
    pub(crate) async fn send_many(
        self: Arc<Self>,
        requests: Vec<SendRequest>,
        sending: Arc<Sending>,
    ) -> Vec<Result<SendResponse, SendError>> {
        let room = Arc::new(Room::new(sending.call.most_bytes, self.network.charge()));
        let mut set = tokio::task::JoinSet::new();
        let mut results: Vec<_> = requests.iter().map(|_| Err(stopped())).collect();
        for (at, request) in requests.into_iter().enumerate() {
            let (own, sending, room) = (Arc::clone(&self), Arc::clone(&sending), Arc::clone(&room));
            set.spawn(async move { (at, own.send_within(request, &sending, &room).await) });
        }
        while let Some(ended) = set.join_next().await {
            if let Ok((at, result)) = ended
                && let Some(place) = results.get_mut(at)
            {
                *place = result;
            }
        }
        results
    }

    async fn send_within(
        &self,
        request: SendRequest,
        sending: &Sending,
        room: &Room,
    ) -> Result<SendResponse, SendError> {
        let (asked, redirects) = (request.timeout, request.redirects);
        let mut outgoing = Outgoing::new(request)?;
        outgoing.add_user_agent();
        outgoing.add(HeaderName::from_static("x-request-id"), &sending.request_id);
        let url = outgoing.url.clone();
        let latest = sending.call.until.checked_sub(TIME_FOR_GUEST).unwrap_or(sending.call.until);
        let until = asked.map_or(latest, |asked| latest.min(Instant::now() + asked));
        let following = self.follow(outgoing, redirects, sending, room);
        match tokio::time::timeout_at(until, following).await {
            Ok(result) => result,
            Err(_elapsed) => {
                let reason = match asked.filter(|_| until < latest) {
                    Some(asked) => {
                        format!("no complete response within {} ms", asked.as_millis())
                    }
                    None => "no complete response within the rest of the call's `limits.time`"
                        .to_owned(),
                };
                Err(SendError::of(SendErrorKind::Timeout, &url, reason))
            }
        }
    }

    /// Sends a request and follows up to `redirects` redirects; a further redirect is an error. If
    /// `redirects` is 0, returns a redirect as the response. A redirect without the header
    /// `location` is always returned.
    async fn follow(
        &self,
        mut request: Outgoing,
        redirects: u8,
        sending: &Sending,
        room: &Room,
    ) -> Result<SendResponse, SendError> {
        let mut followed = 0;
        // A guest that sets `traceparent` has its own trace: do not replace its header.
        let is_traced = !request.headers.contains_key(TRACEPARENT);
        loop {
            let server = self.server_of(&request.url)?;
            sending.call.request(&request.url)?;
            let mut observed = self.observe(&request, sending);
            if let Some(span) = observed.span.as_ref().filter(|_| is_traced) {
                request.trace(&span.traceparent());
            }
            let head = server.exchange(&request).await.inspect_err(|error| observed.fail(error))?;
            let status = head.response.status();
            observed.status(status.as_u16());
            let location = head.response.headers().get(LOCATION).filter(|_| is_redirect(status));
            let Some(location) = location.filter(|_| redirects > 0).cloned() else {
                let (headers, body) = head
                    .read(&request.url, room)
                    .await
                    .inspect_err(|error| observed.fail(error))?;
                let url = String::from(request.url);
                let headers = headers
                    .iter()
                    .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                    .collect();
                return Ok(SendResponse { status: status.as_u16(), url, headers, body });
            };
            if followed == redirects {
                let reason = format!("it redirects more than {redirects} times");
                return Err(SendError::of(SendErrorKind::Aborted, &request.url, reason));
            }
            followed += 1;
            request = request.redirected(status, &location, &self.secrets)?;
        }
    }

    /// Returns the entry of the grant that covers a URL, or the error `denied`.
    fn server_of(&self, url: &Url) -> Result<&GrantedServer, SendError> {
        self.servers.iter().find(|server| server.allowed.covers(url)).ok_or_else(|| {
            let origin = url.origin().ascii_serialization();
            let row = match rules::is_inside(url) {
                true => format!("{{ url = {origin:?}, private = true }}"),
                false => format!("{origin:?}"),
            };
            let reason = format!(
                "no grant allows it: write `allow = [{row}]` in [plugins.{}.http], or \
                 `--allow-http {origin}` for `hostel run`",
                self.plugin
            );
            SendError::of(SendErrorKind::Denied, url, reason)
        })
    }

    fn observe<'a>(&'a self, request: &Outgoing, sending: &Sending) -> Observed<'a> {
        let method = request.method.as_str();
        let span = sending.span.as_ref().map(|parent| parent.http(method, &shown(&request.url)));
        Observed {
            meter: &self.meter,
            method: request.method.clone(),
            begun: Instant::now(),
            outcome: Outcome::Cancelled,
            span,
        }
    }
}

fn stopped() -> SendError {
    SendError::new(SendErrorKind::Aborted, "the host stopped the request")
}

/// Records one request in a span if the call is traced, and in the metrics when this value is
/// dropped, because the request has then ended or was cancelled.
struct Observed<'a> {
    meter: &'a HttpClientMeter,
    method: hyper::Method,
    begun: Instant,
    outcome: Outcome,
    span: Option<HttpClientSpan>,
}

#[derive(Clone, Copy)]
enum Outcome {
    Status(u16),
    Failed(SendErrorKind),
    Cancelled,
}

impl Observed<'_> {
    fn status(&mut self, status: u16) {
        self.outcome = Outcome::Status(status);
        if let Some(span) = &mut self.span {
            span.status(status);
        }
    }

    fn fail(&mut self, error: &SendError) {
        self.outcome = Outcome::Failed(error.kind);
        if let Some(span) = &mut self.span {
            span.fail(error.kind.as_str());
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        let time = self.begun.elapsed();
        match self.outcome {
            Outcome::Status(status) => self.meter.answered(self.method.as_str(), status, time),
            Outcome::Failed(kind) => self.meter.failed(self.method.as_str(), kind.as_str(), time),
            Outcome::Cancelled => self.meter.failed(self.method.as_str(), "timeout", time),
        }
    }
}
