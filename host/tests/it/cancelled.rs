//! Cancelled calls, cancelled requests and failed TLS handshakes: the host counts them, and they
//! leave nothing behind.

use crate::http::client::{Client, SOON, TestServer, eventually, post};
use crate::http::protocols::{begin_tls, request, secure, speak};
use crate::support::{Random, TestHost, guests, patient};
use hostel::config::Server;
use hostel::http::HttpSettings;
use hostel::{AccessLine, AccessSink, Admission, Host, Request, Settings};
use hyper::Method;
use serde_json::Value;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Polls a future once. Returns `None` if it is still pending.
async fn poll_once<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Returns the sum of the samples whose line begins with `name` and contains `label`.
async fn metric(host: &Host, name: &str, label: &str) -> u64 {
    let text = host.metrics().await.unwrap();
    let samples = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

/// Waits until a metric has this value, and fails after a timeout.
async fn until(host: &Host, (name, label): (&str, &str), value: u64) {
    let ask = async || (metric(host, name, label).await == value).then_some(());
    eventually(&format!("{name} {label}"), ask).await;
}

const UNDER_WAY: (&str, &str) = ("hostel_calls_under_way ", "");
const WAITING: (&str, &str) = ("hostel_calls_waiting ", "");
const OPEN: (&str, &str) = ("hostel_http_connections_open", "listener=\"services\"");
const CANCELLED_REQUESTS: (&str, &str) =
    ("hostel_http_requests_total{listener=\"services\"", "kind=\"service\",status=\"499\"");

/// Creates a host that runs at most `calls` calls at once.
async fn host(calls: usize) -> TestHost {
    let queue_time = Duration::from_secs(60);
    let admission =
        Admission { calls, calls_per_plugin: calls, queue_time, ..Admission::default() };
    let host =
        TestHost::with_settings(Settings { admission, limits: patient(), ..Settings::default() });
    host.load("guests", guests()).await;
    host
}

async fn check_cancelled(host: &TestHost, service: &str) {
    let outcome = format!("service=\"guests.{service}\",outcome=\"cancelled\"");
    assert_eq!(metric(&host.host, "hostel_calls_total", &outcome).await, 1, "{service}");
    let timed = format!("service=\"guests.{service}\"");
    assert_eq!(metric(&host.host, "hostel_call_seconds_count", &timed).await, 1, "{service}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_while_it_waits_or_runs_counts_as_cancelled() {
    let host = host(1).await;
    let mut running = Box::pin(host.call("guests.logs-then-spins", &Value::Null));
    eventually("the running call", async || {
        assert!(poll_once(&mut running).await.is_none());
        host.messages().iter().any(|line| line == "spins").then_some(())
    })
    .await;
    let mut waiting = Box::pin(host.call("guests.mirrors", &Value::Null));
    assert!(poll_once(&mut waiting).await.is_none());
    assert_eq!(host.host.activity().waiting, 1);
    drop(waiting);
    check_cancelled(&host, "mirrors").await;
    assert_eq!(host.host.activity().waiting, 0);
    drop(running);
    check_cancelled(&host, "logs-then-spins").await;
    host.call("guests.looks-around", &Value::Null).await.unwrap();
    let of_others = "service=\"guests.looks-around\",outcome=\"cancelled\"";
    assert_eq!(metric(&host.host, "hostel_calls_total", of_others).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_that_are_dropped_leave_nothing_behind() {
    let host = host(64).await;
    let mut random = Random(20);
    let (mut begun, mut ended) = (0_u64, 0_u64);
    for _ in 0..100 {
        let call = |number: usize| {
            let service = ["guests.sleeps", "guests.mirrors"][number % 2];
            Box::pin(host.call(service, &Value::Null))
        };
        let calls: Vec<_> = (0..100).map(|_| call(random.below(2))).collect();
        let mut pending = Vec::new();
        for mut call in calls {
            begun += 1;
            match poll_once(&mut call).await {
                Some(_) => ended += 1,
                None => pending.push(call),
            }
        }
        // The permits of dropped calls go to waiting calls, which begin when they are polled.
        while !pending.is_empty() {
            let mut call = pending.swap_remove(random.below(pending.len()));
            ended += u64::from(random.below(2) == 0 && poll_once(&mut call).await.is_some());
        }
    }
    let host = &host.host;
    assert_eq!(metric(host, "hostel_calls_total", "outcome=\"cancelled\"").await, begun - ended);
    assert_eq!(metric(host, "hostel_calls_total", "").await, begun);
    assert_eq!(metric(host, "hostel_call_seconds_count", "").await, begun);
    until(host, UNDER_WAY, 0).await;
    until(host, WAITING, 0).await;
    let (made, slots) =
        (metric(host, "hostel_instances_made_total", "").await, host.activity().slots);
    assert!(made > u64::from(slots), "{made} stores would not have taken all {slots} slots");
    host.call("guests.looks-around", Request::default()).await.unwrap();
}

/// Returns a server, and the lines of its access log as `method path status bytes service`.
async fn server() -> (TestServer, mpsc::UnboundedReceiver<String>) {
    let (tell, lines) = mpsc::unbounded_channel();
    let access: AccessSink = Arc::new(move |line| {
        let AccessLine { method, path, status, bytes, took, service, .. } = *line;
        assert!(took > Duration::ZERO);
        let _ = tell.send(format!("{method} {path} {status} {bytes} {service}"));
    });
    let settings = HttpSettings { access: Some(access), ..HttpSettings::default() };
    (TestServer::with(patient(), settings).await, lines)
}

const SPINS: &str = "guests.logs-then-spins: spins";
const SPINS_LINE: &str = "POST /services/guests.logs-then-spins 499 0 guests.logs-then-spins";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_http1_that_closes_has_an_access_line_and_a_status_of_its_own() {
    let (mut server, mut lines) = server().await;
    let mut client = server.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    server.line(SPINS).await;
    drop(client);
    assert_eq!(lines.recv().await.unwrap(), SPINS_LINE);
    until(&server.host, CANCELLED_REQUESTS, 1).await;
    until(&server.host, ("hostel_calls_total", "outcome=\"cancelled\""), 1).await;
    server.check_serves("a client that left").await;
    assert_eq!(metric(&server.host, "hostel_http_requests_total", "status=\"4xx\"").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_http2_that_is_reset_has_an_access_line_and_a_status_of_its_own() {
    let (mut server, mut lines) = server().await;
    let client = speak(TcpStream::connect(server.address).await.unwrap()).await;
    let mut ready = client.clone().ready().await.unwrap();
    let spins = request(Method::POST, "/services/guests.logs-then-spins");
    let (_response, mut stream) = ready.send_request(spins, true).unwrap();
    server.line(SPINS).await;
    stream.send_reset(h2::Reason::CANCEL);
    assert_eq!(lines.recv().await.unwrap(), SPINS_LINE);
    until(&server.host, CANCELLED_REQUESTS, 1).await;
    until(&server.host, ("hostel_calls_total", "outcome=\"cancelled\""), 1).await;
    assert_eq!(metric(&server.host, OPEN.0, OPEN.1).await, 1, "the connection goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_that_close_at_any_moment_leave_nothing_behind() {
    let (server, mut lines) = server().await;
    let mut random = Random(21);
    let requests = [post("sleeps", "", ""), post("mirrors", "", "a body")];
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        let mut client = server.connect().await;
        let request = &requests[random.below(2)];
        let length = request.len().saturating_sub(random.below(8));
        client.send(&request[..length]).await;
        clients.push(client);
        if clients.len() > 20 {
            drop(clients.swap_remove(random.below(21)));
        }
    }
    clients.clear();
    until(&server.host, OPEN, 0).await;
    until(&server.host, UNDER_WAY, 0).await;
    until(&server.host, WAITING, 0).await;
    server.check_serves("a thousand that left").await;
    let mut statuses = [0_u64, 0];
    while let Ok(line) = lines.try_recv() {
        statuses[usize::from(line.contains(" 499 0 "))] += 1;
    }
    assert!(statuses[1] > 0, "{statuses:?}");
    let (name, cancelled) = CANCELLED_REQUESTS;
    assert_eq!(metric(&server.host, name, cancelled).await, statuses[1]);
    assert_eq!(metric(&server.host, name, "").await, statuses[0] + statuses[1]);
}

/// Returns the number of failed handshakes that a log line reports, or `None` for any other line.
/// Also checks the reported reason.
fn handshakes(line: &str, reason: &str) -> Option<u64> {
    let rest = line.strip_prefix("hostel: the TLS handshake with 127.0.0.1:")?;
    assert!(rest.contains(&format!(" failed: {reason}")), "{line}");
    let more = rest.split_once("(and ").map(|(_, more)| more.split_once(' ').unwrap().0);
    Some(1 + more.map_or(0, |more| more.parse().unwrap()))
}

#[tokio::test]
async fn failed_handshakes_are_all_counted_and_logged_within_bounds() {
    let (mut server, certificate, _folder) = secure(Server::default()).await;
    let begun = Instant::now();
    for _ in 0..300 {
        let mut client = server.connect().await;
        client.send("POST / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.rest().await;
    }
    let refused = ("hostel_http_connections_refused_total", "reason=\"tls\"");
    until(&server.host, refused, 300).await;
    // A TLS client calls a service that logs. The service's line is the last one.
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut client = Client::new(begin_tls(stream, &certificate, &[]).await);
    client.send(post("counts", "", "null")).await;
    let (mut lines, mut logged) = (0, 0);
    loop {
        let line = server.next_line().await;
        if line == "guests.counts: call 1" {
            break;
        }
        let about = handshakes(&line, "received corrupt message of type InvalidContentType");
        logged += about.unwrap();
        lines += 1;
    }
    assert!((1..=300).contains(&logged), "{logged}");
    assert!((1..=begun.elapsed().as_secs() + 1).contains(&lines), "{lines}");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_counted_and_logged() {
    let server = Server { header_time: SOON, ..Server::default() };
    let (mut server, _certificate, _folder) = secure(server).await;
    let mut client = server.connect().await;
    client.send(b"\x16\x03\x01").await;
    assert_eq!(client.rest().await, "");
    let line = server.next_line().await;
    assert_eq!(handshakes(&line, "it took longer than `server.header-time`"), Some(1));
    until(&server.host, ("hostel_http_connections_refused_total", "reason=\"tls\""), 1).await;
}
