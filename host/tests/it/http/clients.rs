//! Slow clients, many clients, and clients that disconnect early: the server releases their
//! resources.

use super::client::{Client, SOON, TestServer, patiently, post};
use super::program::{Place, Serving, after};
use hostel::config::Server;
use hostel::http::HttpSettings;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The number of concurrent connections, unless `HOSTEL_CONNECTIONS` sets another number or the
/// process may open too few files.
const CONNECTIONS: usize = 2_000;

/// Number of file descriptors that the test process needs for other purposes.
const OTHER_FILES: u64 = 500;

/// Sends bytes one by one, at intervals much shorter than the server's timeouts, until the server
/// closes the connection. Returns the received text.
async fn trickle(server: &TestServer, bytes: String) -> String {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(SOON / 20);
        for byte in bytes.into_bytes() {
            ticks.tick().await;
            if write.write_all(&[byte]).await.is_err() {
                return;
            }
        }
        // Wait for the server to close the connection.
        std::future::pending::<()>().await;
    });
    let mut said = Vec::new();
    // Reading may fail if the server resets the connection.
    let _ = patiently("the end", read.read_to_end(&mut said)).await;
    sending.abort();
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn a_request_that_comes_byte_by_byte_is_given_up() {
    let server = Server { header_time: SOON, body_time: SOON, ..Server::default() };
    let server = TestServer::limited(server).await;
    let endless = format!("POST / HTTP/1.1\r\nhost: a\r\n{}", "x-a: 1\r\n".repeat(1_000));
    assert_eq!(trickle(&server, endless).await, "", "a head");
    let body = "x".repeat(1_000);
    let request = post("mirrors", "", &body);
    let (head, body) = request.split_at(request.len() - 1_000);
    let mut client = server.connect().await;
    client.send(head).await;
    for byte in body.bytes() {
        if tokio::time::timeout(SOON / 20, client.stream.readable()).await.is_ok() {
            break;
        }
        client.send([byte]).await;
    }
    assert_eq!(client.reply().await.unwrap().problem(), (408, "request-timeout".to_owned()));
    server.check_serves("bytes one by one").await;
}

/// The phase in which a client disconnects.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Connected,
    InHead,
    BeforeBody,
    InBody,
    Called,
    Waiting,
    Answered,
}

/// Connects a client and brings it to this phase. For `Waiting`, another client's call occupies the
/// plugin first.
async fn come(serving: &Serving, phase: Phase) -> Vec<Client<TcpStream>> {
    let mut clients = vec![serving.connect().await];
    let send = async |client: &mut Client<TcpStream>, bytes: &str| client.send(bytes).await;
    let request = post("mirrors", "", "a body of some bytes");
    let head = request.find("\r\n\r\n").unwrap() + 4;
    match phase {
        Phase::Connected => {}
        Phase::InHead => send(&mut clients[0], &request[..head / 2]).await,
        Phase::BeforeBody => send(&mut clients[0], &request[..head]).await,
        Phase::InBody => send(&mut clients[0], &request[..head + 7]).await,
        Phase::Called | Phase::Waiting => {
            send(&mut clients[0], &post("spins", "", "")).await;
            serving.until_metric("hostel_calls_under_way", 1).await;
            if matches!(phase, Phase::Waiting) {
                clients.push(serving.connect().await);
                send(&mut clients[1], &post("spins", "", "")).await;
                serving.until_metric("hostel_calls_waiting", 1).await;
            }
        }
        Phase::Answered => {
            send(&mut clients[0], &post("returns-too-much", "", "")).await;
            patiently("an answer", clients[0].stream.read_u8()).await.unwrap();
        }
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_in_any_phase_leaves_nothing_behind() {
    let place = Place::with_guests(
        "[limits]\ntime = \"1h\"\nresponse = \"64MiB\"\n\
         [admission]\ncalls-per-plugin = 1\nqueue-time = \"1h\"\n",
    );
    let mut serving = place.serve();
    serving.check_serves("nothing").await;
    let files = serving.files();
    for phase in [
        Phase::Connected,
        Phase::InHead,
        Phase::BeforeBody,
        Phase::InBody,
        Phase::Called,
        Phase::Waiting,
        Phase::Answered,
    ] {
        for by_reset in [false, true] {
            let what = format!("{phase:?}, by a reset: {by_reset}");
            // In the phase `Waiting`, the last client waits: disconnect it first.
            for client in come(&serving, phase).await.into_iter().rev() {
                if by_reset {
                    client.stream.set_zero_linger().unwrap();
                }
                drop(client);
                serving.until_metric("hostel_calls_waiting", 0).await;
            }
            serving.until_metric("hostel_calls_under_way", 0).await;
            serving.check_serves(&what).await;
            serving.until_files(files + 1).await;
        }
    }
}

/// The server cannot distinguish a client that has shut down its sending half from a client that
/// has disconnected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_its_half_counts_as_one_that_left() {
    let limits = hostel::Limits {
        time: Duration::from_secs(3_600),
        cpu: Duration::from_secs(3_600),
        ..hostel::Limits::default()
    };
    let mut server = TestServer::with(limits, HttpSettings::default()).await;
    let mut client = server.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    server.line("guests.logs-then-spins: spins").await;
    client.stream.shutdown().await.unwrap();
    server.line("guests.logs-then-spins: spun").await;
    assert_eq!(client.rest().await, "");
    server.check_serves("half a connection").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_connections_are_served_and_given_back() {
    let asked = std::env::var("HOSTEL_CONNECTIONS").ok().and_then(|count| count.parse().ok());
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let room = maximum.map_or(u64::MAX, |most| most.saturating_sub(OTHER_FILES));
    let count = asked.unwrap_or(CONNECTIONS).min(usize::try_from(room).unwrap());
    // These timeouts are long enough to open all connections.
    let place = Place::with_guests("[server]\nheader-time = \"10m\"\nidle-time = \"10m\"\n");
    let mut serving = place.serve_by(after("ulimit -n $(ulimit -Hn)")).0;
    serving.check_serves("nothing").await;
    let (files, memory) = (serving.files(), serving.memory());
    let mut clients = Vec::new();
    for number in 0..count {
        let mut client = serving.connect().await;
        client.send(&post("mirrors", "", "")[..if number % 2 == 0 { 20 } else { 0 }]).await;
        clients.push(client);
    }
    serving.check_serves("all are there").await;
    println!("{count} connections: {memory} MiB, then {}", serving.memory());
    let request = post("mirrors", "", "");
    for (number, client) in clients.iter_mut().enumerate().step_by(100) {
        client.send(&request[if number % 2 == 0 { 20 } else { 0 }..]).await;
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    assert!(serving.memory() < memory + 32 + count / 32, "32 KiB for each at most");
    drop(clients);
    serving.until_files(files + 1).await;
    serving.check_serves("all are gone").await;
}
