//! HTTP/2 and TLS.

use super::client::{Client, SOON, TestServer, patiently, post};
use crate::support::patient;
use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use hostel::Limits;
use hostel::config::{Server, Tls};
use hostel::http::HttpSettings;
use hyper::{Method, Request, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub async fn speak<S>(stream: S) -> SendRequest<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

pub fn request(method: Method, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("http://a:1{path}")).body(()).unwrap()
}

/// Sends a request with a body. Returns the status and the body of the response.
pub async fn ask(
    client: &SendRequest<Bytes>,
    request: Request<()>,
    body: &str,
) -> Result<(StatusCode, String), h2::Error> {
    let mut client = client.clone().ready().await?;
    let (response, mut stream) = client.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(Bytes::copy_from_slice(body.as_bytes()), true)?;
    }
    let response = patiently("a response", response).await?;
    let status = response.status();
    let mut body = response.into_body();
    let mut text = String::new();
    while let Some(data) = patiently("a body", body.data()).await {
        let data = data?;
        let _ = body.flow_control().release_capacity(data.len());
        text.push_str(std::str::from_utf8(&data).unwrap());
    }
    Ok((status, text))
}

/// Checks that concurrent requests on one HTTP/2 connection each get their own response.
async fn check_http2(client: &SendRequest<Bytes>) {
    let mut asked = JoinSet::new();
    for number in 0..30 {
        let client = client.clone();
        asked.spawn(async move {
            let body = number.to_string();
            let mirrors = request(Method::POST, "/services/guests.mirrors");
            let (status, text) = ask(&client, mirrors, &body).await.unwrap();
            let told: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((status, &told["body"]), (StatusCode::OK, &Value::from(body)));
            assert_eq!(told["http"]["authority"], "a:1");
        });
    }
    asked.join_all().await;
}

#[tokio::test]
async fn http2_is_used_with_clients_that_begin_it() {
    let server = TestServer::new().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    check_http2(&client).await;
    let (status, body) = ask(&client, request(Method::HEAD, "/services"), "").await.unwrap();
    assert_eq!((status, &*body), (StatusCode::OK, ""));
    let (status, _) = ask(&client, request(Method::GET, "/none"), "").await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.check_serves("HTTP/2").await;
}

#[tokio::test]
async fn http2_has_the_limits_of_http1() {
    let limits = Limits { request: 10, ..patient() };
    let server = Server { headers: 10, header_bytes: 8 << 10, ..Server::default() };
    let settings = HttpSettings { server, ..HttpSettings::default() };
    let server = TestServer::with(limits, settings).await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    let path = "/services/guests.mirrors";
    let (status, _) = ask(&client, request(Method::POST, path), &"x".repeat(11)).await.unwrap();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut many = request(Method::POST, path);
    for number in 0..11 {
        let name = format!("x-{number}").parse::<hyper::header::HeaderName>().unwrap();
        many.headers_mut().insert(name, "1".parse().unwrap());
    }
    let (status, _) = ask(&client, many, "").await.unwrap();
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let mut large = request(Method::POST, path);
    large.headers_mut().insert("x-a", "x".repeat(9 << 10).parse().unwrap());
    let refused = ask(&client, large, "").await;
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    assert!(refused.as_ref().is_ok_and(|(found, _)| *found == status), "{refused:?}");
    server.check_serves("large heads").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_reset_takes_its_guest_along() {
    let limits = Limits { time: std::time::Duration::from_secs(3_600), ..Limits::default() };
    let mut server = TestServer::with(limits, HttpSettings::default()).await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    let mut ready = client.clone().ready().await.unwrap();
    let spins = request(Method::POST, "/services/guests.logs-then-spins");
    let (response, mut stream) = ready.send_request(spins, true).unwrap();
    server.line("guests.logs-then-spins: spins").await;
    stream.send_reset(h2::Reason::CANCEL);
    server.line("guests.logs-then-spins: spun").await;
    assert!(response.await.is_err());
    check_http2(&client).await;
}

#[tokio::test]
async fn streams_that_are_reset_at_once_end_the_connection_and_nothing_else() {
    let server = TestServer::new().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    let flood = async {
        for _ in 0..10_000 {
            let mut ready = client.clone().ready().await?;
            let request = request(Method::POST, "/services/guests.mirrors");
            let (_, mut stream) = ready.send_request(request, false)?;
            stream.send_reset(h2::Reason::CANCEL);
            tokio::task::yield_now().await;
        }
        Ok::<_, h2::Error>(())
    };
    // The flood may or may not end with an error, depending on how fast the server accepts streams.
    let _ = patiently("the flood", flood).await;
    server.check_serves("a flood of resets").await;
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed() {
    let server = TestServer::limited(Server { idle_time: SOON, ..Server::default() }).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, connection) = handshake(stream).await.unwrap();
    let ended = tokio::spawn(connection);
    let client: SendRequest<Bytes> = client.ready().await.unwrap();
    ask(&client, request(Method::GET, "/services"), "").await.unwrap();
    patiently("the end", ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_response_whose_window_stays_closed_is_dropped() {
    let server = Server { write_time: SOON, connections: 1, ..Server::default() };
    let server = TestServer::limited(server).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(0)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let (response, _) = client.send_request(request(Method::GET, "/services"), true).unwrap();
    let mut body = patiently("a head", response).await.unwrap().into_body();
    // The server allows one connection, so it must have closed the first.
    server.check_serves("a shut window").await;
    assert!(patiently("the end", body.data()).await.is_none_or(|data| data.is_err()));
}

#[tokio::test]
async fn a_stopped_server_ends_http2_politely() {
    let mut server = TestServer::new().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, connection) = handshake(stream).await.unwrap();
    let ended = tokio::spawn(connection);
    let client: SendRequest<Bytes> = client.ready().await.unwrap();
    check_http2(&client).await;
    server.stop();
    patiently("the end", ended).await.unwrap().unwrap();
    assert_eq!(server.report().await.cut, 0);
}

/// Starts a server with a self-signed certificate. Also returns the certificate, for the client,
/// and the folder with the server's files.
pub async fn secure(server: Server) -> (TestServer, CertificateDer<'static>, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server { tls: Some(Tls { certificate, key }), ..server };
    (TestServer::limited(server).await, made.cert.der().clone(), folder)
}

async fn connect(
    server: &TestServer,
    certificate: &CertificateDer<'static>,
    protocols: &[&str],
) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    begin_tls(stream, certificate, protocols).await
}

pub async fn begin_tls(
    stream: TcpStream,
    certificate: &CertificateDer<'static>,
    protocols: &[&str],
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = "localhost".try_into().unwrap();
    patiently("a handshake", TlsConnector::from(Arc::new(config)).connect(name, stream))
        .await
        .unwrap()
}

#[tokio::test]
async fn tls_agrees_on_the_protocol() {
    let (server, certificate, _folder) = secure(Server::default()).await;
    for protocols in [&["http/1.1"][..], &[]] {
        let mut client = Client::new(connect(&server, &certificate, protocols).await);
        client.send(post("mirrors", "", "safe")).await;
        assert_eq!(client.reply().await.unwrap().json()["body"], "safe");
    }
    let stream = connect(&server, &certificate, &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    check_http2(&speak(stream).await).await;
}

#[tokio::test]
async fn a_handshake_must_be_valid_and_arrive_in_time() {
    let server = Server { header_time: SOON, ..Server::default() };
    let (server, certificate, _folder) = secure(server).await;
    for bytes in [&b""[..], b"\x16\x03\x01", b"POST / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        assert!(!client.rest().await.contains("HTTP"));
        let mut next = Client::new(connect(&server, &certificate, &[]).await);
        next.send(post("mirrors", "", "")).await;
        assert_eq!(next.reply().await.unwrap().status, 200);
    }
}
