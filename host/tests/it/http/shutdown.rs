//! Signals to a busy `hostel serve`.

use super::client::{Client, SOON, eventually, post};
use super::program::{Place, Serving, numbered, numbered_request, numbered_slowly};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The number of callers that each send all requests on one connection, and of callers that open a
/// connection for each request.
const CALLERS: (usize, usize) = (16, 4);

/// Minimum number of requests that get a response before the signal.
const BEFORE: usize = 100;

/// Distance between the number ranges of the callers.
const APART: usize = 1_000_000;

/// The results of one caller, or of all callers together.
#[derive(Default)]
struct Seen {
    answered: Vec<usize>,
    /// Requests on connections that closed without a response.
    unanswered: Vec<usize>,
}

impl Seen {
    /// Sends a request. Returns true if the connection stays open for another request.
    async fn send(&mut self, client: &mut Client<TcpStream>, number: usize) -> bool {
        client.send(numbered_request(number)).await;
        let Some(reply) = client.reply().await else {
            assert_eq!(client.rest().await, "", "a part of a response to {number}");
            self.unanswered.push(number);
            return false;
        };
        assert_eq!((reply.status, reply.body), (200, format!("v {number}")));
        self.answered.push(number);
        reply.headers.iter().all(|header| *header != ("connection".into(), "close".into()))
    }
}

/// Sends requests on one connection until the server closes it.
async fn call_on(address: SocketAddr, first: usize, answered: Arc<AtomicUsize>) -> Seen {
    let mut seen = Seen::default();
    let mut client = Client::new(TcpStream::connect(address).await.unwrap());
    for number in first.. {
        if !seen.send(&mut client, number).await {
            break;
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    seen
}

/// Opens a new connection for each request until the server no longer listens.
async fn connect_on(address: SocketAddr, first: usize) -> Seen {
    let mut seen = Seen::default();
    for number in first.. {
        let Ok(stream) = TcpStream::connect(address).await else { break };
        seen.send(&mut Client::new(stream), number).await;
    }
    seen
}

/// Waits until the process has ended. Returns the numbers that the guest has logged.
fn logged(serving: &Serving) -> BTreeSet<usize> {
    let mut logged = BTreeSet::new();
    while let Some((plugin, message)) = serving.any_line() {
        assert!(!message.contains("dropped"), "{message}");
        if plugin == "numbers" {
            logged.extend(message.parse::<usize>());
        }
    }
    logged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_read_before_a_signal_get_responses_and_others_stay_unread() {
    for signal in ["TERM", "INT"] {
        let place = Place::new("[server]\ndrain-time = \"15s\"\n[limits]\ntime = \"15s\"\n");
        place.put("numbers", &numbered_slowly("v"));
        let mut serving = place.serve();
        let (address, answered) = (serving.address, Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS.0 {
            callers.spawn(call_on(address, caller * APART, Arc::clone(&answered)));
        }
        for caller in 0..CALLERS.1 {
            callers.spawn(connect_on(address, (CALLERS.0 + caller) * APART));
        }
        let enough = async || (answered.load(Ordering::Relaxed) >= BEFORE).then_some(());
        eventually("answers", enough).await;
        serving.signal(signal);
        let mut seen = Seen::default();
        while let Some(caller) = callers.join_next().await {
            let caller = caller.unwrap();
            seen.answered.extend(caller.answered);
            seen.unanswered.extend(caller.unanswered);
        }
        let read = logged(&serving);
        assert_eq!(serving.ended().await, Some(0), "{signal}");
        assert_eq!(read, seen.answered.iter().copied().collect(), "{signal}");
        let lost: Vec<_> = seen.unanswered.iter().filter(|number| read.contains(number)).collect();
        assert!(lost.is_empty(), "{signal}: read, but not answered: {lost:?}");
    }
}

/// Starts a server with a call that never ends by itself. Also returns the client that sent the
/// call, and the server's place.
async fn spinning(server: &str) -> (Serving, Client<TcpStream>, Place) {
    let place = Place::with_guests(&format!("[server]\n{server}\n[limits]\ntime = \"1h\"\n"));
    let serving = place.serve();
    let mut client = serving.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    while serving.any_line().unwrap().1 != "spins" {}
    (serving, client, place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_does_not_end_is_cut_when_its_time_is_over() {
    let (mut serving, mut client, _place) = spinning("drain-time = \"100ms\"").await;
    serving.signal("TERM");
    assert!(client.reply().await.is_none());
    serving.line_with("stopping");
    serving.line_with("1 connection was closed with an active request");
    assert_eq!(serving.ended().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_server_whatever_is_under_way() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT"), ("INT", "TERM")] {
        let (mut serving, mut client, _place) = spinning("drain-time = \"1h\"").await;
        serving.signal(first);
        serving.line_with("stopping");
        serving.check_runs();
        serving.signal(second);
        assert_eq!(serving.ended().await, Some(1), "{first}, then {second}");
        assert!(client.reply().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_stop_delay_a_server_is_not_ready_and_serves_on() {
    let place = Place::with_guests("[server]\nstop-delay = \"1h\"\n");
    let mut serving = place.serve();
    let mut kept = serving.connect().await;
    kept.send(post("mirrors", "", "")).await;
    assert_eq!(kept.reply().await.unwrap().header("connection"), None);
    assert_eq!(serving.get("/readyz").await.status, 200);
    serving.signal("TERM");
    let line = serving.line_with("stopping");
    let told = "stopping: connections are accepted for 1h, then active requests have 10s to finish";
    assert!(line.starts_with(told), "{line}");
    let ready = serving.get("/readyz").await;
    assert_eq!(ready.problem(), (503, "unavailable".to_owned()));
    assert!(ready.body.contains("the server is stopping"), "{}", ready.body);
    assert_eq!(serving.get("/healthz").await.status, 200);
    let request = post("mirrors", "", "");
    let closes = async || {
        let reply = serving.send(&request).await;
        assert_eq!(reply.status, 200);
        (reply.header("connection") == Some("close")).then_some(())
    };
    eventually("responses that end their connections", closes).await;
    kept.send(&request).await;
    let last = kept.reply().await.unwrap();
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    assert_eq!(kept.rest().await, "");
    serving.signal("INT");
    assert_eq!(serving.ended().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_stop_delay_a_server_refuses_clients_and_serves_its_operator() {
    let (mut serving, _client, _place) =
        spinning("drain-time = \"1h\"\nstop-delay = \"100ms\"").await;
    serving.signal("TERM");
    let address = serving.address;
    let is_closed = async || TcpStream::connect(address).await.is_err().then_some(());
    eventually("a closed listener", is_closed).await;
    assert_eq!(serving.get("/readyz").await.status, 503);
    assert_eq!(serving.get("/healthz").await.status, 200);
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_while_it_compiles_ends_a_server() {
    let place = Place::with_guests("");
    let mut command = crate::support::hostel();
    command.env("XDG_CACHE_HOME", place.folder.path().join("cold"));
    let mut serving = place.begin_by(command);
    serving.until_it_listens_for_signals().await;
    serving.signal("TERM");
    while let Some((_, line)) = serving.any_line() {
        assert!(!line.starts_with("serving "), "{line}");
    }
    assert_eq!(serving.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_signals_do_not_stop_the_server() {
    let place = Place::with_guests("");
    place.put("numbers", &numbered("one"));
    let mut serving = place.serve();
    serving.signal("PIPE");
    serving.check_serves("SIGPIPE").await;
    place.put("numbers", &numbered("two"));
    serving.signal("HUP");
    serving.line_with("checking the plugins' files");
    let is_swapped =
        async || (serving.send(&numbered_request(1)).await.body == "two 1").then_some(());
    eventually("the new version", is_swapped).await;
    serving.check_serves("SIGHUP").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_during_a_pause_of_the_process_get_responses() {
    let place = Place::with_guests("[server]\nheader-time = \"3s\"\nidle-time = \"3s\"\n");
    let mut serving = place.serve();
    let mut clients = Vec::new();
    for number in 0..6 {
        let mut client = serving.connect().await;
        if number % 2 == 0 {
            client.send(post("mirrors", "", "")).await;
            assert_eq!(client.reply().await.unwrap().status, 200);
        }
        clients.push(client);
    }
    // The server accepts connections in order: once it has responded to this request, it has
    // accepted all earlier connections.
    serving.check_serves("the others").await;
    serving.signal("STOP");
    // Each thread stops only when it is next scheduled, which takes a while on a busy machine.
    eventually("all threads stopped", async || serving.stands_still().then_some(())).await;
    for client in &mut clients {
        client.send(post("mirrors", "", "")).await;
    }
    let early = tokio::time::timeout(35 * SOON, clients[0].reply()).await;
    assert!(early.is_err(), "the process is stopped");
    serving.signal("CONT");
    for mut client in clients {
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    serving.check_serves("standing still").await;
}
