//! Validation of outbound requests, and the requests that follow redirects.

use super::error::{SendError, SendErrorKind};
use crate::grants::{Secret, has_credentials};
use bytes::Bytes;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_LOCATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use hyper::{Method, StatusCode};
use std::time::Duration;
use url::Url;

/// Headers that the host sets itself, or that apply to a single connection.
const OF_HOST: [HeaderName; 9] = [
    HOST,
    CONTENT_LENGTH,
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The header of W3C Trace Context with the ids of the trace and of the parent span.
pub(super) const TRACEPARENT: &str = "traceparent";

/// Headers that describe the body. They are removed when the body is removed.
const OF_BODY: [HeaderName; 4] =
    [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION];

/// Headers with credentials. They are not forwarded to another origin.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// A guest's request that is not validated yet.
pub(crate) struct SendRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) redirects: u8,
}

/// A valid request.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Outgoing {
    /// Validates a guest's request.
    pub(super) fn new(request: SendRequest) -> Result<Self, SendError> {
        let SendRequest { method, url, headers, body, .. } = request;
        let url = parse(&url)?;
        let method = match Method::from_bytes(method.as_bytes()) {
            Ok(method) if method != Method::CONNECT && method != Method::TRACE => method,
            _ => {
                let reason = format!("{method:.32?} is not a method that a plugin can send");
                return Err(SendError::of(SendErrorKind::InvalidRequest, &url, reason));
            }
        };
        let mut map = HeaderMap::with_capacity(headers.len().min(64));
        for (name, value) in headers {
            let (name, value) = header(&name, value)
                .map_err(|reason| SendError::of(SendErrorKind::InvalidRequest, &url, reason))?;
            let full = |_| {
                let reason = "the request has too many headers";
                SendError::of(SendErrorKind::InvalidRequest, &url, reason)
            };
            map.try_append(name, value).map_err(full)?;
        }
        Ok(Outgoing { method, url, headers: map, body: body.into() })
    }

    /// Adds a header, unless the guest has set it or the value is invalid.
    pub(super) fn add(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value)
            && !self.headers.contains_key(&name)
        {
            self.headers.insert(name, value);
        }
    }

    /// Sets the header `traceparent`. A previous value is replaced.
    pub(super) fn trace(&mut self, traceparent: &str) {
        if let Ok(value) = HeaderValue::from_str(traceparent) {
            self.headers.insert(TRACEPARENT, value);
        }
    }

    /// Adds a `user-agent`, which many servers require, unless the guest has set it.
    pub(super) fn add_user_agent(&mut self) {
        self.add(USER_AGENT, concat!("hostel/", env!("CARGO_PKG_VERSION")));
    }

    /// Returns the request that follows a redirect to `location`, with the method and the body that
    /// the Fetch standard defines. Removes credentials if `location` has another origin.
    ///
    /// # Errors
    ///
    /// If `location` does not lead to an `http` or `https` URL, or has a user or a password.
    pub(super) fn redirected(
        mut self,
        status: StatusCode,
        location: &HeaderValue,
        secrets: &[Secret],
    ) -> Result<Self, SendError> {
        let reason = "its redirect target is not an http or https URL";
        let to = str::from_utf8(location.as_bytes()).ok();
        let to = to.and_then(|to| self.url.join(to).ok()).filter(is_http);
        let Some(mut to) = to.filter(|to| !has_credentials(to)) else {
            return Err(SendError::of(SendErrorKind::Aborted, &self.url, reason));
        };
        to.set_fragment(None);
        if to.origin() != self.url.origin() {
            self.drop_credentials(secrets);
        }
        let becomes_get = match status {
            StatusCode::SEE_OTHER => !matches!(self.method, Method::GET | Method::HEAD),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            OF_BODY.iter().for_each(|name| drop(self.headers.remove(name)));
        }
        self.url = to;
        Ok(self)
    }

    fn drop_credentials(&mut self, secrets: &[Secret]) {
        CREDENTIALS.iter().for_each(|name| drop(self.headers.remove(name)));
        let has_secret = |value: &HeaderValue| {
            let has = |secret: &Secret| contains(value.as_bytes(), secret.text().as_bytes());
            secrets.iter().any(has)
        };
        let secret: Vec<HeaderName> = self
            .headers
            .iter()
            .filter(|(_, value)| has_secret(value))
            .map(|(name, _)| name.clone())
            .collect();
        secret.iter().for_each(|name| drop(self.headers.remove(name)));
    }

    /// Returns true for the methods that RFC 9110 defines as idempotent, except `TRACE`: a plugin
    /// cannot send `TRACE`.
    pub(super) fn is_repeatable(&self) -> bool {
        let methods = [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE];
        methods.contains(&self.method)
    }
}

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn parse(text: &str) -> Result<Url, SendError> {
    let invalid = |reason: &str| {
        let shown: String =
            text.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
        SendError::new(SendErrorKind::InvalidRequest, format!("{shown:?} {reason}"))
    };
    let mut url = Url::parse(text).map_err(|error| invalid(&format!("is not a URL: {error}")))?;
    if !is_http(&url) {
        return Err(invalid("is not an http or https URL"));
    }
    if has_credentials(&url) {
        // Do not show the URL, because it contains a password or a user.
        let reason = "a URL has a user or a password: send them in the header `authorization`";
        return Err(SendError::new(SendErrorKind::InvalidRequest, reason));
    }
    url.set_fragment(None);
    Ok(url)
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn header(name: &str, value: Vec<u8>) -> Result<(HeaderName, HeaderValue), String> {
    let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err(format!("{name:.64?} is not a header name"));
    };
    if OF_HOST.contains(&header) {
        return Err(format!("the header `{header}` is set by the host: leave it out"));
    }
    match HeaderValue::from_maybe_shared(Bytes::from(value)) {
        Ok(value) => Ok((header, value)),
        // Do not show the value: it may be a secret.
        Err(_) => Err(format!(
            "the value of the header `{header}` has a line break or another control character"
        )),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
