//! Invalid and unusual HTTP/1: the server responds to each request or closes the connection, and
//! serves other clients normally.

use super::client::{TestServer, post};
use hostel::config::Server;

/// Sends bytes on a new connection and checks the statuses of the responses. If the HTTP library
/// itself refuses a request, the response has no request id, and the server closes the connection.
async fn check(server: &TestServer, what: &str, bytes: impl AsRef<[u8]>, statuses: &[u16]) {
    let mut client = server.connect().await;
    client.send(bytes).await;
    let mut closes = false;
    for status in statuses {
        let reply = client.reply().await;
        assert_eq!(reply.as_ref().map(|reply| reply.status), Some(*status), "{what}: {reply:?}");
        closes = reply.is_some_and(|reply| reply.header("x-request-id").is_none());
    }
    if closes {
        assert_eq!(client.rest().await, "", "{what}: it closes");
    }
    server.check_serves(what).await;
}

/// Returns a request with these lines after the request line.
fn with(lines: &str) -> String {
    format!("POST /services/guests.mirrors HTTP/1.1\r\n{lines}\r\n")
}

#[tokio::test]
async fn a_malformed_first_line_is_refused() {
    let server = TestServer::new().await;
    let host = "host: a\r\n\r\n";
    for (what, line, statuses) in [
        ("HTTP/0.9", "GET /\r\n", &[400][..]),
        ("HTTP/3", "GET / HTTP/3.0\r\n", &[400]),
        ("HTTP/2 in HTTP/1", "GET / HTTP/2.0\r\n", &[400]),
        ("no version", "GET / \r\n", &[400]),
        ("two spaces", "GET  / HTTP/1.1\r\n", &[400]),
        ("a space in the path", "GET /a b HTTP/1.1\r\n", &[400]),
        ("a control character in the path", "GET /a\x01 HTTP/1.1\r\n", &[400]),
        ("a bad method", "G(T / HTTP/1.1\r\n", &[400]),
        ("no method", " / HTTP/1.1\r\n", &[400]),
        ("a relative path", "GET services HTTP/1.1\r\n", &[400]),
        ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\x00\x03\x03\r\n", &[400]),
        ("half a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", &[400]),
    ] {
        check(&server, what, format!("{line}{host}"), statuses).await;
    }
}

#[tokio::test]
async fn unusual_targets_are_refused_or_matched_exactly() {
    let server = TestServer::new().await;
    for (target, status) in [
        ("POST http://other/services/guests.mirrors", 200),
        ("POST /services/../services/guests.mirrors", 404),
        ("POST /services/%2e%2e/guests.mirrors", 404),
        ("POST /services/guests%2Emirrors", 200),
        ("POST /services/guests.mirrors%00", 404),
        ("POST //services/guests.mirrors", 404),
        ("POST /services/guests.mirrors/", 404),
        ("OPTIONS *", 204),
        ("GET *", 400),
        ("OPTIONS a", 400),
        ("CONNECT a:80", 404),
        ("TRACE /services", 405),
    ] {
        let request = format!("{target} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
        check(&server, target, request, &[status]).await;
    }
    let query = "q".repeat(1 << 20);
    let request = format!("POST /services/guests.mirrors?{query} HTTP/1.1\r\nhost: a\r\n\r\n");
    let reply = server.send(request).await;
    assert!(reply.is_none_or(|reply| [414, 431].contains(&reply.status)));
    server.check_serves("a long query").await;
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = TestServer::new().await;
    for (what, lines, status) in [
        ("no host", "", 400),
        ("two hosts", "host: a\r\nhost: a\r\n", 400),
        ("a host with a space", "host: a b\r\n", 400),
        ("a host with a user", "host: me@a\r\n", 400),
        ("a host with a path", "host: a/b\r\n", 400),
        ("a host with a word as its port", "host: a:b\r\n", 400),
        ("a host with too high a port", "host: a:65536\r\n", 400),
        ("a host with an empty port", "host: a:\r\n", 200),
        ("an empty host", "host:\r\n", 200),
        ("a host with a port", "host: a:80\r\n", 200),
        ("an address", "host: [::1]:80\r\n", 200),
    ] {
        let request = with(&format!("{lines}content-length: 0\r\n"));
        let reply = server.send(request).await;
        assert_eq!(reply.map(|reply| reply.status), Some(status), "{what}");
        server.check_serves(what).await;
    }
    let old = "POST /services/guests.mirrors HTTP/1.0\r\n\r\n";
    let mut client = server.connect().await;
    client.send(old).await;
    assert_eq!(client.reply().await.unwrap().status, 200, "HTTP/1.0 does not require it");
    assert_eq!(client.rest().await, "", "and closes");
}

#[tokio::test]
async fn malformed_headers_are_refused() {
    let server = TestServer::new().await;
    for (what, line) in [
        ("a space before the colon", "x-a : 1"),
        ("a folded line", "x-a: 1\r\n 2"),
        ("a name with a space", "x a: 1"),
        ("no colon", "x-a"),
        ("no name", ": 1"),
        ("NUL in a value", "x-a: \x00"),
        ("CR in a value", "x-a: 1\r2"),
        ("a name that is not a token", "x(a): 1"),
    ] {
        check(&server, what, with(&format!("host: a\r\n{line}\r\n")), &[400]).await;
    }
}

#[tokio::test]
async fn a_body_has_one_length() {
    let server = TestServer::new().await;
    for (what, lines) in [
        ("negative", "content-length: -1"),
        ("signed", "content-length: +1"),
        ("hexadecimal", "content-length: 0x1"),
        ("no number", "content-length: one"),
        ("empty", "content-length:"),
        ("larger than any number", "content-length: 99999999999999999999"),
        ("two lengths", "content-length: 1\r\ncontent-length: 2"),
        ("a list of lengths", "content-length: 1, 1"),
        ("chunked twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked"),
        ("chunked twice in a list", "transfer-encoding: chunked, chunked"),
        ("chunked not last", "transfer-encoding: chunked, gzip"),
        ("compressed", "transfer-encoding: gzip, chunked"),
        ("another word", "transfer-encoding: xchunked"),
        ("chunked by a tab", "transfer-encoding: \x0bchunked"),
    ] {
        let lines = format!("host: a\r\n{lines}\r\n");
        let bytes = format!("{}1\r\nx\r\n0\r\n\r\n", with(&lines));
        let mut client = server.connect().await;
        client.send(bytes).await;
        let reply = client.reply().await;
        assert_eq!(reply.map(|reply| reply.status), Some(400), "{what}");
        server.check_serves(what).await;
    }
    let old =
        "POST /services/guests.mirrors HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    check(&server, "chunked in HTTP/1.0", old, &[400]).await;
}

#[tokio::test]
async fn malformed_chunks_are_refused() {
    let server = TestServer::new().await;
    let long = format!("1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(1 << 16));
    let trailers = format!("0\r\n{}\r\n", "x-a: 1\r\n".repeat(10_000));
    for (what, chunks) in [
        ("a size that is not a number", "x\r\n"),
        ("a size larger than any number", "fffffffffffffffff\r\nx\r\n"),
        ("a negative size", "-1\r\n"),
        ("a chunk longer than its size", "1\r\nxx\r\n0\r\n\r\n"),
        ("a flood of extensions", &long),
        ("a flood of trailers", &trailers),
    ] {
        let bytes = format!("{}{chunks}", with("host: a\r\ntransfer-encoding: chunked\r\n"));
        let reply = server.send(bytes).await;
        assert_eq!(reply.map(|reply| reply.status), Some(400), "{what}");
        server.check_serves(what).await;
    }
}

#[tokio::test]
async fn a_head_has_its_limits() {
    let limits = Server { headers: 10, header_bytes: 4 << 10, ..Server::default() };
    let server = TestServer::limited(limits).await;
    let headers = |count: usize| with(&format!("host: a\r\n{}", "x-a: 1\r\n".repeat(count)));
    check(&server, "10 headers", headers(9), &[200]).await;
    check(&server, "11 headers", headers(10), &[431]).await;
    let large = |bytes: usize| {
        let empty = with("host: a\r\nx-a: \r\n").len();
        with(&format!("host: a\r\nx-a: {}\r\n", "x".repeat(bytes - empty)))
    };
    check(&server, "a head of 4 KiB", large(4 << 10), &[200]).await;
    check(&server, "a head of one byte more", large((4 << 10) + 1), &[431]).await;
    let reply = server.send(large(1 << 20)).await;
    assert!(reply.is_none_or(|reply| reply.status == 431));
    server.check_serves("a head of 1 MiB").await;
}

#[tokio::test]
async fn pipelined_requests_get_responses_in_order() {
    let server = TestServer::new().await;
    let bytes: String = (0..20).map(|n| post("mirrors", "", &n.to_string())).collect();
    let mut client = server.connect().await;
    client.send(bytes).await;
    for number in 0..20 {
        let reply = client.reply().await.unwrap();
        assert_eq!(reply.json()["body"], number.to_string());
    }
    let good = post("mirrors", "", "");
    check(&server, "a bad one in the middle", format!("{good}BAD\r\n\r\n{good}"), &[200, 400])
        .await;
    let smuggled =
        format!("{}{good}", with("host: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n"));
    check(&server, "one with two lengths first", smuggled, &[400]).await;
}

#[tokio::test]
async fn a_body_that_ends_early_does_not_affect_others() {
    let server = TestServer::new().await;
    for lines in ["content-length: 9", "transfer-encoding: chunked"] {
        let mut client = server.connect().await;
        client.send(with(&format!("host: a\r\n{lines}\r\n"))).await;
        client.send("5\r\nab").await;
        drop(client);
        server.check_serves(lines).await;
    }
}

#[tokio::test]
async fn an_upgrade_is_not_offered() {
    let server = TestServer::new().await;
    let headers =
        "connection: upgrade, http2-settings\r\nupgrade: h2c, websocket\r\nhttp2-settings: AA\r\n";
    let reply = server.post("mirrors", headers, "").await;
    assert_eq!(reply.status, 200);
    let seen = reply.json()["http"]["headers"].to_string();
    assert!(!seen.contains("upgrade") && !seen.contains("http2"), "{seen}");
}
