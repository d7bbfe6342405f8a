//! The world `hostel:service/service`: a plugin that exports `hostel:service/handler`.

use crate::bindings::exports::hostel::service::handler as wit;
use crate::bindings::{FullService, FullServicePre};
use crate::hostcalls::State;
use crate::service::{Failure, FailureKind, HttpRequest, Request, Response, ServiceInfo};
use wasmtime::Store;

/// The name of the export, version included.
pub(super) const EXPORT: &str = "hostel:service/handler@0.1.0";

/// A linked component of this world.
pub(super) type HostelComponent = FullServicePre<State>;

/// An instance of a component of this world.
pub(super) type HostelInstance = FullService;

pub(super) async fn services(
    instance: &HostelInstance,
    store: &mut Store<State>,
) -> wasmtime::Result<Vec<ServiceInfo>> {
    let services = instance.hostel_service_handler().call_services(store).await?;
    Ok(services.into_iter().map(ServiceInfo::from).collect())
}

pub(super) async fn handle(
    instance: &HostelInstance,
    store: &mut Store<State>,
    service: String,
    request: Request,
) -> wasmtime::Result<Result<Response, Failure>> {
    let Request { id, content_type, body, http } = request;
    let http = http.map(wit::HttpRequest::from);
    let request = wit::Request { service, id, content_type, body, http };
    let response = instance.hostel_service_handler().call_handle(store, &request).await?;
    Ok(response.map(Response::from).map_err(Failure::from))
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

impl From<HttpRequest> for wit::HttpRequest {
    fn from(request: HttpRequest) -> Self {
        let HttpRequest { method, path, path_params, query, authority, client, headers } = request;
        wit::HttpRequest { method, path, path_params, query, authority, client, headers }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        Failure { kind: failure.kind.into(), message: failure.message }
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
