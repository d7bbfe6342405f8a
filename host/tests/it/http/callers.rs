//! Authentication of callers, and the caller's name that a guest receives.

use super::client::{TestServer, post, route};
use crate::support::patient;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hostel::config::{CallerGroup, Callers, Credential, Scheme, SecretHash, Server};
use hostel::http::{HttpError, HttpSettings, run};
use hostel::{AccessLine, AccessSink, Host, PluginName, Settings};
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;

pub fn group(name: &str, scheme: Scheme) -> CallerGroup {
    let hash = |secret: &str| match scheme {
        Scheme::Bearer => SecretHash::of_token(secret.as_bytes()),
        Scheme::Basic => SecretHash::of_password(secret.as_bytes()),
    };
    let credential = |caller: &str, secret: &str| Credential {
        caller: caller.to_owned(),
        hash: hash(secret).unwrap(),
    };
    let credentials = vec![
        credential("ann", "the-long-secret-of-ann"),
        credential("ben", "the-long-secret-of-ben"),
    ];
    CallerGroup { name: name.to_owned(), scheme, credentials }
}

pub fn of(group: &str) -> Callers {
    Callers::Group(group.to_owned())
}

/// Returns settings in which the server requires tokens, the plugin `other` requires passwords, and
/// one route is open.
fn settings() -> HttpSettings {
    let mut open = route("POST", "/open", "guests.mirrors");
    open.callers = Some(Callers::Open);
    HttpSettings {
        server: Server { callers: of("tokens"), ..Server::default() },
        routes: vec![open, route("POST", "/by-name", "other.mirrors")],
        groups: vec![group("tokens", Scheme::Bearer), group("people", Scheme::Basic)],
        plugins: [(PluginName::new("other").unwrap(), of("people"))].into(),
        ..HttpSettings::default()
    }
}

async fn server() -> TestServer {
    TestServer::with(patient(), settings()).await
}

/// Checks the status and the challenge of the response to a `POST` with this `Authorization`
/// header, or without one if `sent` is empty.
async fn check(server: &TestServer, path: &str, sent: &str, expected: (u16, Option<&str>)) {
    let header = if sent.is_empty() { String::new() } else { format!("authorization: {sent}\r\n") };
    let request = post("mirrors", &header, "").replace("/services/guests.mirrors", path);
    let reply = server.send(request).await.unwrap();
    assert_eq!((reply.status, reply.header("www-authenticate")), expected, "{path} {sent}");
}

#[tokio::test]
async fn the_callers_are_those_of_the_route_then_the_plugin_then_the_server() {
    let server = server().await;
    let (ok, bearer) = ((200, None), (401, Some("Bearer")));
    let basic = (401, Some("Basic realm=\"hostel\", charset=\"UTF-8\""));
    let ann = format!("Basic {}", BASE64_STANDARD.encode("ann:the-long-secret-of-ann"));
    let guests = "/services/guests.mirrors";
    check(&server, guests, "Bearer the-long-secret-of-ann", ok).await;
    check(&server, guests, "Bearer the-long-secret-of-cid", bearer).await;
    check(&server, guests, "", bearer).await;
    check(&server, "/open", "", ok).await;
    check(&server, "/open", "Bearer wrong", ok).await;
    for path in ["/services/other.mirrors", "/by-name"] {
        check(&server, path, &ann, ok).await;
        check(&server, path, "Bearer the-long-secret-of-ann", basic).await;
        check(&server, path, "", basic).await;
    }
    check(&server, "/services/none.at-all", "", bearer).await;
    check(&server, "/services/none.at-all", "Bearer the-long-secret-of-ann", (404, None)).await;
    let list = server.send("GET /services HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(list.problem(), (401, "unauthorized".to_owned()));
}

#[tokio::test]
async fn a_guest_sees_the_caller_and_never_the_secret() {
    let server = server().await;
    let headers = "authorization: Bearer the-long-secret-of-ben\r\nx-hostel-caller: ann\r\n";
    let reply = server.post("mirrors", headers, "").await;
    assert!(!reply.body.contains("secret") && !reply.body.contains("authorization"), "{reply:?}");
    let headers = reply.json()["http"]["headers"].take();
    let callers: Vec<_> =
        headers.as_array().unwrap().iter().filter(|h| h[0] == "x-hostel-caller").collect();
    assert_eq!(callers, [&json!(["x-hostel-caller", "ben"])]);
}

#[tokio::test]
async fn each_request_has_an_access_line_with_caller_and_service() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let access: AccessSink = Arc::new(move |line| {
        let AccessLine { request_id, method, path, status, bytes, caller, service, .. } = *line;
        let line = format!("{request_id} {method} {path} {status} {bytes} {caller:?} {service:?}");
        tell.send(line).unwrap();
    });
    let settings = HttpSettings { access: Some(access), ..settings() };
    let server = TestServer::with(patient(), settings).await;
    let id = "x-request-id: 7\r\n";
    let ann = format!("{id}authorization: Bearer the-long-secret-of-ann\r\n");
    for (headers, line) in [
        (&*ann, "\"ann\" \"guests.mirrors\""),
        ("x-request-id: 7\r\nauthorization: Bearer the-wrong\r\n", "\"\" \"\""),
    ] {
        let request = post("mirrors", headers, "").replacen(" HTTP", "?secret HTTP", 1);
        let reply = server.send(request).await.unwrap();
        let (status, bytes) = (reply.status, reply.body.len());
        let line = format!("7 POST /services/guests.mirrors {status} {bytes} {line}");
        assert_eq!(told.recv().await, Some(line));
    }
}

#[tokio::test]
async fn a_refused_body_is_not_asked_for() {
    let server = server().await;
    let request = post("mirrors", "expect: 100-continue\r\n", "body");
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(server.send(format!("{head}\r\n\r\n")).await.unwrap().status, 401);
}

#[tokio::test]
async fn guessing_gets_slow() {
    let server = server().await;
    let begun = std::time::Instant::now();
    for _ in 0..7 {
        assert_eq!(server.post("mirrors", "authorization: Bearer x\r\n", "").await.status, 401);
    }
    assert!(begun.elapsed().as_millis() >= 150, "the sixth waits 50 ms, the seventh 100");
}

#[tokio::test]
async fn a_group_that_is_not_there_keeps_the_server_from_starting() {
    for (place, settings) in [
        (
            "the server",
            HttpSettings {
                server: Server { callers: of("x"), ..Server::default() },
                ..HttpSettings::default()
            },
        ),
        (
            "the plugin a",
            HttpSettings {
                plugins: [(PluginName::new("a").unwrap(), of("x"))].into(),
                ..HttpSettings::default()
            },
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Arc::new(Host::new(Settings::default()).unwrap());
        let error = run(listener, host, settings, std::future::pending()).await.unwrap_err();
        assert!(
            matches!(&error, HttpError::UnknownGroup { place: p, .. } if p == place),
            "{error}"
        );
    }
}
