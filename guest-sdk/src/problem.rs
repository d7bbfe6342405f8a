//! Converts failures to problem responses (RFC 9457), in the same form as the host.

use serde::Serialize;

use crate::failure::{Failure, FailureKind};
use crate::host;
use crate::level::Level;
use crate::response::Response;

/// Converts a failure to a response with the failure's headers. The message of an `Internal` or
/// `Unavailable` failure is only logged, so clients do not see internal details.
pub(crate) fn of_failure(failure: Failure, request_id: &str) -> Response {
    let Failure { kind, message, headers } = failure;
    let general = match kind {
        FailureKind::Internal => Some("the service failed"),
        FailureKind::Unavailable => Some("something that the service needs is unavailable"),
        _ => None,
    };
    if general.is_some() {
        host::log(Level::Error, &message);
    }
    let (status, title, code) = terms(kind);
    let detail = general.unwrap_or(&message);
    let problem = Problem { r#type: "about:blank", title, status, code, detail, request_id };
    Response {
        status,
        content_type: Some("application/problem+json".to_owned()),
        headers,
        // Cannot fail: the problem has only strings and a number.
        body: serde_json::to_vec(&problem).unwrap_or_default(),
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    request_id: &'a str,
}

/// The status of a kind, its reason phrase, and the kind's name in `wit/`.
fn terms(kind: FailureKind) -> (u16, &'static str, &'static str) {
    match kind {
        FailureKind::BadRequest => (400, "Bad Request", "bad-request"),
        FailureKind::Unauthorized => (401, "Unauthorized", "unauthorized"),
        FailureKind::Forbidden => (403, "Forbidden", "forbidden"),
        FailureKind::NotFound => (404, "Not Found", "not-found"),
        FailureKind::MethodNotAllowed => (405, "Method Not Allowed", "method-not-allowed"),
        FailureKind::Conflict => (409, "Conflict", "conflict"),
        FailureKind::TooManyRequests => (429, "Too Many Requests", "too-many-requests"),
        FailureKind::Internal => (500, "Internal Server Error", "internal"),
        FailureKind::Unavailable => (503, "Service Unavailable", "unavailable"),
    }
}
