//! Cross-origin resource sharing, as in the Fetch standard: the host responds to preflights, and
//! adds the headers that allow pages of other origins to read a response.

use super::methods;
use super::problem::Problem;
use super::response;
use crate::config::{Cors, CorsOrigins};
use bytes::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{Method, Response};

/// The common prefix of the names of all CORS response headers.
const PREFIX: &str = "access-control-";

/// The requests that pages of other origins may send, and the responses that they may read.
#[derive(Debug)]
pub(super) struct CorsPolicy {
    origins: CorsOrigins,
    /// `None` allows the methods of the route.
    methods: Option<Vec<Method>>,
    /// `None` allows any headers.
    headers: Option<Vec<HeaderName>>,
    credentials: bool,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

/// A preflight to a path that has a CORS policy.
#[derive(Debug)]
pub(super) struct Preflight<'a> {
    pub(super) policy: &'a CorsPolicy,
    /// The pattern of the route that handles the method, or `None` if no route handles it.
    pub(super) route: Option<&'a str>,
    /// The method that the page wants to use.
    pub(super) method: Method,
    /// The methods that `route` handles. Empty for all methods; `None` if there is no route.
    pub(super) taken: Option<&'a [Method]>,
}

/// Returns the requested method if the request is a preflight.
pub(super) fn preflighted(head: &Parts) -> Option<Method> {
    if head.method != Method::OPTIONS || !head.headers.contains_key(ORIGIN) {
        return None;
    }
    let method = head.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(method.as_bytes()).ok()
}

impl CorsPolicy {
    pub(super) fn new(cors: &Cors) -> Self {
        let methods = cors.methods.as_ref().map(|methods| {
            methods.iter().filter_map(|method| method.as_str().parse().ok()).collect()
        });
        let headers = cors.headers.as_ref();
        let exposed = cors.expose_headers.join(", ");
        CorsPolicy {
            origins: cors.origins.clone(),
            methods,
            headers: headers.map(|all| all.iter().filter_map(|it| it.parse().ok()).collect()),
            credentials: cors.credentials && cors.origins != CorsOrigins::Any,
            exposed: HeaderValue::from_str(&exposed).ok().filter(|exposed| !exposed.is_empty()),
            max_age: cors.max_age.map(|time| HeaderValue::from(time.as_secs())),
        }
    }

    /// Removes any CORS headers that a service has set, because they could contradict the settings
    /// of the path. Adds `Vary: origin` if the policy lists origins, unless the response already
    /// varies by origin. Adds the CORS headers of the policy if the policy allows any origin or
    /// lists the request's.
    pub(super) fn finish(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let of_service: Vec<_> =
            response.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect();
        for name in of_service {
            response.remove(name);
        }
        if let Some(vary) = self.vary().filter(|_| !varies_by_origin(response)) {
            // Fails only if the header map cannot grow, which takes thousands of different headers.
            let _ = response.try_append(VARY, vary);
        }
        if let Some(origin) = self.allowed_origin(request) {
            self.allow(origin, response);
            if let Some(exposed) = &self.exposed {
                response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
            }
        }
    }

    fn allow(&self, origin: HeaderValue, response: &mut HeaderMap) {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// Returns the value of `Access-Control-Allow-Origin`, or `None` if the origin is not allowed.
    fn allowed_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let CorsOrigins::Listed(allowed) = &self.origins else {
            return Some(HeaderValue::from_static("*"));
        };
        let mut sent = request.get_all(ORIGIN).iter();
        let (origin, None) = (sent.next()?, sent.next()) else { return None };
        let is_allowed = allowed.iter().any(|allowed| origin.as_bytes() == allowed.as_bytes());
        is_allowed.then(|| origin.clone())
    }

    /// Returns the `Vary` header for HTTP caches, or `None` if the policy allows any origin.
    /// Responses to requests without an origin need this header too.
    fn vary(&self) -> Option<HeaderValue> {
        (self.origins != CorsOrigins::Any).then(|| HeaderValue::from_static("origin"))
    }
}

impl Preflight<'_> {
    /// Responds to the preflight.
    ///
    /// # Errors
    ///
    /// A problem without CORS headers, when the origin, the method or a header is not allowed, or
    /// the name of a header is malformed.
    pub(super) fn respond(&self, request: &HeaderMap) -> Result<Response<Bytes>, Problem> {
        let policy = self.policy;
        let refused = |what: &str| Problem::not_shared(what, policy.vary());
        let origin = policy.allowed_origin(request).ok_or_else(|| refused("this origin"))?;
        let allowed = self.methods().ok_or_else(|| refused("this method"))?;
        let requested =
            requested_headers(request).ok_or_else(|| refused("a malformed name of a header"))?;
        let mut headers = HeaderMap::with_capacity(6);
        policy.allow(origin, &mut headers);
        let names = match &policy.headers {
            None => &requested,
            Some(allowed) => {
                if let Some(other) = requested.iter().find(|name| !allowed.contains(name)) {
                    return Err(refused(&format!("the header {other}")));
                }
                allowed
            }
        };
        let names = names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ");
        let lists = [
            (ACCESS_CONTROL_ALLOW_METHODS, methods::list(&allowed)),
            (ACCESS_CONTROL_ALLOW_HEADERS, names),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            if let Ok(list) = HeaderValue::from_str(&list) {
                headers.insert(name, list);
            }
        }
        headers.extend(policy.max_age.clone().map(|time| (ACCESS_CONTROL_MAX_AGE, time)));
        headers.extend(policy.vary().map(|vary| (VARY, vary)));
        Ok(response::no_content(headers))
    }

    /// Returns the methods to list in the response, or `None` if the requested method is not
    /// allowed. If every method is allowed, returns only the requested one.
    fn methods(&self) -> Option<Vec<Method>> {
        let Preflight { policy, method, taken, .. } = self;
        let taken = (*taken)?;
        let allowed = match &policy.methods {
            None if taken.is_empty() => vec![method.clone()],
            None => taken.to_vec(),
            Some(allowed) => {
                let is_taken = |it: &&Method| taken.is_empty() || methods::take(taken, it);
                allowed.iter().filter(is_taken).cloned().collect()
            }
        };
        methods::take(&allowed, method).then_some(allowed)
    }
}

/// Returns the headers that a page wants to set, or `None` if a name is malformed.
fn requested_headers(request: &HeaderMap) -> Option<Vec<HeaderName>> {
    let lines = request.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let names = names.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    names.map(|name| HeaderName::from_bytes(name).ok()).collect()
}

fn varies_by_origin(response: &HeaderMap) -> bool {
    let lines = response.get_all(VARY).iter();
    let mut names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    names.any(|name| [&b"*"[..], b"origin"].contains(&&*name.trim_ascii().to_ascii_lowercase()))
}
