//! The program `hostel serve`.

use super::client::post;
use super::program::{ANYWHERE, Place, Serving, address, after};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_few_descriptors_keeps_some_for_its_operator() {
    let place = Place::with_guests("");
    let mut serving = place.begin_by(after("ulimit -n 64"));
    let mut first = serving.line_with("serving ");
    serving.address = address(&first).parse().unwrap();
    serving.admin = address(&serving.line_with("admin on ")).parse().unwrap();
    let line = serving.line_with("only 16 connections can be open at once, not the 10000 of");
    assert!(line.contains("`ulimit -n`, `LimitNOFILE=`"), "{line}");
    while first.contains("being loaded") {
        first = serving.line_with("serving ");
    }
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(serving.connect().await);
    }
    serving.until_metric("hostel_http_connections_open{listener=\"services\"}", 16).await;
    assert_eq!(serving.get("/healthz").await.status, 200);
    // The server accepts waiting clients in the places of the clients that disconnect here.
    clients.drain(..50);
    let mut last = clients.pop().unwrap();
    clients.clear();
    last.send(post("mirrors", "", "")).await;
    assert_eq!(last.reply().await.unwrap().status, 200);
    serving.check_serves("all are gone").await;
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_raises_its_own_limit_of_files_as_far_as_it_needs() {
    let place = Place::with_guests("[server]\nconnections = 100\n");
    let (serving, _) = place.serve_by(after("ulimit -Sn 64"));
    assert_eq!(serving.metric("process_max_fds").await, 356);
    for helper in Serving::helpers(place.folder.path()) {
        let limits = std::fs::read_to_string(format!("/proc/{helper}/limits")).unwrap();
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        assert_eq!(files.split_whitespace().next(), Some("64"), "what it starts keeps its limit");
    }
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
fn a_log_for_people_has_the_routes_and_a_command_that_works() {
    let place = Place::with_guests(
        "[log]\nformat = \"text\"\n[[routes]]\npath = \"/{id}\"\nmethods = [\"GET\"]\n\
         service = \"guests.mirrors\"\n[[routes]]\npath = \"/mirror\"\nmethods = [\"PUT\"]\n\
         service = \"guests.mirrors\"\n",
    );
    let serving = place.begin_by(hostel());
    let mut routes = Vec::new();
    let command = loop {
        let (_, line) = serving.any_line().unwrap();
        if let Some((_, command)) = line.split_once(" hostel try: ") {
            break command.to_owned();
        }
        routes.extend(line.split_once(" hostel route ").map(|(_, route)| route.to_owned()));
    };
    assert_eq!(routes, ["PUT /mirror -> guests.mirrors", "GET /{id} -> guests.mirrors"]);
    assert!(command.starts_with("curl --request PUT --data '{}' http://127.0.0.1:"), "{command}");
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("{command} --silent --show-error")])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("\"body\":\"{}\""), "{told}");
}

#[test]
fn a_log_for_programs_has_no_commands() {
    let (mut serving, _) = Serving::start();
    serving.signal("TERM");
    while let Some((_, line)) = serving.any_line() {
        assert!(!line.starts_with("try: "), "{line}");
    }
    assert_eq!(serving.code(), Some(0));
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

    for (option, example) in [("--listen", 8080), ("--admin-listen", 8081)] {
        let output = hostel().args(["serve", option, "8080"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let hint =
            format!("\"8080\" is not an address and port: write it as in \"127.0.0.1:{example}\"");
        assert!(stderr(&output).contains(&hint), "{}", stderr(&output));
    }

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = hostel().args(["serve", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains(&format!(
            "cannot listen on {address}: the address is in use; choose another one by `--listen` \
             or `server.listen`"
        )),
        "{}",
        stderr(&output)
    );
}
