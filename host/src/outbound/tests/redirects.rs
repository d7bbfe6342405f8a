//! Redirects: each is checked like a first request.

use super::*;
use std::sync::Mutex;

fn redirect(status: u16, to: &str) -> server::Reply {
    format!("HTTP/1.1 {status} R\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into()
}

/// Starts a server that redirects requests for a path `/STATUS`, with that status, to the URL that
/// `to` returns for the path. The server responds to all other requests with `OK`.
async fn redirecting(to: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    Server::new(move |request| {
        let path = request.split(' ').nth(1).unwrap();
        match path.trim_start_matches('/').parse() {
            Ok(status) => redirect(status, &to(path)),
            Err(_) => OK.into(),
        }
    })
    .await
}

fn following(method: &str, url: &str) -> SendRequest {
    SendRequest { body: b"body".to_vec(), redirects: 5, ..request(method, url) }
}

#[tokio::test]
async fn the_method_and_the_body_after_a_redirect_are_those_of_the_fetch_standard() {
    let server = redirecting(|_| "end?a=b#c".to_owned()).await;
    let plugin = Reach::private(&[&server.url("")]).open();
    for (status, method, then, body) in [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (301, "PUT", "PUT", "body"),
        (302, "DELETE", "DELETE", "body"),
        (307, "POST", "POST", "body"),
        (308, "PATCH", "PATCH", "body"),
    ] {
        let request = following(method, &server.url(&format!("/{status}")));
        let request = with_header(request, "content-type", "text/plain");
        let response = plugin.send(request).await.unwrap();
        assert_eq!(response.url, server.url("/end?a=b"));
        let last = server.requests().pop().unwrap();
        assert!(last.starts_with(&format!("{then} /end?a=b ")), "{status} {method}: {last}");
        assert_eq!(last.split("\r\n\r\n").nth(1), Some(body), "{status} {method}");
        assert_eq!(last.contains("content-type"), !body.is_empty(), "{status} {method}: {last}");
    }
    let other = plugin.send(following("POST", &server.url("/304"))).await.unwrap();
    assert_eq!(other.status, 304);
}

#[tokio::test]
async fn a_redirect_is_a_response_if_redirects_are_not_followed() {
    let server = redirecting(|_| "/end".to_owned()).await;
    let plugin = Reach::private(&[&server.url("")]).open();
    assert_eq!(plugin.get(&server.url("/302")).await.unwrap().status, 302);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn redirects_in_a_circle_end_and_each_counts_as_a_request() {
    let server = redirecting(str::to_owned).await;
    let plugin = Reach { most_requests: 9, ..Reach::private(&[&server.url("")]) }.open();
    let result = plugin.send(following("GET", &server.url("/302"))).await;
    Plugin::refused(result, SendErrorKind::Aborted, "more than 5 times");
    assert_eq!(server.requests().len(), 6);
    let result = plugin.send(following("GET", &server.url("/302"))).await;
    Plugin::refused(result, SendErrorKind::Denied, "raise `limits.http-requests`");
    assert_eq!(server.requests().len(), 9);
}

#[tokio::test]
async fn a_redirect_leads_nowhere_that_a_request_may_not() {
    let other = Server::new(|_| OK.into()).await;
    let (port, target) = (other.address.port(), Arc::new(Mutex::new(String::new())));
    let of_server = Arc::clone(&target);
    let server = redirecting(move |_| of_server.lock().unwrap().clone()).await;
    let public = format!("http://localhost:{port}");
    let mut reach = Reach::private(&[&server.url("")]);
    reach.allow.push(Allowed::new(&public).unwrap());
    for (to, kind, words) in [
        (other.url("/"), SendErrorKind::Denied, "no grant allows it"),
        ("http://0x7f000001:1/".to_owned(), SendErrorKind::Denied, "no grant allows it"),
        ("http://169.254.169.254/latest".to_owned(), SendErrorKind::Denied, "no grant allows it"),
        // The entry covers this URL, but does not permit internal addresses.
        (format!("{public}/"), SendErrorKind::Denied, "a loopback address"),
        ("file:///etc/passwd".to_owned(), SendErrorKind::Aborted, "not an http or https URL"),
        ("http://user:hidden@[".to_owned(), SendErrorKind::Aborted, "not an http or https URL"),
    ] {
        target.lock().unwrap().clone_from(&to);
        let result = reach.open().send(following("GET", &server.url("/302"))).await;
        Plugin::refused(result, kind, words);
    }
    assert_eq!(other.requests(), [""; 0]);
}

#[tokio::test]
async fn credentials_go_to_the_same_origin_alone() {
    let other = Server::new(|_| OK.into()).await;
    let elsewhere = other.url("/end");
    let server = redirecting(move |path| match path {
        "/307" => elsewhere.clone(),
        _ => "/end".to_owned(),
    })
    .await;
    let reach =
        Reach { secrets: vec!["topsecret"], ..Reach::private(&[&server.url(""), &other.url("")]) };
    let plugin = reach.open();
    for (path, is_kept) in [("/308", true), ("/307", false)] {
        let mut request = following("GET", &server.url(path));
        for (name, value) in [
            ("authorization", "a"),
            ("Cookie", "b"),
            ("proxy-authorization", "c"),
            ("x-key", "the topsecret key"),
            ("x-other", "d"),
        ] {
            request = with_header(request, name, value);
        }
        plugin.send(request).await.unwrap();
        let last = if is_kept { &server } else { &other }.requests().pop().unwrap();
        for name in ["authorization: a", "cookie: b", "proxy-authorization: c", "topsecret"] {
            assert_eq!(last.contains(name), is_kept, "{path} {name}: {last}");
        }
        assert!(last.contains("x-other: d"), "{last}");
    }
}
