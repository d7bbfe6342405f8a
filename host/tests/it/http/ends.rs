//! How connections end: by the client, by a timeout, or because the server stops.

use super::client::{Client, SOON, TestServer, patiently, post};
use hostel::Limits;
use hostel::config::Server;
use hostel::http::HttpSettings;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

/// Returns limits that no call reaches during a test.
fn patient() -> Limits {
    Limits {
        time: Duration::from_secs(3_600),
        cpu: Duration::from_secs(3_600),
        response: 64 << 20,
        ..Limits::default()
    }
}

async fn patient_server(server: Server) -> TestServer {
    TestServer::with(patient(), HttpSettings { server, ..HttpSettings::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_takes_its_guest_along() {
    let mut server = patient_server(Server::default()).await;
    let mut client = server.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    server.line("guests.logs-then-spins: spins").await;
    drop(client);
    server.line("guests.logs-then-spins: spun").await;
    server.check_serves("a client that left").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spinning_guest_leaves_other_connections_their_share() {
    let mut server = patient_server(Server::default()).await;
    let mut spinning = Vec::new();
    for _ in 0..4 {
        let mut client = server.connect().await;
        client.send(post("logs-then-spins", "", "")).await;
        server.line("guests.logs-then-spins: spins").await;
        spinning.push(client);
    }
    server.check_serves("four that spin").await;
}

#[tokio::test]
async fn a_connection_serves_many_requests_and_closes_when_asked() {
    let server = TestServer::new().await;
    let mut client = server.connect().await;
    for number in 0..3 {
        client.send(post("mirrors", "", &number.to_string())).await;
        assert_eq!(client.reply().await.unwrap().json()["body"], number.to_string());
    }
    client.send(post("mirrors", "connection: close\r\n", "")).await;
    assert_eq!(client.reply().await.unwrap().header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
    let old = post("mirrors", "connection: keep-alive\r\n", "").replace("HTTP/1.1", "HTTP/1.0");
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(&old).await;
        assert_eq!(client.reply().await.unwrap().header("connection"), Some("keep-alive"));
    }
}

/// Checks that a server with these timeouts closes the connection of a client that has sent `sent`
/// and received `answers` responses.
async fn check_closes(server: Server, sent: &str, answers: usize) {
    let server = TestServer::limited(server).await;
    let mut client = server.connect().await;
    client.send(sent).await;
    for _ in 0..answers {
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    assert_eq!(client.rest().await, "", "{sent:?}");
    server.check_serves(sent).await;
}

#[tokio::test]
async fn a_head_must_arrive_in_time() {
    let server = || Server { header_time: SOON, ..Server::default() };
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for sent in ["", "P", "POST /services", "POST / HTTP/1.1\r\nhost: a\r\n", &preface[..23]] {
        check_closes(server(), sent, 0).await;
    }
    let second = format!("{}POST / HTTP/1.1\r\n", post("mirrors", "", ""));
    check_closes(Server { idle_time: SOON, ..server() }, &second, 1).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server { idle_time: SOON, ..Server::default() };
    check_closes(server, &post("mirrors", "", ""), 1).await;
}

/// Connects a client with a small receive buffer.
async fn narrow(server: &TestServer) -> Client<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    Client::new(socket.connect(server.address).await.unwrap())
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_place() {
    let server = Server { write_time: SOON, connections: 1, ..Server::default() };
    let server = patient_server(server).await;
    let mut client = narrow(&server).await;
    client.send(post("returns-too-much", "", "")).await;
    // The server allows one connection, so it must have closed the first.
    server.check_serves("a client that takes nothing").await;
    assert!(client.rest().await.len() < 8 << 20);
}

#[tokio::test]
async fn a_slow_client_is_waited_for_while_it_takes_something() {
    let server = patient_server(Server::default()).await;
    let mut client = narrow(&server).await;
    client.send(post("returns-too-much", "", "")).await;
    assert_eq!(client.reply().await.unwrap().body.len(), (8 << 20) + 1);
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_wait() {
    let server = TestServer::limited(Server { connections: 2, ..Server::default() }).await;
    let mut first = server.connect().await;
    first.send(post("mirrors", "", "")).await;
    assert_eq!(first.reply().await.unwrap().status, 200);
    let second = server.connect().await;
    let mut third = server.connect().await;
    third.send(post("mirrors", "", "")).await;
    let early = tokio::time::timeout(SOON, third.reply()).await;
    assert!(early.is_err(), "the budget is still in use");
    drop(second);
    assert_eq!(third.reply().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_request_under_way_ends_before_the_server_does() {
    let mut server = patient_server(Server::default()).await;
    let mut idle = server.connect().await;
    idle.send(post("mirrors", "", "")).await;
    assert_eq!(idle.reply().await.unwrap().status, 200);
    let fresh = server.connect().await;
    let mut busy = server.connect().await;
    let request = post("mirrors", "expect: 100-continue\r\n", "body");
    let (head, body) = request.split_at(request.len() - 4);
    busy.send(head).await;
    assert_eq!(busy.reply().await.unwrap().status, 100);
    server.stop();
    assert_eq!(idle.rest().await, "", "an idle connection is closed");
    busy.send(body).await;
    let reply = busy.reply().await.unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    let address = server.address;
    let report = server.report().await;
    assert_eq!((report.accepted, report.cut), (3, 0));
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
    drop(fresh);
}

#[tokio::test]
async fn a_request_that_was_on_its_way_gets_a_response() {
    while !gets_a_response_on_its_way().await {}
}

/// The longest delay after a server's stop at which a request still counts as in flight: half the
/// time that the server waits for such requests.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Checks that the server responds to requests that are sent just after its stop, as if they had
/// been in flight then. Returns false if the machine was too busy to send the requests in time, so
/// that nothing was checked.
async fn gets_a_response_on_its_way() -> bool {
    let mut server = TestServer::new().await;
    let mut idle = server.connect().await;
    idle.send(post("mirrors", "", "")).await;
    assert_eq!(idle.reply().await.unwrap().status, 200);
    let mut fresh = server.connect().await;
    server.check_serves("the fresh one was accepted").await;
    server.stop();
    let stopped = Instant::now();
    // Wait until the listener is closed, and let every connection task learn of the stop.
    for _ in 0..3 {
        while TcpStream::connect(server.address).await.is_ok() {}
    }
    idle.send(post("mirrors", "", "")).await;
    fresh.send(post("mirrors", "", "")).await;
    if stopped.elapsed() > ON_ITS_WAY {
        return false;
    }
    for mut client in [idle, fresh] {
        let reply = client.reply().await.unwrap();
        assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    }
    assert_eq!(server.report().await.cut, 0);
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_end_is_cut() {
    let mut server = patient_server(Server { drain_time: SOON, ..Server::default() }).await;
    let mut client = server.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    server.line("guests.logs-then-spins: spins").await;
    server.stop();
    assert!(client.reply().await.is_none());
    server.line("guests.logs-then-spins: spun").await;
    assert_eq!(server.report().await.cut, 1);
}

#[tokio::test]
async fn a_client_that_is_refused_while_it_sends_may_send_on() {
    let server = TestServer::new().await;
    let body = "x".repeat(512 << 10);
    for service in ["none", "mirrors"] {
        let request = post(service, "", &body).replace("content-length: ", "content-length: 9");
        let mut client = server.connect().await;
        client.send(request).await;
        assert!([404, 413].contains(&client.reply().await.unwrap().status));
        assert_eq!(client.rest().await, "");
        let sent = patiently("sending", client.stream.write_all(&[0; 1_024])).await;
        assert!(sent.is_ok(), "a reset, which may overtake the response: {sent:?}");
    }
}

#[tokio::test]
async fn a_client_that_sends_on_does_not_keep_the_server() {
    let mut server = patient_server(Server { drain_time: SOON, ..Server::default() }).await;
    let mut client = server.connect().await;
    client.send("POST /none HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nx").await;
    assert_eq!(client.reply().await.unwrap().status, 404);
    server.stop();
    let report = patiently("the end", server.report()).await;
    assert_eq!(report.cut, 0, "its request is answered");
}
