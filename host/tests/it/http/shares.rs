//! A client's share of the memory budget for bodies and responses.

use super::client::{Client, TestServer, eventually, patiently, post};
use super::protocols::{request, speak};
use crate::support::patient;
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use hostel::Limits;
use hostel::config::Server;
use hostel::http::HttpSettings;
use hyper::{Method, StatusCode};
use std::net::{IpAddr, Ipv4Addr};
use tokio::net::{TcpSocket, TcpStream};

const FIRST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const MIB: usize = 1 << 20;

/// Starts a server on which each client has a share of `share` bytes.
async fn server(share: usize) -> TestServer {
    let limits = Limits { response: 64 << 20, ..patient() };
    let server = Server { bodies: 4 * share, ..Server::default() };
    TestServer::with(limits, HttpSettings { server, ..HttpSettings::default() }).await
}

async fn connect(server: &TestServer, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((IpAddr::V4(from), 0).into()).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Returns the status of the response to a request with a body of `bytes` bytes.
async fn status(server: &TestServer, from: Ipv4Addr, bytes: usize) -> u16 {
    let mut client = Client::new(connect(server, from).await);
    client.send(post("mirrors", "", &"x".repeat(bytes))).await;
    client.reply().await.unwrap().status
}

/// Returns how many bytes of memory request bodies and responses take, according to the metrics.
async fn held(server: &TestServer) -> usize {
    let metrics = server.host.metrics().await.unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("hostel_memory_bytes{kind=\"messages\"} "));
    line.unwrap().parse().unwrap()
}

async fn until_held(server: &TestServer, bytes: usize) {
    let what = format!("{bytes} bytes");
    eventually(&what, async || (held(server).await == bytes).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_fills_its_share_keeps_no_other_from_it() {
    // The share has room for two responses. Each response repeats its request's body, and is a
    // little longer.
    let server = server(2 * MIB + 4_096).await;
    let mut filling = Vec::new();
    for _ in 0..2 {
        let request = post("mirrors", "", &"x".repeat(MIB));
        let mut client = Client::new(connect(&server, FIRST).await);
        client.send(&request[..request.len() - 1]).await;
        filling.push(client);
    }
    until_held(&server, 2 * MIB - 2).await;
    let mut refused = Client::new(connect(&server, FIRST).await);
    refused.send(post("mirrors", "", &"x".repeat(100 << 10))).await;
    let refused = refused.reply().await.unwrap();
    assert_eq!(refused.problem(), (503, "busy".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.body.contains("of this client") && refused.body.contains("`server.bodies`"));
    assert_eq!(status(&server, FIRST, 60 << 10).await, 200, "a small body of the same client");
    assert_eq!(status(&server, SECOND, 500 << 10).await, 200, "a large body of another client");
    for client in &mut filling {
        client.send("x").await;
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    until_held(&server, 0).await;
    assert_eq!(status(&server, FIRST, 500 << 10).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_find_no_room_are_refused_until_others_are_gone() {
    const KIB: usize = 1 << 10;
    // All small bodies of a client may take 10 KiB, a quarter of the client's share.
    let server = server(40 * KIB).await;
    let request = post("mirrors", "", &"x".repeat(8 * KIB));
    let (head, body) = request.split_at(request.len() - 8 * KIB);
    let mut slow = Client::new(connect(&server, FIRST).await);
    slow.send(head).await;
    assert_eq!(status(&server, FIRST, 9 * KIB).await, 200, "a declared size alone takes no memory");
    until_held(&server, 0).await;
    slow.send(&body[..4 * KIB]).await;
    until_held(&server, 4 * KIB).await;
    assert_eq!(status(&server, FIRST, 7 * KIB).await, 503);
    assert_eq!(status(&server, FIRST, 5 * KIB).await, 200);
    until_held(&server, 4 * KIB).await;
    slow.send(&body[4 * KIB..]).await;
    assert_eq!(slow.reply().await.unwrap().status, 200);
    until_held(&server, 0).await;
    assert_eq!(status(&server, FIRST, 9 * KIB).await, 200);
}

/// Requests a response of 8 MiB plus one byte. Returns the status and the body. A response that the
/// server does not refuse takes a part of the share until its body is read or dropped.
async fn large(client: &SendRequest<Bytes>) -> (StatusCode, RecvStream) {
    let mut client = client.clone().ready().await.unwrap();
    let large = request(Method::POST, "/services/guests.returns-too-much");
    let (response, _) = client.send_request(large, true).unwrap();
    let response = patiently("a head", response).await.unwrap();
    (response.status(), response.into_body())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_past_the_share_are_refused_until_the_connection_ends() {
    const RESPONSE: usize = 8 * MIB + 1;
    let mut server = server(20 * MIB).await;
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(0)
        .handshake::<_, Bytes>(connect(&server, FIRST).await)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut bodies = Vec::new();
    for expected in [200, 200, 503, 503] {
        let (status, body) = large(&client).await;
        assert_eq!(status, expected);
        bodies.push(body);
    }
    assert_eq!(held(&server).await, 2 * RESPONSE);
    let line = format!(
        "hostel: the response of {RESPONSE} bytes is not sent: the bodies of requests and responses of \
         this client have reached the limit of `server.bodies`"
    );
    server.line(&line).await;
    assert_eq!(status(&server, FIRST, 0).await, 200, "a small response of the same client");
    let other = speak(connect(&server, SECOND).await).await;
    assert_eq!(large(&other).await.0, 200, "a large response of another client");
    drop((client, bodies, other));
    connection.abort();
    until_held(&server, 0).await;
    let again = speak(connect(&server, FIRST).await).await;
    assert_eq!(large(&again).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_of_many_frames_arrives_whole() {
    let server = TestServer::new().await;
    let body: String = (0..100_000).map(|number| format!("{number} ")).collect();
    let mut client = server.connect().await;
    client.send(post("mirrors", "", &body)).await;
    let reply = client.reply().await.unwrap();
    assert_eq!((reply.status, &reply.json()["body"]), (200, &serde_json::Value::from(body)));
    until_held(&server, 0).await;
}
