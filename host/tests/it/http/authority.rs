//! The host named by a request's target and its `Host` header, cookies in HTTP/2, and `OPTIONS *`.

use super::client::TestServer;
use super::protocols::{ask, request, speak};
use hyper::header::{COOKIE, HOST, HeaderName};
use hyper::http::uri::{PathAndQuery, Uri};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Returns the values of a header that the guest received.
fn seen(told: &Value, name: &str) -> Vec<String> {
    let headers = told["http"]["headers"].as_array().unwrap().iter();
    let values = headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap());
    values.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_host_of_an_absolute_target_wins() {
    let server = TestServer::new().await;
    let lines = "HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    let request = format!("POST http://Other:81/services/guests.mirrors {lines}");
    let told = server.send(request).await.unwrap().json();
    assert_eq!(told["http"]["authority"], "Other:81");
    assert_eq!(seen(&told, "host"), ["Other:81"]);
    for target in ["http://me@other/services", "http://me:secret@other/services"] {
        let reply = server.send(format!("GET {target} {lines}")).await.unwrap();
        assert_eq!(reply.problem(), (400, "bad-request".to_owned()), "{target}");
    }
}

/// Builds an HTTP/2 request to `http://a:1` with these headers.
fn mirrors(headers: &[(HeaderName, &str)]) -> Request<()> {
    let mut mirrors = request(Method::POST, "/services/guests.mirrors");
    for (name, value) in headers {
        mirrors.headers_mut().append(name, value.parse().unwrap());
    }
    mirrors
}

#[tokio::test]
async fn http2_names_one_host() {
    let server = TestServer::new().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    for hosts in [&[][..], &[(HOST, "a:1")], &[(HOST, "A:1")]] {
        let (status, text) = ask(&client, mirrors(hosts), "").await.unwrap();
        assert_eq!(status, StatusCode::OK, "{hosts:?}: {text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&told["http"]["authority"], seen(&told, "host")),
            (&json!("a:1"), vec!["a:1".to_owned()])
        );
    }
    for hosts in [
        &[(HOST, "b:1")][..],
        &[(HOST, "a:2")],
        &[(HOST, "a")],
        &[(HOST, "")],
        &[(HOST, "me@a:1")],
        &[(HOST, "a:1"), (HOST, "a:1")],
    ] {
        let (status, text) = ask(&client, mirrors(hosts), "").await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{hosts:?}: {text}");
    }
    for (scheme, port, status) in [("http", 80, 200), ("https", 443, 200), ("https", 80, 400)] {
        let mut request = mirrors(&[(HOST, &format!("a:{port}"))]);
        *request.uri_mut() = format!("{scheme}://a/services/guests.mirrors").parse().unwrap();
        let found = ask(&client, request, "").await.unwrap().0;
        assert_eq!(found, status, "{scheme} {port}");
    }
}

#[tokio::test]
async fn cookies_of_http2_come_as_one() {
    let server = TestServer::new().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    let cookies = mirrors(&[(COOKIE, "session=abc"), (COOKIE, "theme=dark"), (COOKIE, "lang=en")]);
    let (status, text) = ask(&client, cookies, "").await.unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    let told = serde_json::from_str(&text).unwrap();
    assert_eq!(seen(&told, "cookie"), ["session=abc; theme=dark; lang=en"]);
}

#[tokio::test]
async fn the_server_itself_is_asked_for_its_options() {
    let server = TestServer::new().await;
    let reply = server.send("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    assert_eq!((reply.status, reply.header("allow"), &*reply.body), (204, Some(allow), ""));
    assert_eq!(reply.header("content-length"), None);
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    for (method, status) in [(Method::OPTIONS, 204), (Method::GET, 400)] {
        let mut of_server = request(method, "/");
        let mut parts = of_server.uri().clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static("*"));
        *of_server.uri_mut() = Uri::from_parts(parts).unwrap();
        assert_eq!(ask(&client, of_server, "").await.unwrap().0, status);
    }
}
