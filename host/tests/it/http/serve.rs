//! `hostel serve`, the program.

use super::client::post;
use super::program::{ANYWHERE, Serving, address, after};
use crate::support::{hostel, stderr};
use std::io::{Read, Write};
use std::net::TcpStream;

pub fn check_serves(first: &str) {
    let mut stream = TcpStream::connect(address(first)).unwrap();
    stream.write_all(post("mirrors", "connection: close\r\n", "hello").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.contains("hello"));
}

#[test]
fn a_server_that_runs_out_of_files_goes_on() {
    let (mut serving, first) = Serving::start_by(after("ulimit -n 64"));
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
