//! From an empty folder to a service that is replaced while it serves, with the tools that a user
//! would use.

use super::client::{Client, Reply, eventually};
use super::program::{Serving, numbered};
use crate::support::{hostel, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tokio::net::TcpStream;

/// Returns a command that runs the program in a folder. All commands share the folder for build
/// results.
fn hostel_in(folder: &Path) -> Command {
    let mut command = hostel();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("user");
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    command
}

/// Requests a URL with `curl`, or with the test's own client if `curl` is missing. Returns the
/// status and the body of the response.
async fn curl(url: &str, data: Option<&str>) -> (u16, String) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"]);
    curl.args(data.into_iter().flat_map(|data| ["--data", data])).arg(url);
    let Ok(output) = curl.output() else {
        let Reply { status, body, .. } = ask(url, data).await;
        return (status, body);
    };
    let (told, words) = (stdout(&output), stderr(&output));
    let (body, status) = told.rsplit_once('\n').unwrap_or_else(|| panic!("{url}: {words}"));
    (status.parse().unwrap(), body.to_owned())
}

async fn ask(url: &str, data: Option<&str>) -> Reply {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let (method, body) = data.map_or(("GET", ""), |data| ("POST", data));
    let mut client = Client::new(TcpStream::connect(host).await.unwrap());
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}");
    client.send(format!("{head}\r\n\r\n{body}")).await;
    client.reply().await.unwrap()
}

/// A server as its user sees it.
struct Seen(Serving);

impl Seen {
    async fn call(&self, service: &str, data: &str) -> (u16, String) {
        curl(&format!("http://{}/services/{service}", self.0.address), Some(data)).await
    }

    async fn look(&self, path: &str) -> (u16, String) {
        curl(&format!("http://{}{path}", self.0.admin), None).await
    }

    async fn plugin(&self, name: &str) -> Value {
        let (status, list) = self.look("/plugins").await;
        assert_eq!(status, 200, "{list}");
        let list: Value = serde_json::from_str(&list).unwrap();
        let mut plugins = list["plugins"].as_array().unwrap().iter();
        plugins.find(|plugin| plugin["name"] == name).cloned().unwrap_or_default()
    }

    async fn until_numbers_returns(&self, answer: &str) {
        let is_there =
            async || (self.call("numbers", "7").await == (200, answer.into())).then_some(());
        eventually(answer, is_there).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_nothing_to_a_service_that_is_replaced_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path()).args(["new", "greeter"]).output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    let mut serve = hostel_in(folder.path());
    serve.arg("serve");
    let (serving, first) = Serving::begin(serve);
    assert!(first.starts_with("serving 1 service on http://127.0.0.1:"), "{first}");
    assert!(first.ends_with("(greeter.greet)"), "{first}");
    let mut seen = Seen(serving);
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        assert_eq!(seen.look(path).await, (200, body.to_owned()));
    }
    let ada = r#"{"name": "Ada"}"#;
    for count in 1..=2 {
        let greeting = format!("\"Hello, Ada! ({count})\"");
        assert_eq!(seen.call("greeter.greet", ada).await, (200, greeting));
    }

    // Write the file non-atomically, as `cp` does.
    let copy = |content: &[u8]| fs::write(folder.path().join("numbers.wasm"), content).unwrap();
    assert_eq!(seen.call("numbers", "7").await.0, 404);
    copy(&numbered("first"));
    seen.until_numbers_returns("first 7").await;
    copy(&numbered("second"));
    seen.until_numbers_returns("second 7").await;
    let second = seen.plugin("numbers").await;
    assert_eq!((&second["state"], &second["reason"]), (&json!("serving"), &Value::Null));
    copy(&numbered("third")[..300]);
    let is_told = async || seen.plugin("numbers").await["reason"].as_str().map(str::to_owned);
    let reason = eventually("why it does not load", is_told).await;
    assert!(reason.starts_with("it cannot be compiled: "), "{reason}");
    assert_eq!(seen.plugin("numbers").await["version"], second["version"]);
    assert_eq!(seen.call("numbers", "7").await, (200, "second 7".to_owned()));
    assert_eq!(seen.look("/readyz").await.0, 200, "an old version serves");

    let (status, metrics) = seen.look("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "hostel_calls_total{service=\"greeter.greet\",outcome=\"answered\"} 2",
        "hostel_cache_increments_total{cache=\"plugin/greeter\"} 2",
        "hostel_plugins 2",
        "hostel_calls_under_way 0",
        "hostel_versions 2",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in {metrics}");
    }
    seen.0.signal("TERM");
    assert_eq!(seen.0.ended().await, Some(0));
}
