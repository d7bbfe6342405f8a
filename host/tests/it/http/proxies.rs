//! Servers behind proxies: the client's address, from HTTP headers and the PROXY protocol.

use super::client::{Client, SOON, TestServer, patiently, post};
use super::protocols::{begin_tls, secure};
use crate::support::patient;
use hostel::config::{ClientHeader, Server};
use hostel::http::HttpSettings;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite};

const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n";
const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x02\x0a\0\0\x01\xdc\x04\x01\xbb\x04\0\0";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// Returns the settings of a server that trusts proxies at these addresses.
fn trusting(trusted: &str) -> Server {
    let trusted_proxies = trusted.split_whitespace().map(|it| it.parse().unwrap()).collect();
    Server { trusted_proxies, ..Server::default() }
}

/// Returns the client address that a guest receives for a request with these headers. Also checks
/// that the guest receives the headers.
async fn seen<S>(client: &mut Client<S>, headers: &str) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    client.send(post("mirrors", headers, "")).await;
    let reply = client.reply().await.expect(headers);
    let mut told = reply.json();
    for line in headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        let told = told["http"]["headers"].as_array().unwrap();
        assert!(told.contains(&json!([name, value])), "{name} in {told:?}");
    }
    told["http"]["client"].take().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client_of_each_request() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let access: hostel::AccessSink = {
        let lines = Arc::clone(&lines);
        Arc::new(move |line| lines.lock().unwrap().push(line.client.to_owned()))
    };
    let server = trusting("127.0.0.0/8 10.0.0.0/8");
    let settings = HttpSettings { server, access: Some(access), ..HttpSettings::default() };
    let server = TestServer::with(patient(), settings).await;
    let mut proxy = server.connect().await;
    let own = proxy.stream.local_addr().unwrap().to_string();
    let mut expected = Vec::new();
    for (headers, client) in [
        ("x-forwarded-for: 192.0.2.1\r\n", "192.0.2.1:0"),
        (
            "x-forwarded-for: 6.6.6.6\r\nx-forwarded-for: [2001:db8::1]:80, 10.0.0.2\r\n",
            "[2001:db8::1]:80",
        ),
        ("forwarded: for=192.0.2.1\r\n", &*own),
        ("forwarded: for=192.0.2.1\r\nx-forwarded-for: 192.0.2.2\r\n", "192.0.2.2:0"),
        ("x-forwarded-for: unknown\r\n", &*own),
        ("", &*own),
    ] {
        assert_eq!(seen(&mut proxy, headers).await, client, "{headers}");
        expected.push(client.to_owned());
    }
    assert_eq!(*lines.lock().unwrap(), expected);

    let server = Server { client_header: ClientHeader::Forwarded, ..trusting("127.0.0.1") };
    let server = TestServer::limited(server).await;
    let headers =
        "forwarded: for=\"[2001:db8::1]:80\";proto=https\r\nx-forwarded-for: 192.0.2.2\r\n";
    assert_eq!(seen(&mut server.connect().await, headers).await, "[2001:db8::1]:80");
}

#[tokio::test]
async fn a_client_that_is_not_a_trusted_proxy_cannot_name_another() {
    for server in [Server::default(), trusting("127.0.0.2 10.0.0.0/8")] {
        let server = TestServer::limited(server).await;
        let mut client = server.connect().await;
        let own = client.stream.local_addr().unwrap().to_string();
        for headers in ["x-forwarded-for: 192.0.2.1\r\n", "forwarded: for=192.0.2.1\r\n"] {
            assert_eq!(seen(&mut client, headers).await, own, "{headers}");
        }
    }
}

#[tokio::test]
async fn a_proxy_header_names_the_client_of_a_connection() {
    let server = Server { proxy_protocol: true, ..trusting("127.0.0.1 10.0.0.0/8") };
    let server = TestServer::limited(server).await;
    let forged = "x-forwarded-for: 6.6.6.6\r\n";
    for is_slow in [false, true] {
        for (header, expected) in [(LINE, "192.0.2.1:56324"), (BINARY, "192.0.2.2:56324")] {
            let mut client = server.connect().await;
            send(&mut client, header, is_slow).await;
            for headers in ["", forged] {
                assert_eq!(seen(&mut client, headers).await, expected, "{header:?}");
            }
        }
        for header in [LOCAL, b"PROXY UNKNOWN\r\n"] {
            let mut client = server.connect().await;
            let own = client.stream.local_addr().unwrap().to_string();
            send(&mut client, header, is_slow).await;
            assert_eq!(seen(&mut client, forged).await, own, "{header:?}");
        }
    }
    // The client of the connecting proxy is another trusted proxy.
    let mut client = server.connect().await;
    client.send("PROXY TCP4 10.0.0.9 10.0.0.1 56324 443\r\n").await;
    assert_eq!(seen(&mut client, "x-forwarded-for: 192.0.2.9\r\n").await, "192.0.2.9:0");
    assert_eq!(seen(&mut client, "").await, "10.0.0.9:56324");
}

/// Sends bytes, all at once or one by one.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut Client<S>,
    bytes: &[u8],
    is_slow: bool,
) {
    for part in bytes.chunks(if is_slow { 1 } else { bytes.len() }) {
        client.send(part).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_proxy_header_comes_before_tls() {
    let server = Server { proxy_protocol: true, ..trusting("127.0.0.1") };
    let (server, certificate, _folder) = secure(server).await;
    for (header, expected) in [(LINE, "192.0.2.1:56324"), (BINARY, "192.0.2.2:56324")] {
        for is_slow in [false, true] {
            let mut client = server.connect().await;
            client.stream.set_nodelay(true).unwrap();
            send(&mut client, header, is_slow).await;
            let mut client = Client::new(begin_tls(client.stream, &certificate, &[]).await);
            assert_eq!(seen(&mut client, "").await, expected, "{header:?}");
        }
    }
}

/// Checks that the server closes a connection that begins with these bytes, and sends no response.
async fn check_closed(server: &TestServer, bytes: &[u8]) {
    let mut client = server.connect().await;
    client.send(bytes).await;
    client.send(post("mirrors", "", "")).await;
    assert_eq!(client.rest().await, "", "{bytes:?}");
}

#[tokio::test]
async fn a_connection_without_a_valid_proxy_header_is_closed() {
    let server = Server { proxy_protocol: true, ..trusting("127.0.0.1") };
    let mut server = TestServer::limited(server).await;
    let too_long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
    check_closed(&server, b"").await;
    let line = patiently("a line", server.next_line()).await;
    let end = ": it does not begin with a PROXY header of version 1 or 2: let the proxy send one, or \
               set `server.proxy-protocol` to false";
    assert!(line.contains("closed a connection from 127.0.0.1:") && line.ends_with(end), "{line}");
    for bytes in [
        &b"PROXY TCP4 192.0.2.1 10.0.0.1 56324\r\n"[..],
        too_long.as_bytes(),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b",
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
    ] {
        check_closed(&server, bytes).await;
    }
    let mut client = server.connect().await;
    client.send(LINE).await;
    assert_eq!(seen(&mut client, "").await, "192.0.2.1:56324");
}

#[tokio::test]
async fn a_connection_that_is_from_no_trusted_proxy_is_closed() {
    let server = Server { proxy_protocol: true, ..trusting("127.0.0.2 10.0.0.0/8") };
    let mut server = TestServer::limited(server).await;
    for bytes in [LINE, BINARY, LOCAL, b""] {
        check_closed(&server, bytes).await;
    }
    let line = patiently("a line", server.next_line()).await;
    let end = ": with `server.proxy-protocol`, only `server.trusted-proxies` may connect";
    assert!(line.contains("closed a connection from 127.0.0.1:") && line.ends_with(end), "{line}");
}

#[tokio::test]
async fn a_proxy_header_must_arrive_in_time() {
    let server = Server { proxy_protocol: true, header_time: SOON, ..trusting("127.0.0.1") };
    let server = TestServer::limited(server).await;
    for bytes in [&b""[..], b"PROXY TCP4 192", &BINARY[..14], &BINARY[..20]] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        assert_eq!(client.rest().await, "", "{bytes:?}");
    }
}
