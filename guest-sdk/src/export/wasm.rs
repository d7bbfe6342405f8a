//! Implements the exports of `wit/` with the types of this crate.

use std::panic::PanicHookInfo;

use crate::bindings::exports::hostel::service::handler as export;
use crate::cache::Cache;
use crate::config::Config;
use crate::failure::FailureKind;
use crate::host::{self, Sender, Settings, Store};
use crate::http::Http;
use crate::level::Level;
use crate::request::HttpRequest;
use crate::service::{Context, Service, dispatch};

pub use crate::bindings::exports::hostel::service::handler::{
    Failure, Guest, Request, Response, ServiceInfo,
};

/// Implements the export `services`.
pub fn list(services: &[Service]) -> Vec<ServiceInfo> {
    let info = |service: &Service| ServiceInfo {
        name: service.name().into_owned(),
        description: service.description().to_owned(),
    };
    services.iter().map(info).collect()
}

/// Implements the export `handle`.
pub fn handle(services: &[Service], request: Request) -> Result<Response, Failure> {
    std::panic::set_hook(Box::new(log_panic));
    let ctx = Context {
        cache: Cache::new(Store),
        http: Http::new(Sender),
        config: Config::new(Settings),
        request: request.into(),
    };
    dispatch(services, &ctx).map(Response::from).map_err(Failure::from)
}

/// Logs a panic as one error line. The host adds that line to its message about the trap that
/// follows. Without this hook, the panic message goes to stderr, and the host logs it as several
/// warnings.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("the panic payload is not text");
    match panic.location() {
        Some(place) => host::log(Level::Error, &format!("panicked at {place}: {message}")),
        None => host::log(Level::Error, &format!("panicked: {message}")),
    }
}

impl From<Request> for crate::Request {
    fn from(request: Request) -> crate::Request {
        let Request { service, id, content_type, body, http } = request;
        crate::Request { service, id, content_type, body, http: http.map(HttpRequest::from) }
    }
}

impl From<export::HttpRequest> for HttpRequest {
    fn from(http: export::HttpRequest) -> HttpRequest {
        let export::HttpRequest { method, path, path_params, query, authority, client, headers } =
            http;
        HttpRequest { method, path, path_params, query, authority, client, headers }
    }
}

impl From<crate::Response> for Response {
    fn from(response: crate::Response) -> Response {
        let crate::Response { status, content_type, headers, body } = response;
        Response { status, content_type, headers, body }
    }
}

impl From<crate::Failure> for Failure {
    fn from(failure: crate::Failure) -> Failure {
        let kind = match failure.kind {
            FailureKind::BadRequest => export::FailureKind::BadRequest,
            FailureKind::Unauthorized => export::FailureKind::Unauthorized,
            FailureKind::Forbidden => export::FailureKind::Forbidden,
            FailureKind::NotFound => export::FailureKind::NotFound,
            FailureKind::MethodNotAllowed => export::FailureKind::MethodNotAllowed,
            FailureKind::Conflict => export::FailureKind::Conflict,
            FailureKind::TooManyRequests => export::FailureKind::TooManyRequests,
            FailureKind::Internal => export::FailureKind::Internal,
            FailureKind::Unavailable => export::FailureKind::Unavailable,
        };
        Failure { kind, message: failure.message }
    }
}
