//! How HTTP requests reach a guest, and how its responses reach the client.

use super::client::{Reply, SOON, TestServer, post, route};
use crate::support::patient;
use hostel::Limits;
use hostel::config::Server;
use hostel::http::HttpSettings;
use serde_json::{Value, json};
use std::time::Duration;

fn routed() -> HttpSettings {
    let routes = vec![
        route("GET PUT", "/things/{id}/{part}", "guests.mirrors"),
        route("GET", "/told/{status}", "guests.responds-as-requested"),
        route("", "/any", "guests.mirrors"),
        route("GET", "/gone", "guests.gone"),
    ];
    HttpSettings { routes, ..HttpSettings::default() }
}

#[tokio::test]
async fn a_guest_sees_a_request_as_it_was_sent() {
    let server = TestServer::with(patient(), routed()).await;
    let reply = server
        .send(
            "PUT /things/a%2Fb%20c/%C5%BE?x=%41&y HTTP/1.1\r\nHost: shop.example:80\r\nX-B: 2\r\nx-a: 1\r\n\
             X-B: 3\r\ncontent-type: text/x; y=z\r\nx-request-id: my.id_1-2\r\nauthorization: Bearer t\r\n\
             connection: keep-alive, X-Gone\r\nx-gone: 1\r\nconnection: x-too\r\nx-too: 1\r\n\
             cookie: a=1\r\nCookie: b=2; c=3\r\nte: trailers\r\nx-hostel-caller: me\r\n\
             content-length: 3\r\n\r\nabc",
        )
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("x-request-id"), Some("my.id_1-2"));
    let mut told = reply.json();
    let client = told["http"]["client"].take();
    assert!(client.as_str().unwrap().starts_with("127.0.0.1:"), "{client}");
    let mut headers = told["http"]["headers"].take();
    headers.as_array_mut().unwrap().sort_by_key(Value::to_string);
    let sent = json!([
        ["authorization", "Bearer t"],
        ["content-length", "3"],
        ["content-type", "text/x; y=z"],
        ["cookie", "a=1; b=2; c=3"],
        ["host", "shop.example:80"],
        ["x-a", "1"],
        ["x-b", "2"],
        ["x-b", "3"],
        ["x-request-id", "my.id_1-2"],
    ]);
    assert_eq!(headers, sent);
    let expected = json!({
        "service": "mirrors", "id": "my.id_1-2", "type": "text/x; y=z", "body": "abc",
        "http": {
            "method": "PUT", "path": "/things/a%2Fb%20c/%C5%BE", "query": "x=%41&y",
            "params": [["id", "a/b c"], ["part", "ž"]], "authority": "shop.example:80",
            "client": null, "headers": null,
        },
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_request_without_a_good_id_gets_one() {
    let server = TestServer::new().await;
    let mut ids = Vec::new();
    let long = "a".repeat(129);
    for header in ["", "x-request-id: \r\n", "x-request-id: a b\r\n", "x-request-id: a/b\r\n"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("x-request-id: {long}\r\n")])
    {
        let reply = server.post("mirrors", &header, "").await;
        let id = reply.header("x-request-id").unwrap().to_owned();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_eq!(reply.json()["id"], *id);
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    let kept = format!("x-request-id: {}\r\n", &long[1..]);
    assert_eq!(server.post("mirrors", &kept, "").await.json()["id"], long[1..]);
}

#[tokio::test]
async fn services_are_listed() {
    let server = TestServer::new().await;
    let reply = server.send("GET /services HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let list = reply.json();
    let list = list["services"].as_array().unwrap();
    assert!(list.contains(&json!({ "name": "guests.spins", "description": "" })), "{list:?}");
}

/// Checks the status and problem code of a refused request.
async fn check(server: &TestServer, request: &str, status: u16, code: &str) -> Reply {
    let request = format!("{request} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    let reply = server.send(&request).await.unwrap();
    assert_eq!(reply.problem(), (status, code.to_owned()), "{request}");
    reply
}

#[tokio::test]
async fn a_request_without_a_target_gets_the_reason() {
    let server = TestServer::with(patient(), routed()).await;
    for path in ["/", "/services/none", "/services/guests.none", "/services/guests", "/things/a"] {
        check(&server, &format!("POST {path}"), 404, "not-found").await;
    }
    check(&server, "GET /gone", 404, "not-found").await;
    check(&server, "GET /things/%ff/b", 400, "bad-request").await;
    check(&server, "GET /things/%zz/b", 400, "bad-request").await;
    for (request, allow) in [
        ("GET /services/guests.mirrors", "POST"),
        ("DELETE /services", "GET, HEAD"),
        ("POST /things/a/b", "GET, HEAD, PUT"),
        ("get /things/a/b", "GET, HEAD, PUT"),
    ] {
        let reply = check(&server, request, 405, "method-not-allowed").await;
        assert_eq!(reply.header("allow"), Some(allow), "{request}");
    }
}

#[tokio::test]
async fn a_failure_has_the_status_of_its_kind() {
    let server = TestServer::new().await;
    for (kind, status) in [
        ("bad-request", 400),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("not-found", 404),
        ("method-not-allowed", 405),
        ("conflict", 409),
        ("too-many-requests", 429),
        ("internal", 500),
        ("unavailable", 503),
    ] {
        let reply = server.post("fails", "", &format!("\"{kind}\"")).await;
        assert_eq!(reply.problem(), (status, kind.to_owned()));
        let detail = reply.json()["detail"].take();
        assert_eq!(detail == "said\\nno", status < 500, "{detail}");
    }
}

#[tokio::test]
async fn faults_of_a_guest_are_only_in_the_log() {
    let short = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let mut server = TestServer::with(short, HttpSettings::default()).await;
    let told = "the call ran longer than 300ms: raise `limits.time`";
    check_wrong(&mut server, ("spins", 504, "timeout", told)).await;
    let mut server = TestServer::new().await;
    for wrong in [
        ("exits", 500, "internal", "the guest called exit: a service ends by returning"),
        (
            "returns-a-bad-status",
            502,
            "bad-answer",
            "the guest broke the contract: status 99 is not within 200 to 599",
        ),
        (
            "returns-too-much",
            502,
            "bad-answer",
            "the response is larger than 8.0 MiB: raise `limits.response`",
        ),
        (
            "grows",
            500,
            "internal",
            "the guest needed more memory than 64.0 MiB: raise `limits.memory`",
        ),
    ] {
        check_wrong(&mut server, wrong).await;
    }
}

/// Checks the response to a call of a service, and the line that is logged.
async fn check_wrong(
    server: &mut TestServer,
    (service, status, code, line): (&str, u16, &str, &str),
) {
    let reply = server.post(service, "", "").await;
    assert_eq!(reply.problem(), (status, code.to_owned()), "{service}");
    assert!(!reply.body.contains("limits."), "{reply:?}");
    server.line(&format!("guests.{service}: {line}")).await;
}

/// Lets the service `responds-as-requested` return the response that `told` describes.
async fn told(server: &TestServer, told: Value) -> Reply {
    server.post("responds-as-requested", "", &told.to_string()).await
}

#[tokio::test]
async fn a_response_is_the_guests_but_for_the_connection() {
    let server = TestServer::new().await;
    let headers = json!([
        ["x-a", "1"],
        ["x-a", "2"],
        ["content-type", "lost/x"],
        ["connection", "close"],
        ["transfer-encoding", "chunked"],
        ["content-length", "99"],
        ["keep-alive", "1"],
        ["upgrade", "h9"],
        ["x-request-id", "lost"],
    ]);
    let reply =
        told(&server, json!({"status": 201, "type": "a/b", "headers": headers, "body": "made"}))
            .await;
    assert_eq!((reply.status, &*reply.body), (201, "made"));
    let mut names: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "content-type", "date", "x-a", "x-a", "x-request-id"]);
    assert_eq!(reply.header("content-type"), Some("a/b"));
    assert_ne!(reply.header("x-request-id"), Some("lost"));

    let only = json!([["content-type", "kept/x"]]);
    let reply = told(&server, json!({"status": 200, "headers": only, "body": ""})).await;
    assert_eq!(reply.header("content-type"), Some("kept/x"));
    assert_eq!(reply.header("content-length"), Some("0"));
}

#[tokio::test]
async fn some_responses_have_no_body_even_if_the_guest_sets_one() {
    let server = TestServer::with(patient(), routed()).await;
    let mut client = server.connect().await;
    for status in [204, 304] {
        let told = json!({"status": status, "body": "ignored"}).to_string();
        client.send(post("responds-as-requested", "", &told)).await;
        let reply = client.reply().await.unwrap();
        assert_eq!((reply.status, reply.header("content-length")), (status, None));
    }
    let told = json!({"status": 205, "body": "ignored"}).to_string();
    client.send(post("responds-as-requested", "", &told)).await;
    let reply = client.reply().await.unwrap();
    assert_eq!((reply.status, reply.header("content-length"), &*reply.body), (205, Some("0"), ""));
    client.send("HEAD /any HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let reply = client.head_reply().await.unwrap();
    let length: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert!(reply.status == 200 && length > 100, "{reply:?}");
    client.send("HEAD /none HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.head_reply().await.unwrap().status, 404);
    client.send("HEAD /services HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.head_reply().await.unwrap().status, 200);
    client.send(post("mirrors", "", "last")).await;
    assert_eq!(client.reply().await.unwrap().json()["body"], "last", "nothing is left over");
}

#[tokio::test]
async fn a_body_has_a_limit_however_it_is_sent() {
    let limits = Limits { request: 10, ..patient() };
    let server = TestServer::with(limits, HttpSettings::default()).await;
    assert_eq!(server.post("mirrors", "", "0123456789").await.json()["body"], "0123456789");
    let large = |status: Option<Reply>| status.unwrap().problem() == (413, "too-large".to_owned());
    let head = "POST /services/guests.mirrors HTTP/1.1\r\nhost: a\r\n";
    let announced = format!("{head}content-length: 11\r\n\r\n");
    assert!(large(server.send(&announced).await), "before any of it is read");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let fits = format!("{chunked}5;x=y\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    assert_eq!(server.send(&fits).await.unwrap().json()["body"], "0123456789");
    let endless = format!("{chunked}5\r\n01234\r\n6\r\n567890\r\n");
    assert!(large(server.send(&endless).await), "before its end");
    let flood = format!("{chunked}{:x}\r\n{}", 1 << 20, "x".repeat(1 << 20));
    assert!(large(server.send(&flood).await), "a client that continues to send reads the response");
}

#[tokio::test]
async fn a_client_that_expects_100_sends_a_body_only_if_it_is_accepted() {
    let server = TestServer::new().await;
    let mut client = server.connect().await;
    let expects = "expect: 100-continue\r\n";
    let request = post("mirrors", expects, "body");
    let (head, body) = request.split_at(request.len() - 4);
    client.send(head).await;
    assert_eq!(client.reply().await.unwrap().status, 100);
    client.send(body).await;
    assert_eq!(client.reply().await.unwrap().json()["body"], "body");
    for (request, status) in [
        (post("none", expects, "body"), 404),
        (post("mirrors", expects, "body").replace("POST", "PUT"), 405),
        (post("mirrors", expects, &"x".repeat(9 << 20)), 413),
        (post("mirrors", "expect: more\r\n", "body"), 417),
    ] {
        let (head, _) = request.split_once("\r\n\r\n").unwrap();
        let reply = server.send(format!("{head}\r\n\r\n")).await.unwrap();
        assert_eq!(reply.status, status, "no 100 comes first");
    }
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let server = TestServer::limited(Server { body_time: SOON, ..Server::default() }).await;
    let request = post("mirrors", "", "body");
    let reply = server.send(&request[..request.len() - 1]).await.unwrap();
    assert_eq!(reply.problem(), (408, "request-timeout".to_owned()));
    server.check_serves("a slow body").await;
}
