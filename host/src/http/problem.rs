//! Problems: the bodies of error responses, as defined by RFC 9457.
//!
//! A problem contains a stable code and a sentence that is safe to show to the client. If a service
//! call fails with a status of 500 or more, the details are only in the log, with the id of the
//! request.

use super::messages::NoRoom;
use super::rate::BODY_GRACE;
use crate::engine::{CallError, Limit};
use crate::plugin::Readiness;
use crate::service::FailureKind;
use hyper::StatusCode;
use hyper::header::{
    ALLOW, CONTENT_RANGE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// The media type of a problem.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// An error response. The docs of the module `http` have a table of the codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    header: Option<(hyper::header::HeaderName, HeaderValue)>,
}

/// The members of a problem, in the same order as in the SDKs.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem { status, code, detail: detail.into(), header: None }
    }

    pub(super) fn bad_request(detail: &'static str) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// A web page of another origin sent the request, according to the header `header`.
    pub(super) fn of_another_site(header: &HeaderName) -> Self {
        let detail = format!(
            "{header} shows that a web page of another site sent this request: the admin interface \
             responds to its own origin and to programs alone"
        );
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// The request is invalid. `detail` is safe to show to this client.
    pub(super) fn refused(detail: String) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// The CORS settings of the path do not allow `what`, such as "this origin". The Fetch standard
    /// recommends status 403. `vary` is the value of the `Vary` header.
    pub(super) fn not_shared(what: &str, vary: Option<HeaderValue>) -> Self {
        let detail = format!("the CORS settings of this path do not allow {what}");
        Problem {
            header: vary.map(|vary| (VARY, vary)),
            ..Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
        }
    }

    pub(super) fn malformed_path() -> Self {
        Problem::bad_request("the path has an invalid escape")
    }

    pub(super) fn not_found(detail: &'static str) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(super) fn no_cache() -> Self {
        let detail = "no cache has this name: GET /caches lists them";
        Problem::new(StatusCode::NOT_FOUND, "no-cache", detail)
    }

    pub(super) fn no_backend(detail: String) -> Self {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    pub(super) fn no_entry() -> Self {
        let detail = "the cache has no live entry with this key";
        Problem::new(StatusCode::NOT_FOUND, "no-entry", detail)
    }

    pub(super) fn not_ready(readiness: &Readiness) -> Self {
        let detail = match readiness.missing.as_slice() {
            _ if readiness.is_stopping => {
                "the server is stopping: send further requests to another one".to_owned()
            }
            [] if !readiness.missing_caches.is_empty() => {
                let missing = readiness.missing_caches.join(", ");
                format!(
                    "required caches do not respond: {missing}; GET /metrics shows which server"
                )
            }
            [] => "plugins are being loaded: GET /plugins shows which".to_owned(),
            missing => {
                let missing = missing.join(", ");
                format!("required plugins do not serve: {missing}; GET /plugins shows the reason")
            }
        };
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    pub(super) fn no_metrics() -> Self {
        let detail = "the metrics cannot be written";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    pub(super) fn unauthorized(challenge: &'static str) -> Self {
        let detail = "this path requires valid credentials";
        Problem {
            header: Some((WWW_AUTHENTICATE, HeaderValue::from_static(challenge))),
            ..Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        }
    }

    /// The credentials of the request are not checked, because other requests of its client are
    /// waiting.
    pub(super) fn too_many_guesses() -> Self {
        let detail = "requests of this client keep failing authentication, and another one waits to \
                      be checked: try again in a second";
        Problem {
            header: Some((RETRY_AFTER, HeaderValue::from_static("1"))),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail)
        }
    }

    pub(super) fn no_service() -> Self {
        Problem::not_found("no service has this path: GET /services lists the services")
    }

    /// Like [`Problem::no_service`], for a server that does not list its services.
    pub(super) fn no_route() -> Self {
        Problem::not_found("no service has this path")
    }

    /// No file has this path. The problem is the same for a hidden file, and for a file that the
    /// server may not read.
    pub(super) fn no_file() -> Self {
        Problem::not_found("neither a route nor a file has this path")
    }

    /// The server cannot read the file. The reason is logged, but at most one line per second.
    pub(super) fn unreadable_file() -> Self {
        let detail = "the file cannot be read";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The file does not have the version that the request requires.
    pub(super) fn precondition_failed() -> Self {
        let detail = "the file is not the version that If-Match or If-Unmodified-Since names";
        Problem::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", detail)
    }

    /// The file has `length` bytes, but none in the requested range.
    pub(super) fn range_not_satisfiable(length: u64) -> Self {
        let detail = format!("the file has {length} bytes and ends before this range");
        let code = "range-not-satisfiable";
        Problem {
            header: HeaderValue::from_str(&format!("bytes */{length}"))
                .ok()
                .map(|value| (CONTENT_RANGE, value)),
            ..Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, code, detail)
        }
    }

    /// The path does not have this method. `allow` is the value of the `Allow` header.
    pub(super) fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("this path allows {allow}");
        Problem {
            header: HeaderValue::from_str(allow).ok().map(|value| (ALLOW, value)),
            ..Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        }
    }

    pub(super) fn body_too_slow(min_rate: usize, time: Duration) -> Self {
        let (grace, time) = (BODY_GRACE.as_secs(), time.as_secs_f64());
        let detail = format!(
            "the body came too slowly: after {grace} s it must come at {min_rate} bytes a second or \
             more, and all of it within {time} s"
        );
        Problem::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", detail)
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than {limit} bytes, the limit of this path");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    pub(super) fn expectation() -> Self {
        let detail = "the only supported Expect is 100-continue";
        Problem::new(StatusCode::EXPECTATION_FAILED, "expectation-failed", detail)
    }

    pub(super) fn too_many_headers(limit: usize) -> Self {
        let detail = format!("the request has more than {limit} headers");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        Problem::new(status, "headers-too-large", detail)
    }

    pub(super) fn bad_answer() -> Self {
        let detail = "the service returned an invalid response";
        Problem::new(StatusCode::BAD_GATEWAY, "bad-answer", detail)
    }

    fn internal() -> Self {
        let detail = "the service failed";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn unavailable() -> Self {
        let detail = "something that the service needs is unavailable";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    pub(super) fn busy() -> Self {
        let detail = "the host is busy: try again in a second";
        Problem {
            header: Some((RETRY_AFTER, HeaderValue::from_static("1"))),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
        }
    }

    /// The request body or the response does not fit into the memory for messages.
    pub(super) fn no_room(reason: NoRoom) -> Self {
        let detail = format!("{reason}: try again in a second");
        Problem { detail: detail.into(), ..Problem::busy() }
    }

    pub(super) fn loading() -> Self {
        let detail = "the plugin of this service is being loaded: try again in a second";
        Problem { detail: detail.into(), ..Problem::busy() }
    }

    /// The plugin was refused or its file is gone, so its services are unavailable.
    pub(super) fn not_loaded(plugin: &str) -> Self {
        let detail = format!(
            "the plugin `{plugin}` is not available: the log and GET /plugins of the admin interface \
             have the reason"
        );
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// Returns the problem for a failed call, without the details of a server error.
    pub(super) fn of_call(error: &CallError) -> Self {
        match error {
            CallError::Failure(failure) => match status(failure.kind) {
                StatusCode::INTERNAL_SERVER_ERROR => Problem::internal(),
                StatusCode::SERVICE_UNAVAILABLE => Problem::unavailable(),
                status => Problem::new(status, failure.kind.as_str(), failure.message.clone()),
            },
            CallError::UnknownService { .. } => Problem::no_service(),
            CallError::Busy(_) => Problem::busy(),
            CallError::ContractViolation(_) => Problem::bad_answer(),
            CallError::Limit(reached) => match reached.limit {
                Limit::Time | Limit::Cpu => {
                    let detail = "the service did not respond in time";
                    Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
                }
                Limit::Request => {
                    let detail = "the body is larger than this service accepts";
                    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
                }
                Limit::Response | Limit::Headers => Problem::bad_answer(),
                _ => Problem::internal(),
            },
            _ => Problem::internal(),
        }
    }

    /// Returns the body as JSON.
    pub(super) fn body(&self, request_id: &str) -> Vec<u8> {
        let title = self.status.canonical_reason().unwrap_or_default();
        let status = self.status.as_u16();
        let (code, detail) = (self.code, &*self.detail);
        let body = ProblemBody { r#type: "about:blank", title, status, code, detail, request_id };
        // Cannot fail: texts and a number always have a JSON form.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    pub(super) fn put_header(self, headers: &mut HeaderMap) {
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
    }
}

/// Returns the status for a kind of failure, as defined in the WIT.
fn status(kind: FailureKind) -> StatusCode {
    match kind {
        FailureKind::BadRequest => StatusCode::BAD_REQUEST,
        FailureKind::Unauthorized => StatusCode::UNAUTHORIZED,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        FailureKind::Conflict => StatusCode::CONFLICT,
        FailureKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        FailureKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
