//! An answer of a guest, or a problem, made a response to a client.

use super::problem::{MEDIA_TYPE, Problem};
use super::request::{REQUEST_ID, is_hop_by_hop};
use crate::service::Response;
use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

/// Status, headers and body of a response.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// JSON that the server itself answers.
    pub(super) fn json(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Reply { status, headers, body: body.into() }
    }

    pub(super) fn problem(problem: Problem, request_id: &str) -> Self {
        let mut reply = Reply::json(problem.status, MEDIA_TYPE, problem.body(request_id));
        problem.put_header(&mut reply.headers);
        reply
    }

    /// What a service answered, without the headers that are the connection's business. The field
    /// `content-type` wins over the header. None where the answer cannot be sent on.
    pub(super) fn service(response: Response) -> Option<Self> {
        let mut headers = HeaderMap::with_capacity(response.headers.len().min(1_000) + 3);
        for (name, value) in response.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            if is_hop_by_hop(&name) || name == CONTENT_LENGTH {
                continue;
            }
            let value = HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?;
            headers.try_append(name, value).ok()?;
        }
        if let Some(content_type) = response.content_type {
            let value = HeaderValue::from_maybe_shared(Bytes::from(content_type)).ok()?;
            headers.insert(CONTENT_TYPE, value);
        }
        let status = StatusCode::from_u16(response.status).ok()?;
        Some(Reply { status, headers, body: response.body.into() })
    }

    /// Adds the request's id, and takes the body away where a response has none.
    pub(super) fn finish(mut self, method: &Method, id: HeaderValue) -> Self {
        self.headers.insert(REQUEST_ID, id);
        if self.status == StatusCode::NO_CONTENT || self.status == StatusCode::NOT_MODIFIED {
            self.body = Bytes::new();
        } else if method == Method::HEAD {
            // RFC 9110, section 9.3.2: the headers are those that GET would have.
            self.headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
            self.body = Bytes::new();
        }
        self
    }
}
