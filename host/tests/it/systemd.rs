//! `hostel serve` under systemd: socket activation and notifications.

use crate::http::program::{Serving, address};
use crate::http::serve::check_serves;
use crate::support::{component, hostel, stderr};
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A test that waits longer than this fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns a command that passes one or two sockets to the program as systemd does. A shell
/// duplicates the sockets to the descriptors 3 and 4. `exec` keeps the process id, which systemd
/// also passes.
fn passing(sockets: &[&TcpListener], names: &str) -> Command {
    let program = hostel();
    let duplicate =
        |place: usize| Stdio::from(sockets[place].as_fd().try_clone_to_owned().unwrap());
    let mut command = Command::new("sh");
    let moved = ["exec 3<&0 </dev/null", "exec 4>&1 >/dev/null"][..sockets.len()].join("; ");
    let passed = sockets.len();
    let script = format!("{moved}; LISTEN_PID=$$ LISTEN_FDS={passed} exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(program.get_program());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("LISTEN_FDNAMES", names);
    command.stdin(duplicate(0));
    if passed > 1 {
        command.stdout(duplicate(1));
    }
    command
}

fn socket() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn sockets_that_are_passed_are_listened_on() {
    let ((http, calls_at), (admin, admin_at)) = (socket(), socket());
    for (names, sockets) in [
        ("http", vec![&http]),
        ("hostel.socket", vec![&http]),
        ("admin:hostel.socket", vec![&admin, &http]),
    ] {
        let (mut server, first) = Serving::start_by(passing(&sockets, names));
        assert_eq!(address(&first), calls_at, "{names}");
        check_serves(&first);
        if sockets.len() > 1 {
            check_healthy(&admin_at);
        }
        server.signal("TERM");
        assert_eq!(server.code(), Some(0), "{names}");
    }
}

fn check_healthy(admin: &str) {
    let mut stream = TcpStream::connect(admin).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let answer = std::io::read_to_string(stream).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn a_socket_that_cannot_be_listened_on_is_refused() {
    let (one, two) = (socket().0, socket().0);
    let output = passing(&[&one, &two], "http:other").arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("a second socket was passed, named \"other\""), "{told}");

    let connected = TcpStream::connect(one.local_addr().unwrap()).unwrap();
    let others: [OwnedFd; 3] = [
        UnixDatagram::unbound().unwrap().into(),
        UdpSocket::bind("127.0.0.1:0").unwrap().into(),
        connected.into(),
    ];
    for other in others {
        let output = passing(&[&other.into()], "http").arg("serve").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let expected = "the socket that was passed as \"http\" is not a listening TCP socket";
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let (mut serve, (_, taken)) = (hostel(), socket());
    serve.env("LISTEN_PID", "1").env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "http");
    let (_serving, first) = Serving::start_by(serve);
    assert_ne!(address(&first), taken);
    check_serves(&first);
}

/// Receives a server's notifications, as systemd does.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Manager { socket, folder }
    }

    fn command(&self) -> Command {
        let mut serve = hostel();
        serve.env("NOTIFY_SOCKET", self.folder.path().join("notify"));
        serve
    }

    /// Returns the readiness message, skipping earlier messages.
    fn hear_ready(&self) -> String {
        let begun = Instant::now();
        loop {
            let told = self.hear();
            if told.starts_with("READY=1\n") {
                return told;
            }
            // Watchdog messages never end, so the loop must check the time itself.
            assert!(begun.elapsed() < PATIENCE, "not ready: {told}");
        }
    }

    fn hear(&self) -> String {
        let mut bytes = [0; 4_096];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }
}

const NOT_READY: &str =
    "STATUS=not ready: plugins are being loaded, or a required plugin or cache is not available\n";

#[test]
fn it_is_notified_when_the_server_is_ready_and_when_it_stops() {
    let manager = Manager::new();
    let (mut serving, _) = Serving::start_by(manager.command());
    assert_eq!(manager.hear_ready(), "READY=1\nSTATUS=serving 30 services\n");
    serving.signal("TERM");
    assert_eq!(manager.hear(), "STOPPING=1\nSTATUS=active requests have 10s to finish\n");
    assert_eq!(serving.code(), Some(0));
}

#[test]
fn a_server_is_not_ready_before_what_is_required_serves() {
    let manager = Manager::new();
    let folder = tempfile::tempdir().unwrap();
    let config =
        "[server]\nready-requires = [\"plugin:later\"]\n[plugins.guests]\n[plugins.later]\n";
    std::fs::write(folder.path().join("hostel.toml"), config).unwrap();
    let guests = component("host/tests/guests");
    std::fs::copy(&guests, folder.path().join("guests.wasm")).unwrap();
    let later = folder.path().join("later.wasm");
    let mut serve = manager.command();
    serve.arg("serve").arg("--config").arg(folder.path().join("hostel.toml"));
    let (_serving, first) = Serving::begin(serve);
    assert_eq!(manager.hear(), NOT_READY);
    check_serves(&first);
    std::fs::copy(&guests, later).unwrap();
    assert_eq!(manager.hear_ready(), "READY=1\nSTATUS=serving 60 services\n");
}

#[test]
fn a_watchdog_is_notified_that_the_server_lives() {
    let manager = Manager::new();
    let mut serve = manager.command();
    serve.env("WATCHDOG_USEC", "200000");
    let (_serving, _) = Serving::start_by(serve);
    assert!(manager.hear_ready().starts_with("READY=1\n"));
    for _ in 0..3 {
        assert_eq!(manager.hear(), "WATCHDOG=1\n");
    }
}

#[test]
fn a_manager_that_reads_nothing_delays_nothing() {
    let manager = Manager::new();
    let others = UnixDatagram::unbound().unwrap();
    others.set_nonblocking(true).unwrap();
    // Fill the queue of the socket.
    while others.send_to(b"other", manager.folder.path().join("notify")).is_ok() {}
    let mut serve = manager.command();
    serve.env("WATCHDOG_USEC", "100000");
    let (mut serving, first) = Serving::start_by(serve);
    // Wait long enough for the server to have tried to report readiness.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        check_serves(&first);
    }
    assert_eq!(manager.hear_ready(), "READY=1\nSTATUS=serving 30 services\n");
    serving.signal("TERM");
    assert_eq!(serving.code(), Some(0));
}
