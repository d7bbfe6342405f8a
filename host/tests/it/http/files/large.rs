//! Large files: how many bytes of a file are in memory at once, and what ends a response early.

use super::{get, route, serve, server, site};
use crate::http::client::{SOON, TestServer, eventually, patiently};
use crate::http::protocols::{request, speak};
use hostel::config::Server;
use hyper::{Method, StatusCode};
use std::fs;
use tokio::net::TcpStream;

/// Returns how many bytes of memory request bodies and responses take, according to the metrics.
async fn held(server: &TestServer) -> usize {
    let metrics = server.host.metrics().await.unwrap();
    let mut lines = metrics.lines();
    let line = lines.find_map(|it| it.strip_prefix("hostel_memory_bytes{kind=\"messages\"} "));
    line.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_is_never_in_memory_as_a_whole() {
    const SIZE: u64 = 1 << 30;
    const PIECE: usize = 256 << 10;
    let (server, site) = server().await;
    let huge = fs::File::create(site.path().join("public/huge")).unwrap();
    huge.set_len(SIZE).unwrap();
    let mut client = server.connect().await;
    client.send("GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let reply = client.head_reply().await.unwrap();
    assert_eq!(reply.header("content-length"), Some(&*SIZE.to_string()));
    assert_eq!(held(&server).await, PIECE, "a client that takes nothing");
    drop(client);
    eventually("no bytes", async || (held(&server).await == 0).then_some(())).await;
    // Each client may use a quarter of `bodies`: here one piece, enough for one large file at a
    // time.
    let small = Server { bodies: 4 * PIECE, ..Server::default() };
    let server = serve(vec![route("/", &site.path().join("public"))], small).await;
    let mut first = server.connect().await;
    first.send("GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(first.head_reply().await.unwrap().status, 200);
    let second = get(&server, "/huge", "").await;
    assert_eq!(second.problem(), (503, "busy".to_owned()));
    assert_eq!(get(&server, "/app.js", "").await.status, 200, "a small file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_many_pieces_arrives_whole_by_both_protocols() {
    let (server, site) = server().await;
    let large = fs::read_to_string(site.path().join("public/large.bin")).unwrap();
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET /large.bin HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(client.reply().await.unwrap().body == large);
    }
    let http2 = speak(TcpStream::connect(server.address).await.unwrap()).await;
    for (method, path, expected) in [
        (Method::GET, "/large.bin", &*large),
        (Method::HEAD, "/large.bin", ""),
        (Method::GET, "/app.js", "let a;"),
    ] {
        let mut http2 = http2.clone().ready().await.unwrap();
        let (response, _) = http2.send_request(request(method, path), true).unwrap();
        let response = patiently("a head", response).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = response.into_body();
        let mut bytes = Vec::new();
        while let Some(data) = patiently("a body", body.data()).await {
            let data = data.unwrap();
            body.flow_control().release_capacity(data.len()).unwrap();
            bytes.extend_from_slice(&data);
        }
        assert!(bytes == expected.as_bytes(), "{path}");
    }
    eventually("no bytes", async || (held(&server).await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_becomes_shorter_ends_the_connection() {
    let (server, site) = server().await;
    let path = site.path().join("public/huge");
    let huge = fs::File::create(&path).unwrap();
    huge.set_len(1 << 26).unwrap();
    let mut client = server.connect().await;
    client.send("GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.head_reply().await.unwrap().status, 200);
    huge.set_len(10).unwrap();
    assert!(client.rest().await.len() < 1 << 26);
    assert_eq!(get(&server, "/huge", "").await.body.len(), 10);
}

#[tokio::test]
async fn a_client_that_takes_a_file_too_slowly_is_cut_off() {
    let site = site();
    let huge = fs::File::create(site.path().join("public/huge")).unwrap();
    huge.set_len(1 << 28).unwrap();
    let slow = Server { write_time: SOON, ..Server::default() };
    let server = serve(vec![route("/", &site.path().join("public"))], slow).await;
    let mut client = server.connect().await;
    client.send("GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.head_reply().await.unwrap().status, 200);
    eventually("the end", async || (held(&server).await == 0).then_some(())).await;
    assert!(client.rest().await.len() < 1 << 28);
}
