//! `hostel cache`: inspects and edits the caches of a running server through its admin listener.

use crate::http::client::eventually;
use crate::support::{hostel, stderr, stdout};
use hostel::config::SecretHash;
use hostel::http::run_admin;
use hostel::{
    Cache, CacheLimits, CacheName, CacheStore, Clock, Deployment, Host, MockClock, Settings,
};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const TOKEN: &str = "a-token-of-enough-characters";

/// A server with the caches `users` and `plugin/shop`, and a folder with a configuration that
/// contains the server's address.
struct Served {
    users: CacheStore,
    clock: MockClock,
    url: String,
    folder: TempDir,
    _tasks: JoinSet<()>,
}

impl Served {
    fn users(&self) -> &Cache {
        self.users.memory().unwrap()
    }

    async fn new(token: Option<&str>) -> Self {
        let (now, clock) = Clock::mock();
        let host = Host::new(Settings { clock: now, ..Settings::default() }).unwrap();
        let open = |name| host.caches().open(name, CacheLimits::default()).unwrap();
        let users = open(CacheName::configured("users").unwrap());
        open(CacheName::private("shop").unwrap());
        let host = Arc::new(host);
        let deployment = Arc::new(Deployment::new(Arc::clone(&host), Vec::new(), None, None));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hash = token.map(|token| SecretHash::of_token(token.as_bytes()).unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(run_admin(listener, host, deployment, hash, Arc::new(|_| {})));
        let folder = tempfile::tempdir().unwrap();
        let asks = if token.is_some() { "token-env = \"ADMIN\"\n" } else { "" };
        let text = format!("[admin]\nlisten = \"{address}\"\n{asks}");
        std::fs::write(folder.path().join("hostel.toml"), text).unwrap();
        Served { users, clock, url: format!("http://{address}"), folder, _tasks: tasks }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = hostel();
        command.arg("cache").args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Checks the exit code and stdout. Also checks that stderr is one line with these words, or
    /// empty if there are no words.
    #[track_caller]
    fn check(&self, arguments: &[&str], code: i32, out: &str, words: &[&str]) {
        let output = self.ask(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_eq!(stdout(&output), out);
        assert_eq!(stderr(&output).lines().count(), usize::from(!words.is_empty()));
        words
            .iter()
            .for_each(|word| assert!(stderr(&output).contains(word), "{}", stderr(&output)));
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ask(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_set_read_and_deleted() {
    let served = Served::new(None).await;
    served.check(&["set", "users", "a/b %?", "[1.50]", "--expiry", "60"], 0, "", &[]);
    let left = served.users().list("", None, 1)[0].remaining;
    assert_eq!(left, Some(Duration::from_secs(60)));
    served.check(&["get", "users", "a/b %?"], 0, "[1.50]", &[]);
    served.check(&["exists", "users", "a/b %?"], 0, "true\n", &[]);
    let shown = stdout(&served.ask(&["get", "users", "a/b %?", "--json"]));
    assert_eq!(shown, "{\"key\":\"a/b %?\",\"found\":true,\"value\":[1.50]}\n");
    served.check(&["delete", "users", "a/b %?"], 0, "1 entry deleted\n", &[]);
    served.check(&["delete", "users", "a/b %?"], 0, "0 entries deleted\n", &[]);
    served.check(&["exists", "users", "a/b %?"], 1, "false\n", &[]);
    served.check(&["get", "users", "a/b %?"], 1, "", &["users has no live entry under this key"]);
    assert_eq!(
        served.json(&["get", "users", "k"]),
        json!({"key": "k", "found": false, "value": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_incremented_and_only_a_new_entry_gets_the_expiry() {
    let served = Served::new(None).await;
    served.check(&["incr", "users", "a/b", "--expiry", "60"], 0, "1\n", &[]);
    served.check(&["incr", "users", "a/b", "41", "--expiry", "9"], 0, "42\n", &[]);
    served.check(&["incr", "users", "a/b", "-50"], 0, "-8\n", &[]);
    served.check(&["get", "users", "a/b"], 0, "-8", &[]);
    let left = served.users().list("", None, 1)[0].remaining;
    assert_eq!(left, Some(Duration::from_secs(60)));
    assert_eq!(served.json(&["incr", "users", "a/b", "8"]), json!({"value": 0}));
    served.check(&["incr", "users", "a/b", "9007199254740992"], 1, "", &["400 bad-request"]);
    served.check(&["incr", "users", "new", "--expiry", "0"], 1, "", &["400 bad-request"]);
    served.users().set("text", "[1]", None).unwrap();
    served.check(&["incr", "users", "text"], 1, "", &["400 bad-request", "[1]"]);
    assert_eq!(served.ask(&["incr", "users", "a/b", "1.5"]).status.code(), Some(2));
    served.check(&["get", "users", "a/b"], 0, "0", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seconds_left_of_an_entry_are_printed_rounded_up() {
    let served = Served::new(None).await;
    served.users().set("a/b", "1", Some(60)).unwrap();
    served.users().set("stays", "1", None).unwrap();
    served.clock.advance(Duration::from_millis(1_500));
    served.check(&["ttl", "users", "a/b"], 0, "59\n", &[]);
    served.check(&["ttl", "users", "stays"], 0, "unlimited\n", &[]);
    served.check(&["ttl", "users", "gone"], 1, "", &["users has no live entry under this key"]);
    assert_eq!(served.json(&["ttl", "users", "a/b"]), json!({"exists": true, "ttl": 59}));
    assert_eq!(served.json(&["ttl", "users", "stays"]), json!({"exists": true, "ttl": null}));
    assert_eq!(served.json(&["ttl", "users", "gone"]), json!({"exists": false, "ttl": null}));
    assert_eq!(served.ask(&["ttl", "users", "gone", "--json"]).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_with_a_prefix_are_deleted_through_all_pages() {
    let served = Served::new(None).await;
    for number in 0..20_000 {
        served.users().set(&format!("user:{number}"), "1", None).unwrap();
    }
    // These entries stay. If each request started from the beginning, the requests would scan the
    // same entries repeatedly, and never reach the rest.
    for number in 0..20_000 {
        served.users().set(&format!("users:{number}"), "1", None).unwrap();
    }
    let delete = ["delete", "users", "--prefix", "user:"];
    let mut deletion = served.command(&delete).stdout(Stdio::piped()).spawn().unwrap();
    eventually("the end of the deletion", async || deletion.try_wait().unwrap()).await;
    let output = deletion.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "20000 entries deleted\n");
    assert_eq!(served.users().stats().entries, 20_000);
    served.check(&delete, 0, "0 entries deleted\n", &[]);
    assert_eq!(served.json(&["delete", "users", "--prefix", "users:1999"]), json!({"removed": 11}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_needs_either_a_key_or_a_prefix() {
    let served = Served::new(None).await;
    served.users().set("k", "1", None).unwrap();
    for arguments in [&["delete", "users"][..], &["delete", "users", "k", "--prefix", "k"]] {
        let output = served.ask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("KEY"), "{}", stderr(&output));
    }
    served.check(&["delete", "users", "--prefix", ""], 2, "", &["empty", "`hostel cache clear`"]);
    assert!(served.users().exists("k").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_its_reason() {
    let served = Served::new(None).await;
    served.check(&["set", "users", "k", "{x"], 1, "", &["400 bad-request", "byte 1"]);
    served.check(&["get", "users", ""], 1, "", &["400 bad-request"]);
    for command in [
        &["keys", "none"][..],
        &["get", "none", "k"],
        &["exists", "none", "k"],
        &["ttl", "none", "k"],
        &["incr", "none", "k"],
        &["delete", "none", "--prefix", "k"],
    ] {
        served.check(command, 1, "", &["no cache is called \"none\"", "`hostel cache list`"]);
    }
    served.check(
        &["list", "--admin", "http://127.0.0.1:1"],
        4,
        "",
        &["`--admin` sets its URL", "no server responds"],
    );
    served.check(&["list", "--admin", "127.0.0.1:1"], 2, "", &["http://127.0.0.1:8080"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_in_order_through_all_pages() {
    let served = Served::new(None).await;
    for number in 0..2_100 {
        served.users().set(&format!("user:{number:04}"), "1", None).unwrap();
    }
    served.users().set("other", "[1]", Some(60)).unwrap();
    served.clock.advance(Duration::from_millis(500));
    let told = stdout(&served.ask(&["keys", "users", "--prefix", "user:"]));
    let keys: Vec<_> = told.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    let all: Vec<_> = (0..2_100).map(|number| format!("user:{number:04}")).collect();
    assert_eq!(keys, all);
    let limited = stdout(&served.ask(&["keys", "users", "--limit", "1001"]));
    assert_eq!(limited.lines().count(), 1_001);
    let other = stdout(&served.ask(&["keys", "users", "--limit", "1"]));
    assert_eq!(other, "        8         59.5 s  other\n");
    let other = served.json(&["keys", "users", "--limit", "1"]);
    assert_eq!(other, json!({"key": "other", "bytes": 8, "expires_in": 59.5}));
    served.check(&["keys", "plugin/shop"], 0, "", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_cannot_write_to_the_terminal() {
    let served = Served::new(None).await;
    served.users().set("a\u{1b}[2J\nb\u{202e}", "1", None).unwrap();
    let told = stdout(&served.ask(&["keys", "users"]));
    assert!(told.ends_with("  a\\u{1b}[2J\\nb\\u{202e}\n"), "{told:?}");
    let key = served.json(&["keys", "users"])["key"].as_str().unwrap().to_owned();
    served.check(&["get", "users", &key], 0, "1", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_are_listed_with_what_they_hold_and_were_asked() {
    let served = Served::new(None).await;
    served.users().set("k", "1", None).unwrap();
    served.users().get("gone").unwrap();
    let told = stdout(&served.ask(&["list"]));
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<_> = told.lines().map(cells).collect();
    assert_eq!(rows[0][..4], ["cache", "size", "of", "entries"]);
    assert_eq!((&*rows[1][0], &*rows[2][0]), ("plugin/shop", "users"));
    assert_eq!(rows[2][5..], ["1", "0", "1", "1", "0", "0"], "{told}");
    let users = served.json(&["list"])["caches"][1].take();
    assert_eq!((&users["name"], &users["misses"]), (&json!("users"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_is_cleared_after_a_confirmation() {
    let served = Served::new(None).await;
    served.users().set("a", "1", None).unwrap();
    served.users().set("b", "1", None).unwrap();
    served.check(&["clear", "users"], 2, "", &["all entries of users", "--yes"]);
    assert!(served.users().exists("a").unwrap());
    served.check(&["clear", "users", "--yes"], 0, "2 entries deleted\n", &[]);
    assert_eq!(served.json(&["clear", "users", "--yes"]), json!({"removed": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_the_environment_or_from_a_file() {
    let served = Served::new(Some(TOKEN)).await;
    served.check(&["list"], 2, "", &["the variable ADMIN is not set"]);
    let listed = |command: &mut Command| command.output().unwrap().status.code();
    assert_eq!(listed(served.command(&["list"]).env("ADMIN", TOKEN)), Some(0));
    served.check(&["list", "--admin", &served.url], 1, "", &["--token-env or --token-file"]);
    let by_name = ["list", "--admin", &served.url, "--token-env", "OTHER"];
    assert_eq!(listed(served.command(&by_name).env("OTHER", TOKEN)), Some(0));
    std::fs::write(served.folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    assert_eq!(listed(&mut served.command(&["list", "--token-file", "token"])), Some(0));
    std::fs::write(served.folder.path().join("token"), "sha256:00").unwrap();
    let hashed = ["list", "--token-file", "token"];
    served.check(&hashed, 2, "", &["holds the hash of a token"]);
}
