//! `hostel serve`, the program.

use super::client::post;
use crate::support::{component, hostel, stderr};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use tempfile::TempDir;

/// Listeners that no other test has.
const ANYWHERE: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// A program that serves the guests, and ends with the test.
struct Serving {
    child: Child,
    lines: BufReader<ChildStderr>,
    _folder: TempDir,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Serving {
    /// Serves a folder with one plugin; answers the first line as well.
    fn start() -> (Self, String) {
        Serving::start_by(hostel())
    }

    fn start_by(mut serve: Command) -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(component("host/tests/guests"), folder.path().join("guests.wasm")).unwrap();
        std::fs::write(folder.path().join("README.md"), "no plugin").unwrap();
        serve.arg("serve").args(ANYWHERE).arg(folder.path()).stderr(Stdio::piped());
        let mut child = serve.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Serving { child, lines, _folder: folder };
        let (first, second) = (serving.line(), serving.line());
        assert!(second.starts_with("admin on http://127.0.0.1:"), "{second}");
        (serving, first)
    }

    /// The next line of the server's own: no terminal reads, so each is JSON.
    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            let line: Value = serde_json::from_str(&line).unwrap();
            if line.get("plugin").is_none() {
                return line["message"].as_str().unwrap().to_owned();
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// The address that the first line names.
fn address(first: &str) -> &str {
    first.split("http://").nth(1).unwrap().split(": ").next().unwrap()
}

fn check_serves(first: &str) {
    let mut stream = TcpStream::connect(address(first)).unwrap();
    stream.write_all(post("mirrors", "connection: close\r\n", "hello").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.contains("hello"));
}

#[test]
fn a_server_that_runs_out_of_files_goes_on() {
    let mut serve = Command::new("sh");
    let program = hostel();
    serve.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""]).arg(program.get_program());
    serve.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let (mut serving, first) = Serving::start_by(serve);
    let connect = || TcpStream::connect(address(&first)).unwrap();
    let connections: Vec<_> = (0..100).map(|_| connect()).collect();
    let line = serving.line();
    assert!(line.starts_with("cannot accept a connection: Too many open files"), "{line}");
    drop(connections);
    check_serves(&first);
    serving.signal("TERM");
    while !serving.line().starts_with("stopping") {}
    assert_eq!(serving.code(), Some(0));
}

#[test]
fn a_folder_is_served_until_a_signal() {
    for name in ["TERM", "INT"] {
        let (mut serving, first) = Serving::start();
        assert!(first.starts_with("serving "), "{first}");
        assert!(first.contains("POST /services/<plugin>.<service>"), "{first}");
        check_serves(&first);
        serving.signal(name);
        let line = serving.line();
        assert!(line.starts_with("stopping"), "{line}");
        assert_eq!(serving.code(), Some(0));
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (mut serving, first) = Serving::start();
    let mut stream = TcpStream::connect(address(&first)).unwrap();
    let request = post("mirrors", "expect: 100-continue\r\n", "never sent");
    stream.write_all(request.split_once("never").unwrap().0.as_bytes()).unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    serving.signal("TERM");
    let line = serving.line();
    assert!(line.starts_with("stopping"), "{line}");
    serving.signal("TERM");
    assert_eq!(serving.code(), Some(1));
}

#[test]
fn what_cannot_be_served_is_said() {
    let empty = tempfile::tempdir().unwrap();
    let output = hostel().arg("serve").arg(empty.path()).args(ANYWHERE).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("there is nothing to serve in "), "{}", stderr(&output));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = hostel().args(["serve", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains(&format!("cannot listen on {address}")),
        "{}",
        stderr(&output)
    );
}
