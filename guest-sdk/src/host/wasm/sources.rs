//! HTTP requests and settings: wraps the imports of `hostel:http` and `hostel:config`.

use crate::bindings::hostel::config::config;
use crate::bindings::hostel::http::client;
use crate::http::{HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};

/// Sends requests through `hostel:http`.
#[derive(Debug)]
pub(crate) struct Sender;

impl Sender {
    pub(crate) fn send(&self, request: &OutgoingRequest) -> Result<HttpResponse, HttpError> {
        client::send(&sent(request)).map(HttpResponse::from).map_err(HttpError::from)
    }

    pub(crate) fn send_many(
        &self,
        requests: &[OutgoingRequest],
    ) -> Vec<Result<HttpResponse, HttpError>> {
        let requests: Vec<_> = requests.iter().map(sent).collect();
        let results = client::send_many(&requests).into_iter();
        results.map(|it| it.map(HttpResponse::from).map_err(HttpError::from)).collect()
    }
}

fn sent(request: &OutgoingRequest) -> client::Request {
    let OutgoingRequest { method, url, headers, body, timeout, redirects } = request.clone();
    // Round up: half a millisecond must not become a timeout of zero.
    let millis = |time: std::time::Duration| {
        u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
    };
    client::Request { method, url, headers, body, timeout: timeout.map(millis), redirects }
}

impl From<client::Response> for HttpResponse {
    fn from(response: client::Response) -> HttpResponse {
        let client::Response { status, url, headers, body } = response;
        HttpResponse { status, url, headers, body }
    }
}

impl From<client::Error> for HttpError {
    fn from(error: client::Error) -> HttpError {
        let kind = match error.kind {
            client::ErrorKind::InvalidRequest => HttpErrorKind::InvalidRequest,
            client::ErrorKind::Denied => HttpErrorKind::Denied,
            client::ErrorKind::Unreachable => HttpErrorKind::Unreachable,
            client::ErrorKind::Timeout => HttpErrorKind::Timeout,
            client::ErrorKind::TooLarge => HttpErrorKind::TooLarge,
            client::ErrorKind::Aborted => HttpErrorKind::Aborted,
        };
        HttpError { kind, message: error.message }
    }
}

/// Reads settings through `hostel:config`.
#[derive(Debug)]
pub(crate) struct Settings;

impl Settings {
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        config::get(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        config::names()
    }
}
