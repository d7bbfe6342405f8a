//! Servers that misbehave: the errors that they cause, and the requests that are repeated.

use super::server::{Reply, Then};
use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Sends a request to a server that gives this reply. Checks the error, and that no connection
/// stays open.
async fn check(reply: fn() -> Reply, kind: SendErrorKind, words: &str) {
    let server = Server::new(move |_| reply()).await;
    let plugin = Reach { most_bytes: 100_000, ..Reach::private(&[&server.url("")]) }.open();
    let timeout = match kind {
        SendErrorKind::Timeout => Duration::from_millis(100),
        _ => Duration::from_secs(30),
    };
    let request = SendRequest { timeout: Some(timeout), ..request("POST", &server.url("/a?b")) };
    let result = plugin.send(request).await;
    assert!(!format!("{result:?}").contains("?b"));
    Plugin::refused(result, kind, words);
    plugin.closes().await;
}

#[tokio::test]
async fn a_server_that_never_responds_times_out() {
    check(|| Reply::then("", Then::Wait), SendErrorKind::Timeout, "within 100 ms").await;
    let half = || Reply::then("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", Then::Wait);
    check(half, SendErrorKind::Timeout, "within 100 ms").await;
    let waits = || Reply::then("HTTP/1.1 100 Continue\r\n\r\n", Then::Repeat);
    check(waits, SendErrorKind::Timeout, "within 100 ms").await;
}

#[tokio::test]
async fn a_response_that_is_not_whole_is_aborted() {
    let aborted = SendErrorKind::Aborted;
    check(|| Reply::then("", Then::Close), aborted, "closed before the response was complete")
        .await;
    check(|| Reply::then("HTTP/1.1 20", Then::Close), aborted, "").await;
    let half = || Reply::then("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", Then::Close);
    check(half, aborted, "").await;
    let chunk =
        || Reply::then("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nab", Then::Close);
    check(chunk, aborted, "").await;
}

#[tokio::test]
async fn a_reply_that_is_not_http_is_aborted() {
    let aborted = SendErrorKind::Aborted;
    check(|| Reply::then("SSH-2.0-OpenSSH\r\n", Then::Wait), aborted, "not an HTTP response").await;
    let twice = || {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab";
        Reply::then(head, Then::Wait)
    };
    check(twice, aborted, "not an HTTP response").await;
}

#[tokio::test]
async fn a_response_that_is_too_large_is_not_read_to_its_end() {
    let too_large = SendErrorKind::TooLarge;
    let raise = "raise `limits.http-response`";
    let large = || {
        Reply::then("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\nabcdefgh", Then::Repeat)
    };
    check(large, too_large, raise).await;
    let endless = || Reply::then("HTTP/1.1 200 OK\r\n\r\nabcdefgh", Then::Repeat);
    check(endless, too_large, raise).await;
    let header = || Reply { bytes: endless_header(), then: Then::Repeat };
    check(header, too_large, "the head of the response").await;
    let headers = || {
        let many = "a: b\r\n".repeat(200);
        Reply::then(&format!("HTTP/1.1 200 OK\r\n{many}\r\n"), Then::Wait)
    };
    check(headers, too_large, "more than 100 headers").await;
}

fn endless_header() -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\na: ".to_vec();
    bytes.resize(1 << 17, b'x');
    bytes
}

#[tokio::test]
async fn responses_that_are_asked_for_together_have_the_bytes_of_one() {
    let body = "x".repeat(40_000);
    let server = Server::new(move |_| {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
    })
    .await;
    let plugin = Reach { most_bytes: 100_000, ..Reach::private(&[&server.url("")]) }.open();
    let requests = (0..3).map(|_| get(&server.url("/"))).collect();
    let results =
        Arc::clone(&plugin.outbound).send_many(requests, Arc::new(plugin.sending())).await;
    let kind = |it: &Result<_, SendError>| it.as_ref().err().map(|error| error.kind);
    let kinds: Vec<_> = results.iter().filter_map(kind).collect();
    // The responses are read concurrently, so several may fail.
    assert!(kinds.contains(&SendErrorKind::TooLarge), "{kinds:?}");
    assert!(plugin.get(&server.url("/")).await.is_ok());
}

#[tokio::test]
async fn a_request_is_repeated_once_where_a_used_connection_closed_in_silence() {
    for (method, repeated) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let of_server = Arc::clone(&count);
        // At the second request, the server closes the connection without a response.
        let server = Server::new(move |_| match of_server.fetch_add(1, Ordering::SeqCst) {
            1 => Reply::then("", Then::Close),
            _ => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        })
        .await;
        let plugin = Reach::private(&[&server.url("")]).open();
        plugin.get(&server.url("/")).await.unwrap();
        let result = plugin.send(request(method, &server.url("/"))).await;
        assert_eq!(result.is_ok(), repeated, "{method} {result:?}");
        let sent = if repeated { 3 } else { 2 };
        assert_eq!(server.requests().len(), sent, "{method}");
    }
}

#[tokio::test]
async fn a_repeated_request_that_cannot_connect_may_have_been_processed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // The server reads the second request, and ends without a response.
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 1024];
        assert!(stream.read(&mut bytes).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut bytes).await.unwrap() > 0);
        drop(listener);
    });
    let plugin = Reach::private(&[&url]).open();
    plugin.get(&url).await.unwrap();
    let result = plugin.send(request("PUT", &url)).await;
    server.await.unwrap();
    Plugin::refused(result, SendErrorKind::Aborted, "closed the connection, then could not be");
}

#[tokio::test]
async fn a_request_is_not_repeated_on_a_new_connection_or_after_a_part_of_a_response() {
    let server = Server::new(|_| Reply::then("", Then::Close)).await;
    let plugin = Reach::private(&[&server.url("")]).open();
    assert!(plugin.get(&server.url("/")).await.is_err());
    assert_eq!(server.requests().len(), 1);

    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::then("HTTP/1.1 2", Then::Close),
        _ => OK.into(),
    })
    .await;
    let plugin = Reach::private(&[&server.url("")]).open();
    plugin.get(&server.url("/")).await.unwrap();
    assert!(plugin.get(&server.url("/")).await.is_err());
    assert_eq!(server.requests().len(), 2);
}
