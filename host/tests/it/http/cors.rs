//! The requests that pages of other origins may send, depending on the CORS settings.

use super::callers::{group, of};
use super::client::{Reply, TestServer, post, route};
use super::protocols::{ask, request, speak};
use crate::support::patient;
use hostel::Limits;
use hostel::config::{Cors, CorsOrigins, Method, Route, RouteCors, Scheme, Server};
use hostel::http::HttpSettings;
use hyper::StatusCode;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;

const APP: &str = "https://app.example.com";
const PARTNER: &str = "https://partner.example.com";

/// Returns CORS settings that allow `origin` and one other origin, or all origins if `origin` is
/// `*`.
pub fn cors(origin: &str) -> Cors {
    Cors {
        origins: match origin {
            "*" => CorsOrigins::Any,
            origin => {
                CorsOrigins::Listed(vec!["https://first.example.com".to_owned(), origin.to_owned()])
            }
        },
        methods: None,
        headers: None,
        expose_headers: Vec::new(),
        credentials: false,
        max_age: None,
    }
}

fn with(cors: RouteCors, route: Route) -> Route {
    Route { cors, ..route }
}

/// Returns settings: the server allows `APP`, one route allows `PARTNER`, and another route has no
/// CORS.
fn settings() -> HttpSettings {
    let of_partner = Cors {
        methods: Some(vec![Method::Get, Method::Delete, Method::Put]),
        headers: Some(vec!["content-type".to_owned(), "x-a".to_owned()]),
        expose_headers: vec!["x-total".to_owned(), "x-request-id".to_owned()],
        credentials: true,
        max_age: Some(Duration::from_secs(600)),
        ..cors(PARTNER)
    };
    let mut closed = route("PUT", "/closed", "other.mirrors");
    closed.callers = Some(of("tokens"));
    HttpSettings {
        server: Server { cors: Some(cors(APP)), ..Server::default() },
        routes: vec![
            route("GET PUT", "/things/{id}", "guests.gone"),
            route("", "/any", "guests.mirrors"),
            closed,
            with(RouteCors::Own(of_partner), route("GET PUT PATCH", "/partner", "guests.mirrors")),
            with(RouteCors::Off, route("", "/off", "guests.responds-as-requested")),
        ],
        groups: vec![group("tokens", Scheme::Bearer)],
        ..HttpSettings::default()
    }
}

async fn server() -> TestServer {
    TestServer::with(patient(), settings()).await
}

fn preflight(path: &str, method: &str, origin: &str, headers: &str) -> String {
    format!(
        "OPTIONS {path} HTTP/1.1\r\nhost: a\r\norigin: {origin}\r\n\
         access-control-request-method: {method}\r\n{headers}\r\n"
    )
}

/// Returns the CORS headers of a response, named without `access-control-`, and `vary`.
fn shared(reply: &Reply) -> Vec<(String, String)> {
    let headers = reply.headers.iter().filter_map(|(name, value)| {
        let short = name.strip_prefix("access-control-").or((name == "vary").then_some("vary"))?;
        Some((short.to_owned(), value.clone()))
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    headers
}

#[track_caller]
fn check(reply: &Reply, expected: &[(&str, &str)]) {
    let shared = shared(reply);
    let shared: Vec<_> = shared.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(shared, expected, "{reply:?}");
}

#[tokio::test]
async fn a_preflight_gets_a_response_before_authentication_and_without_a_guest() {
    let server = server().await;
    for (path, method, headers, expected) in [
        // The route's service does not exist.
        ("/things/1", "PUT", "", &[("allow-methods", "GET, HEAD, PUT")][..]),
        ("/things/1", "HEAD", "", &[("allow-methods", "GET, HEAD, PUT")]),
        (
            "/closed",
            "PUT",
            "access-control-request-headers: Authorization, x-a\r\naccess-control-request-headers: x-b\r\n",
            &[("allow-headers", "authorization, x-a, x-b"), ("allow-methods", "PUT")],
        ),
        ("/any", "BREW", "", &[("allow-methods", "BREW")]),
        ("/any", "OPTIONS", "", &[("allow-methods", "OPTIONS")]),
        ("/services/guests.none", "POST", "", &[("allow-methods", "POST")]),
        ("/services", "GET", "", &[("allow-methods", "GET, HEAD")]),
    ] {
        let reply = server.send(preflight(path, method, APP, headers)).await.unwrap();
        assert_eq!((reply.status, &*reply.body), (204, ""), "{path}");
        assert_eq!((reply.header("content-length"), reply.header("content-type")), (None, None));
        let mut all = expected.to_vec();
        all.extend([("allow-origin", APP), ("vary", "origin")]);
        all.sort_unstable();
        check(&reply, &all);
    }
    let reply = server.send(preflight("/none", "GET", APP, "")).await.unwrap();
    assert_eq!(reply.problem(), (404, "not-found".to_owned()));
}

#[tokio::test]
async fn a_preflight_of_what_is_not_allowed_has_no_headers_of_cors() {
    let server = server().await;
    let headers = |names: &str| format!("access-control-request-headers: {names}\r\n");
    for (path, method, origin, headers) in [
        ("/things/1", "PUT", "https://evil.example.com", ""),
        ("/things/1", "PUT", "https://app.example.com.evil.com", ""),
        ("/things/1", "PUT", "http://app.example.com", ""),
        ("/things/1", "PUT", "HTTPS://APP.EXAMPLE.COM", ""),
        ("/things/1", "PUT", "null", ""),
        ("/things/1", "PUT", APP, &format!("origin: {APP}\r\n")),
        ("/things/1", "DELETE", APP, ""),
        ("/things/1", "put", APP, ""),
        ("/things/1", "PUT", APP, &headers("x a")),
        ("/services", "POST", APP, ""),
        ("/partner", "PUT", APP, ""),
        ("/partner", "PATCH", PARTNER, ""),
        ("/partner", "DELETE", PARTNER, ""),
        ("/partner", "PUT", PARTNER, &headers("x-a, x-b")),
    ] {
        let reply = server.send(preflight(path, method, origin, headers)).await.unwrap();
        let case = format!("{path} {method} {origin} {headers}");
        assert_eq!(reply.problem(), (403, "forbidden".to_owned()), "{case}");
        check(&reply, &[("vary", "origin")]);
    }
    // Without `access-control-request-method`, this request is not a preflight.
    let plain = format!("OPTIONS /things/1 HTTP/1.1\r\nhost: a\r\norigin: {APP}\r\n\r\n");
    assert_eq!(server.send(plain).await.unwrap().problem(), (405, "method-not-allowed".to_owned()));
}

#[tokio::test]
async fn a_route_has_its_own_settings() {
    let server = server().await;
    let asked = "access-control-request-headers: X-A\r\n";
    let reply = server.send(preflight("/partner", "PUT", PARTNER, asked)).await.unwrap();
    assert_eq!(reply.status, 204);
    check(
        &reply,
        &[
            ("allow-credentials", "true"),
            ("allow-headers", "content-type, x-a"),
            ("allow-methods", "GET, HEAD, PUT"),
            ("allow-origin", PARTNER),
            ("max-age", "600"),
            ("vary", "origin"),
        ],
    );
    let of_partner = [
        ("allow-credentials", "true"),
        ("allow-origin", PARTNER),
        ("expose-headers", "x-total, x-request-id"),
        ("vary", "origin"),
    ];
    // The route does not accept POST.
    for (method, status) in [("GET", 200), ("POST", 405)] {
        let request = format!("{method} /partner HTTP/1.1\r\nhost: a\r\norigin: {PARTNER}\r\n\r\n");
        let reply = server.send(request).await.unwrap();
        assert_eq!(reply.status, status);
        check(&reply, &of_partner);
    }
    let request = format!("GET /partner HTTP/1.1\r\nhost: a\r\norigin: {APP}\r\n\r\n");
    check(&server.send(request).await.unwrap(), &[("vary", "origin")]);
}

/// Checks the status of a response, and that only pages of an allowed origin may read the response.
async fn check_shown(server: &TestServer, line: &str, body: &str, status: u16) {
    for (origin, may_read) in [(APP, true), ("https://evil.example.com", false), ("", false)] {
        let header = match origin {
            "" => String::new(),
            origin => format!("origin: {origin}\r\n"),
        };
        let lines = format!("host: a\r\n{header}content-length: {}\r\n", body.len());
        let mut client = server.connect().await;
        client.send(format!("{line} HTTP/1.1\r\n{lines}\r\n{body}")).await;
        let reply = client.head_reply().await.unwrap();
        assert_eq!(reply.status, status, "{line}");
        match may_read {
            true => check(&reply, &[("allow-origin", APP), ("vary", "origin")]),
            false => check(&reply, &[("vary", "origin")]),
        }
    }
}

#[tokio::test]
async fn every_response_shows_whether_a_page_may_read_it() {
    let server = TestServer::with(Limits { request: 10, ..patient() }, settings()).await;
    for (line, body, status) in [
        ("POST /services/guests.mirrors", "", 200),
        ("HEAD /any", "", 200),
        ("GET /any", "", 200),
        ("PUT /closed", "", 401),
        ("GET /none", "", 404),
        ("GET /things/1", "", 404),
        ("GET /things/%zz", "", 400),
        ("DELETE /things/1", "", 405),
        ("POST /any", "more than ten", 413),
        ("POST /services/guests.exits", "", 500),
        ("POST /services/guests.returns-too-much", "", 502),
        ("OPTIONS *", "", 204),
    ] {
        check_shown(&server, line, body, status).await;
    }
    let short = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let server = TestServer::with(short, settings()).await;
    check_shown(&server, "POST /services/guests.spins", "", 504).await;
}

#[tokio::test]
async fn all_origins_are_one_for_caches() {
    let server = Server { cors: Some(cors("*")), ..Server::default() };
    let server = TestServer::limited(server).await;
    for header in ["", "origin: null\r\n", &format!("origin: {APP}\r\n")] {
        check(&server.post("mirrors", header, "").await, &[("allow-origin", "*")]);
    }
    let reply = server.send(preflight("/services", "GET", "null", "")).await.unwrap();
    check(&reply, &[("allow-methods", "GET, HEAD"), ("allow-origin", "*")]);
}

#[tokio::test]
async fn settings_win_over_headers_of_a_service() {
    let server = server().await;
    let told = |vary: &str| {
        let own = [
            ["access-control-allow-origin", "*"],
            ["access-control-allow-methods", "GET"],
            ["access-control-x", "1"],
            ["vary", vary],
        ];
        json!({"status": 200, "headers": own, "body": ""}).to_string()
    };
    let page = format!("origin: {APP}\r\n");
    let reply = server.post("responds-as-requested", &page, &told("accept")).await;
    check(&reply, &[("allow-origin", APP), ("vary", "accept"), ("vary", "origin")]);
    let reply = server.post("responds-as-requested", &page, &told("accept, Origin")).await;
    check(&reply, &[("allow-origin", APP), ("vary", "accept, Origin")]);
    // On a route without CORS, the service itself handles preflights.
    let body = told("accept");
    let length = format!("content-length: {}\r\n", body.len());
    let request = preflight("/off", "PUT", APP, &length) + &body;
    let own = [("allow-methods", "GET"), ("allow-origin", "*"), ("vary", "accept"), ("x", "1")];
    check(&server.send(request).await.unwrap(), &own);
}

#[tokio::test]
async fn the_body_of_a_preflight_is_not_a_request() {
    let server = server().await;
    let smuggled = "GET /services HTTP/1.1\r\nhost: a\r\n\r\n";
    let length = format!("content-length: {}\r\n", smuggled.len());
    let mut client = server.connect().await;
    client.send(preflight("/any", "PUT", APP, &length) + smuggled).await;
    client.send(post("mirrors", "", "last")).await;
    assert_eq!(client.reply().await.unwrap().status, 204);
    let next = client.reply().await;
    assert!(next.is_none_or(|next| next.json()["body"] == "last"));
}

#[tokio::test]
async fn preflights_have_access_lines_of_their_own() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let access: hostel::AccessSink = {
        let lines = Arc::clone(&lines);
        Arc::new(move |line| {
            let line = format!("{} {} {} {:?}", line.method, line.path, line.status, line.service);
            lines.lock().unwrap().push(line);
        })
    };
    let settings = HttpSettings { access: Some(access), ..settings() };
    let server = TestServer::with(patient(), settings).await;
    server.send(preflight("/any", "PUT", APP, "")).await.unwrap();
    server.send(preflight("/any", "PUT", PARTNER, "")).await.unwrap();
    let expected = ["OPTIONS /any 204 \"\"", "OPTIONS /any 403 \"\""];
    assert_eq!(*lines.lock().unwrap(), expected);
}

#[tokio::test]
async fn http2_has_the_same_cors() {
    let server = server().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    for (origin, status) in [(APP, StatusCode::NO_CONTENT), (PARTNER, StatusCode::FORBIDDEN)] {
        let mut preflight = request(hyper::Method::OPTIONS, "/things/1");
        let headers = preflight.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        headers.insert("access-control-request-method", "PUT".parse().unwrap());
        assert_eq!(ask(&client, preflight, "").await.unwrap().0, status);
    }
}
