//! The contract of `wit/`: the one place where its generated types meet those of this crate.
//!
//! Compiled for wasm only, and public only for what [`services!`](crate::services) expands to.

#![allow(missing_docs)]

use crate::cache::{Cache, CacheError, CacheErrorKind};
use crate::failure::FailureKind;
use crate::log::Level;
use crate::request::HttpRequest;
use crate::service::{Context, Service, dispatch};

use self::exports::hostel::service::handler as export;
pub use self::exports::hostel::service::handler::{Failure, Guest, Request, Response, ServiceInfo};
use self::hostel::cache::cache as host_cache;
use self::hostel::log::log as host_log;

wit_bindgen::generate!({
    path: "../wit",
    world: "service",
    pub_export_macro: true,
    default_bindings_module: "::hostel_sdk::wit",
    generate_all,
});

/// What the host answers `services` with.
pub fn list(services: &[Service]) -> Vec<ServiceInfo> {
    let info = |service: &Service| ServiceInfo {
        name: service.name().into_owned(),
        description: service.description().to_owned(),
    };
    services.iter().map(info).collect()
}

/// What the host answers `handle` with.
pub fn handle(services: &[Service], request: Request) -> Result<Response, Failure> {
    let ctx = Context { cache: Cache::new(Store), request: request.into() };
    dispatch(services, &ctx).map(Response::from).map_err(Failure::from)
}

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => host_log::Level::Debug,
        Level::Info => host_log::Level::Info,
        Level::Warn => host_log::Level::Warn,
        Level::Error => host_log::Level::Error,
    };
    host_log::log(level, message);
}

/// The host's cache: four calls, and texts as they are.
#[derive(Debug)]
pub(crate) struct Store;

impl Store {
    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(host_cache::get(key)?)
    }

    pub(crate) fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(host_cache::set(key, value, expiry)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(host_cache::delete(key)?)
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, CacheError> {
        Ok(host_cache::exists(key)?)
    }
}

impl From<host_cache::Error> for CacheError {
    fn from(error: host_cache::Error) -> CacheError {
        let kind = match error.kind {
            host_cache::ErrorKind::InvalidKey => CacheErrorKind::InvalidKey,
            host_cache::ErrorKind::InvalidValue => CacheErrorKind::InvalidValue,
            host_cache::ErrorKind::InvalidExpiry => CacheErrorKind::InvalidExpiry,
            host_cache::ErrorKind::TooLarge => CacheErrorKind::TooLarge,
            host_cache::ErrorKind::Denied => CacheErrorKind::Denied,
            host_cache::ErrorKind::Unavailable => CacheErrorKind::Unavailable,
        };
        CacheError { kind, message: error.message }
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
