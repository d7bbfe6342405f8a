//! The admin interface. The docs of the module `http` have a table of its paths.

mod caches;
mod plugins;
mod query;

use super::path::segments;
use super::problem::Problem;
use super::{request, response};
use crate::plugin::{Deployment, Host, Readiness};
use bytes::Bytes;
use hyper::header::{HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;

const TEXT: &str = "text/plain";

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Responds to requests to the admin interface.
pub(super) struct AdminApi {
    pub(super) deployment: Arc<Deployment>,
    /// True if callers must send a token.
    pub(super) has_token: bool,
}

/// The header in which a browser reports the relation between the requesting page and the target:
/// `same-origin`, `same-site`, `cross-site`, or `none` without such a page.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request if its headers show that a web page of another origin sent it, for example of
/// another port. A browser on this machine, or a browser with stored credentials, would send such a
/// request with the rights of its user.
///
/// Browsers send `Origin` with each request that may change something, and `Sec-Fetch-Site` with
/// each request to an address that they trust, such as 127.0.0.1. A GET to another address may have
/// neither header, but the browser does not let the page read the response. Programs other than
/// browsers usually send neither header.
pub(super) fn check_site(head: &Parts) -> Result<(), Problem> {
    let own = format!("http://{}", request::authority(head).unwrap_or_default());
    let is_own = |origin: &[u8]| origin.eq_ignore_ascii_case(own.as_bytes());
    let is_same_site = |site: &[u8]| site == b"same-origin" || site == b"none";
    if !head.headers.get_all(ORIGIN).iter().all(|origin| is_own(origin.as_bytes())) {
        return Err(Problem::of_another_site(&ORIGIN));
    }
    if !head.headers.get_all(SEC_FETCH_SITE).iter().all(|site| is_same_site(site.as_bytes())) {
        return Err(Problem::of_another_site(&SEC_FETCH_SITE));
    }
    Ok(())
}

impl AdminApi {
    /// True if a path is open to every client, including web pages. A probe changes nothing, and
    /// reveals only whether the server is ready, and the names of unavailable plugins and caches.
    pub(super) fn is_probe(path: &str) -> bool {
        path == "/healthz" || path == "/readyz"
    }

    /// If the interface requires no token, refuses a request whose `Host` is neither an IP address
    /// nor `localhost`. Without this check, a web page could make its site's name resolve to this
    /// machine (DNS rebinding). A browser on this machine would then send the page's requests to
    /// this listener.
    pub(super) fn check_host(&self, head: &Parts) -> Result<(), Problem> {
        let host = request::authority(head).and_then(|host| Authority::try_from(host).ok());
        let is_local = |host: &str| {
            let address = host.trim_start_matches('[').trim_end_matches(']');
            address.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
        };
        match host {
            Some(host) if !self.has_token && !is_local(host.host()) => {
                let detail = "without a token, Host must be an IP address or localhost";
                Err(Problem::bad_request(detail))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn respond(
        &self,
        host: &Host,
        method: &Method,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Response<Bytes>, Problem> {
        let segments = segments(path).ok_or_else(Problem::malformed_path)?;
        let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
        if let ["caches", name, rest @ ..] = segments.as_slice() {
            return caches::respond(host, name, method, rest, query, body).await;
        }
        let response = match segments.as_slice() {
            ["healthz"] => response::new(StatusCode::OK, TEXT, "ok\n"),
            ["readyz"] => ready(&self.deployment.readiness().await)?,
            ["metrics"] => {
                let text = host.metrics().await.map_err(|_| Problem::no_metrics())?;
                response::new(StatusCode::OK, OPENMETRICS, text)
            }
            ["plugins"] => plugins::list(&self.deployment),
            ["caches"] => caches::list(host, query).await?,
            [""] => response::new(StatusCode::OK, response::JSON, index()),
            _ => {
                let detail = "the admin interface has no such path: GET / lists its paths";
                return Err(Problem::not_found(detail));
            }
        };
        match *method {
            Method::GET | Method::HEAD => Ok(response),
            _ => Err(Problem::method_not_allowed("GET, HEAD")),
        }
    }
}

/// The rows of the list of paths: the methods without HEAD, the path and a description.
const ENDPOINTS: &[(&str, &str, &str)] = &[
    ("GET", "/", "lists these paths"),
    ("GET", "/healthz", "200 while the server runs"),
    ("GET", "/readyz", "200 once all configured plugins serve or were refused, 503 before"),
    ("GET", "/metrics", "metrics, as OpenMetrics text"),
    ("GET", "/plugins", "every plugin: its version, state, services and grants"),
    ("GET", "/caches", "every cache with its counts"),
    ("GET", "/caches/{cache}/entries", "keys, by prefix, after and limit"),
    ("DELETE", "/caches/{cache}/entries", "removes all entries"),
    ("DELETE", "/caches/{cache}/prefixes/{prefix}", "removes a page of entries by prefix"),
    ("GET, PUT, DELETE", "/caches/{cache}/entries/{key}", "reads, stores or removes an entry"),
    ("GET", "/caches/{cache}/entries/{key}/exists", "whether the entry exists"),
    ("GET", "/caches/{cache}/entries/{key}/ttl", "the entry's seconds left"),
    ("POST", "/caches/{cache}/entries/{key}/increment", "adds to an integer"),
];

/// Returns the list of paths as JSON, one row on each line for human readers.
fn index() -> String {
    let row = |(methods, path, what): &(&str, &str, &str)| {
        let methods: Vec<_> = methods.split(", ").collect();
        format!("    {}", serde_json::json!({ "path": path, "methods": methods, "what": what }))
    };
    let rows: Vec<_> = ENDPOINTS.iter().map(row).collect();
    format!("{{\n  \"endpoints\": [\n{}\n  ]\n}}\n", rows.join(",\n"))
}

/// Responds to the readiness probe. The response names unavailable plugins and caches, but omits
/// the reasons, because a probe needs no token.
fn ready(readiness: &Readiness) -> Result<Response<Bytes>, Problem> {
    if !readiness.is_ready {
        return Err(Problem::not_ready(readiness));
    }
    let mut body = "ready\n".to_owned();
    for (what, names) in
        [("refused", &readiness.refused), ("caches unavailable", &readiness.unavailable)]
    {
        if !names.is_empty() {
            body.push_str(&format!("{what}: {}\n", names.join(", ")));
        }
    }
    Ok(response::new(StatusCode::OK, TEXT, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_token_host_must_be_an_address() {
        let deployment = || {
            let host = Host::new(crate::Settings::default()).unwrap();
            Arc::new(Deployment::new(Arc::new(host), Vec::new(), None, None))
        };
        let is_refused = |has_token, host: &str| {
            let by_header = hyper::Request::builder().header("host", host);
            let by_target = hyper::Request::builder().uri(format!("http://{host}/caches"));
            let refused = [by_header, by_target.header("host", "localhost")].map(|request| {
                let head = request.body(()).unwrap().into_parts().0;
                AdminApi { deployment: deployment(), has_token }.check_host(&head).is_err()
            });
            assert_eq!(refused[0], refused[1], "{host}");
            refused[0]
        };
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081", "10.0.0.1"] {
            assert!(!is_refused(false, host), "{host}");
        }
        assert!(is_refused(false, "evil.example:8081") && !is_refused(true, "ops.example"));
    }

    #[test]
    fn only_the_own_origin_and_programs_are_of_no_other_site() {
        #[track_caller]
        fn check(host: &str, header: &str, value: &str, is_own: bool) {
            let request = hyper::Request::builder().header("host", host).header(header, value);
            let head = request.body(()).unwrap().into_parts().0;
            assert_eq!(check_site(&head).is_ok(), is_own, "{host} {header} {value}");
        }
        let at = "127.0.0.1:8081";
        check(at, "accept", "*/*", true);
        check(at, "origin", "http://127.0.0.1:8081", true);
        check("Ops.example", "origin", "http://ops.example", true);
        check("[::1]:8081", "origin", "http://[::1]:8081", true);
        for other in ["http://127.0.0.1:8080", "https://127.0.0.1:8081", "http://127.0.0.1", "null"]
        {
            check(at, "origin", other, false);
        }
        check(at, "origin", "http://localhost:8081", false);
        check(at, "origin", "", false);
        for (site, is_own) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            check(at, "sec-fetch-site", site, is_own);
        }
        check(at, "sec-fetch-site", "", false);
    }
}
