//! Realistic services from `host/tests/services`, served and called over HTTP.

use crate::http::client::Reply;
use crate::http::program::Serving;
use crate::support::{hostel, project};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The password of the service that has sessions.
pub const PASSWORD: &str = "enter-please";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Serves a copy of the service of this name, with its own `hostel.toml`. The copy persists between
/// test runs, to reuse Rust builds.
pub fn served(name: &str) -> Serving {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("services").join(name);
    copy(&project().join("host/tests/services").join(name), &folder);
    let mut program = hostel();
    program.env("SESSIONS_PASSWORD", PASSWORD);
    program.arg("serve").arg("--config").arg(folder.join("hostel.toml"));
    Serving::begin(program).0
}

/// Sends a request with these header lines and this body.
pub async fn ask(server: &Serving, request: &str, headers: &[&str], body: &str) -> Reply {
    let mut text = format!("{request} HTTP/1.1\r\nhost: a\r\n");
    for header in headers {
        write!(text, "{header}\r\n").unwrap();
    }
    write!(text, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    server.send(&text).await
}

/// Checks that a problem response has this status, and that its detail contains this message.
#[track_caller]
pub fn check_refused(reply: &Reply, status: u16, message: &str) {
    assert_eq!(reply.problem().0, status, "{reply:?}");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(message), "{detail}");
}
