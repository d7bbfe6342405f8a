//! Tests of leases on Redis. Most run with each of the [`programs`], single and as a cluster.

use super::super::names::{DEFAULT_PREFIX, KeyFormat, Names};
use super::super::{Meters, RedisAddress, Servers};
use super::*;
use crate::telemetry::Metrics;
use hostel_cache::{CacheName, ErrorKind, Lifetime};
use redis::cmd;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);

const LIMIT: usize = 1_000;

/// A single server, or a cluster of one server.
struct TestServer {
    child: Child,
    address: RedisAddress,
    _folder: TempDir,
}

impl TestServer {
    fn start(program: &Path, is_cluster: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Another process may take the port first.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = Process::new(program);
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
            command.arg("--dir").arg(folder.path()).stdout(Stdio::piped());
            if is_cluster {
                command.args(["--cluster-enabled", "yes", "--cluster-node-timeout", "500"]);
            }
            let mut child = command.spawn().unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut lines = lines.map_while(Result::ok);
            if lines.any(|line| line.contains("eady to accept connections")) {
                std::thread::spawn(move || lines.for_each(drop));
                let scheme = if is_cluster { "redis+cluster" } else { "redis" };
                let address = format!("{scheme}://127.0.0.1:{port}");
                let address = RedisAddress::parse(&address).unwrap();
                return TestServer { child, address, _folder: folder };
            }
            child.wait().unwrap();
        }
        panic!("{} does not start", program.display());
    }

    /// Opens the cache `c` as a separate host would.
    fn cache(&self, format: KeyFormat) -> RedisCache {
        cache_at(self.address.clone(), format)
    }
}

fn cache_at(address: RedisAddress, format: KeyFormat) -> RedisCache {
    let name = CacheName::configured("c").unwrap();
    let names = Names::new(DEFAULT_PREFIX, &name, format);
    let servers = Servers::new(address, Duration::from_secs(20));
    RedisCache::new(names, LIMIT, servers, Meters::new(&Metrics::new().redis(), &name))
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the server programs in `HOSTEL_REDIS_SERVERS`, by default this machine's `redis-server`.
fn programs() -> Vec<PathBuf> {
    let named = std::env::var("HOSTEL_REDIS_SERVERS").unwrap_or_default();
    let named = if named.is_empty() { "redis-server" } else { &named };
    named.split(':').map(PathBuf::from).collect()
}

/// Starts a single server and a cluster with each program.
async fn servers() -> Vec<TestServer> {
    let start = |is_cluster| {
        let programs = programs();
        programs.into_iter().map(move |program| TestServer::start(&program, is_cluster))
    };
    let servers: Vec<_> = start(false).chain(start(true)).collect();
    for server in servers.iter().filter(|server| server.address.is_cluster()) {
        let one = RedisAddress::parse(&server.address.to_string().replace("+cluster", "")).unwrap();
        let slots: Vec<_> = (0..16_384).map(|slot| slot.to_string()).collect();
        let add = format!("CLUSTER ADDSLOTS {}", slots.join(" "));
        say(&cache_at(one, KeyFormat::Hostel), &add).await;
    }
    for server in &servers {
        let cache = server.cache(KeyFormat::Hostel);
        while cache.set("k", "1", None).await.is_err() {}
        cache.delete("k").await.unwrap();
    }
    servers
}

/// Sends a command to the server, as another program would.
async fn say(cache: &RedisCache, command: &str) -> redis::Value {
    let mut words = command.split(' ');
    let mut command = cmd(words.next().unwrap());
    for word in words {
        command.arg(word);
    }
    let deadline = cache.servers.deadline();
    let primaries = cache.servers.primaries(deadline).await.unwrap();
    cache.servers.ask(&primaries[0].1, command, deadline).await.unwrap()
}

/// Polls until the server has expired a key.
async fn until_gone(cache: &RedisCache, name: &str) {
    let exists = format!("EXISTS {name}");
    while say(cache, &exists).await != redis::Value::Int(0) {}
}

async fn ask(cache: &RedisCache, early: Option<u32>, token: &str) -> LeaseReply {
    cache.lease_once("k", early, token, LONG).await.unwrap()
}

/// Deletes the entry and its lease, then takes a new lease.
async fn begin(cache: &RedisCache, token: &str) {
    cache.delete("k").await.unwrap();
    assert_eq!(ask(cache, None, token).await, LeaseReply::Compute);
}

/// Sets the entry and takes the lease to refresh it.
async fn begin_early(cache: &RedisCache, token: &str) {
    cache.set("k", "1", Some(60)).await.unwrap();
    assert!(is_refresh(&ask(cache, Some(100), token).await, "1"));
}

fn is_refresh(reply: &LeaseReply, expected: &str) -> bool {
    matches!(reply, LeaseReply::Refresh(value) if **value == *expected)
}

fn is_value(reply: &LeaseReply, expected: &str) -> bool {
    matches!(reply, LeaseReply::Value(value) if **value == *expected)
}

fn is_held(reply: &LeaseReply) -> bool {
    matches!(reply, LeaseReply::Held { left: Some(left) } if *left > LONG / 2 && *left <= LONG)
}

async fn check_value(cache: &RedisCache, expected: Option<&str>) {
    assert_eq!(cache.get("k").await.unwrap().as_deref(), expected);
}

#[tokio::test]
async fn of_several_callers_one_computes_or_refreshes() {
    for server in servers().await {
        let (one, other) = (server.cache(KeyFormat::Hostel), server.cache(KeyFormat::Hostel));
        begin(&one, "ab").await;
        for token in ["a", "abc", "ab:", "b"] {
            assert!(is_held(&ask(&other, Some(60), token).await), "{token}");
        }
        assert_eq!(ask(&one, Some(60), "ab").await, LeaseReply::Compute);
        assert_eq!(one.fill("k", "1", Some(60), "ab").await, Ok(true));
        assert!(is_value(&ask(&other, None, "b").await, "1"));
        assert!(is_value(&ask(&other, Some(10), "b").await, "1"));
        assert!(is_refresh(&ask(&other, Some(100), "ab").await, "1"));
        for token in ["a", "abc", "ab:", "b"] {
            assert!(is_value(&ask(&one, Some(100), token).await, "1"), "{token}");
        }
        assert!(is_refresh(&ask(&other, Some(100), "ab").await, "1"));
        assert_eq!(other.fill("k", "2", None, "ab").await, Ok(true));
        assert!(is_value(&ask(&one, Some(100), "c").await, "2"), "it has no expiry");
        assert_eq!(one.fill("k", "3", None, "ab").await, Ok(false), "the lease has ended");
        check_value(&one, Some("2")).await;
    }
}

#[tokio::test]
async fn a_value_that_is_not_early_is_read_without_a_script() {
    let server = TestServer::start(&programs()[0], false);
    let cache = server.cache(KeyFormat::Hostel);
    cache.set("k", "1", Some(60)).await.unwrap();
    for early in [None, Some(10)] {
        assert!(is_value(&ask(&cache, early, "a").await, "1"));
    }
    let calls = async || format!("{:?}", say(&cache, "INFO commandstats").await);
    assert!(!calls().await.contains("cmdstat_eval"));
    assert!(is_refresh(&ask(&cache, Some(100), "a").await, "1"));
    assert!(calls().await.contains("cmdstat_eval"));
    // If the server cannot grant a lease, reading still works.
    say(&cache, "CONFIG SET maxmemory 1").await;
    assert!(is_value(&ask(&cache, Some(100), "a").await, "1"));
    let error = cache.lease_once("missing", None, "a", LONG).await.unwrap_err();
    assert!(error.to_string().contains("raise its maxmemory"), "{error}");
    say(&cache, "CONFIG SET maxmemory 0").await;
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (4, 0));
}

#[tokio::test]
async fn data_of_another_type_is_not_a_lease() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        say(&cache, "LPUSH hostel:l:{c/c/k} 1").await;
        cache.release("k", "a").await.unwrap();
        assert_eq!(cache.fill("k", "1", None, "a").await, Ok(false));
        assert_eq!(ask(&cache, None, "a").await, LeaseReply::Compute);
        assert_eq!(cache.fill("k", "1", None, "a").await, Ok(true));
    }
}

#[tokio::test]
async fn one_of_fifty_callers_at_once_computes() {
    let server = TestServer::start(&programs()[0], false);
    let hosts = [(); 2].map(|()| Arc::new(server.cache(KeyFormat::Hostel)));
    for round in 0..20 {
        let key = round.to_string();
        let callers: Vec<_> = (0..50)
            .map(|caller| {
                let (cache, key) = (Arc::clone(&hosts[caller % 2]), key.clone());
                tokio::spawn(async move {
                    cache.lease_once(&key, None, &caller.to_string(), LONG).await.unwrap()
                })
            })
            .collect();
        let mut computes = 0;
        for caller in callers {
            match caller.await.unwrap() {
                LeaseReply::Compute => computes += 1,
                reply => assert!(is_held(&reply), "{reply:?}"),
            }
        }
        assert_eq!(computes, 1);
    }
}

#[tokio::test]
async fn nothing_is_filled_over_what_came_since_the_lease_began() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        for write in 0..10 {
            for is_early in [false, true] {
                match is_early {
                    false => begin(&cache, "a").await,
                    true => begin_early(&cache, "a").await,
                }
                let left = match write {
                    0 => cache.set("k", "1", None).await.map(|()| Some("1")),
                    1 => cache.delete("k").await.map(|_| None),
                    2 => cache
                        .increment("k", 0, None)
                        .await
                        .map(|_| if is_early { Some("1") } else { Some("0") }),
                    3 => cache.take("k").await.map(|_| None),
                    4 => cache.expire("k", None).await.map(|_| is_early.then_some("1")),
                    5 => {
                        let swap = cache.compare_and_swap("k", Some("7"), None, Lifetime::Keep);
                        swap.await.map(|_| is_early.then_some("1"))
                    }
                    6 => cache.set_many(&[("k", "5")], None).await.map(|()| Some("5")),
                    7 => cache.delete_many(&["k"]).await.map(|_| None),
                    8 => {
                        cache.set("k", "2", None).await.unwrap();
                        cache.delete("k").await.map(|_| None)
                    }
                    _ => cache.clear().await.map(|_| None),
                };
                let title = format!("{write} {is_early} {}", server.address);
                let left = left.unwrap();
                assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false), "{title}");
                check_value(&cache, left).await;
            }
        }
    }
}

#[tokio::test]
async fn what_ends_no_lease_is_seen_when_it_is_filled() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        begin(&cache, "a").await;
        assert_eq!(cache.set_if_absent("k", "2", None).await, Ok(true));
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false));
        check_value(&cache, Some("2")).await;
        for (command, left) in [
            ("SET hostel:v:{c/c/k} 2", Some("2")),
            ("SET hostel:v:{c/c/k} 1", Some("9")),
            ("UNLINK hostel:v:{c/c/k}", None),
        ] {
            begin_early(&cache, "a").await;
            say(&cache, command).await;
            assert_eq!(cache.fill("k", "9", None, "a").await, Ok(left == Some("9")), "{command}");
            check_value(&cache, left).await;
        }
        // The entry expires before the fill.
        cache.set("k", "1", Some(60)).await.unwrap();
        say(&cache, "PEXPIRE hostel:v:{c/c/k} 200").await;
        assert!(is_refresh(&ask(&cache, Some(60), "a").await, "1"));
        until_gone(&cache, "hostel:v:{c/c/k}").await;
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(true));
        // A rejected fill also ends the lease.
        begin_early(&cache, "a").await;
        say(&cache, "SET hostel:v:{c/c/k} 2").await;
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false));
        say(&cache, "SET hostel:v:{c/c/k} 1").await;
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false));
    }
}

#[tokio::test]
async fn a_lease_ends_by_itself_or_by_its_holder() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        begin(&cache, "a").await;
        for token in ["b", "", "a:", "aa"] {
            cache.release("k", token).await.unwrap();
        }
        assert!(is_held(&ask(&cache, None, "b").await));
        cache.release("k", "a").await.unwrap();
        assert_eq!(ask(&cache, None, "b").await, LeaseReply::Compute);
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false));
        assert!(is_held(&ask(&cache, None, "a").await), "the lease of another goes on");
        begin_early(&cache, "a").await;
        cache.release("k", "a").await.unwrap();
        assert!(is_refresh(&ask(&cache, Some(100), "b").await, "1"));
        cache.delete("k").await.unwrap();
        let short = cache.lease_once("k", None, "a", Duration::ZERO).await;
        assert_eq!(short, Ok(LeaseReply::Compute));
        until_gone(&cache, "hostel:l:{c/c/k}").await;
        assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false));
        check_value(&cache, None).await;
        assert_eq!(ask(&cache, None, "b").await, LeaseReply::Compute);
        // A holder that takes its lease again gets the new duration.
        let lease = Duration::from_secs(30);
        assert_eq!(cache.lease_once("k", None, "b", lease).await, Ok(LeaseReply::Compute));
        let held = ask(&cache, None, "a").await;
        let is_short = matches!(held, LeaseReply::Held { left: Some(left) } if left <= lease);
        assert!(is_short, "{held:?}");
    }
}

#[tokio::test]
async fn an_argument_that_is_invalid_ends_no_lease() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        let kind = |error: CacheError| error.kind().unwrap();
        for (key, early, expected) in
            [("", Some(0), ErrorKind::InvalidKey), ("k", Some(0), ErrorKind::InvalidExpiry)]
        {
            let reply = cache.lease_once(key, early, "a", LONG).await;
            assert_eq!(reply.map_err(kind), Err(expected));
        }
        begin(&cache, "a").await;
        let long = format!("\"{}\"", "x".repeat(LIMIT));
        for (key, value, expiry, expected) in [
            ("", "x", Some(0), ErrorKind::InvalidKey),
            ("k", "x", Some(0), ErrorKind::InvalidValue),
            ("k", &long, Some(0), ErrorKind::TooLarge),
            ("k", "1", Some(0), ErrorKind::InvalidExpiry),
        ] {
            assert_eq!(cache.fill(key, value, expiry, "a").await.map_err(kind), Err(expected));
        }
        assert_eq!(cache.release("", "a").await.map_err(kind), Err(ErrorKind::InvalidKey));
        assert_eq!(cache.fill("k", "1", Some(60), "a").await, Ok(true));
        let left = say(&cache, "PTTL hostel:v:{c/c/k}").await;
        assert!(integer(&left).is_ok_and(|left| (30_000..=60_000).contains(&left)), "{left:?}");
    }
}

#[tokio::test]
async fn what_others_wrote_is_an_error_and_has_no_lease() {
    let long = "x".repeat(LIMIT + 1);
    for server in servers().await {
        let cache = server.cache(KeyFormat::Hostel);
        for (command, kind) in [
            ("LPUSH hostel:v:{c/c/k} 1".to_owned(), ErrorKind::InvalidValue),
            ("SET hostel:v:{c/c/k} ".to_owned(), ErrorKind::InvalidValue),
            ("SET hostel:v:{c/c/k} nonsense".to_owned(), ErrorKind::InvalidValue),
            (format!("SET hostel:v:{{c/c/k}} {long}"), ErrorKind::TooLarge),
        ] {
            begin(&cache, "a").await;
            say(&cache, &command).await;
            let reply = cache.lease_once("k", None, "b", LONG).await;
            assert_eq!(reply.map_err(|error| error.kind()), Err(Some(kind)), "{command}");
            assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false), "{command}");
            assert_eq!(cache.exists("k").await, Ok(true));
            begin_early(&cache, "a").await;
            say(&cache, "DEL hostel:v:{c/c/k}").await;
            say(&cache, &command).await;
            assert_eq!(cache.fill("k", "9", None, "a").await, Ok(false), "{command}");
            assert_eq!(cache.exists("k").await, Ok(true));
        }
    }
}

#[tokio::test]
async fn a_key_with_braces_has_no_lease_on_a_cluster_in_the_format_of_zato() {
    for server in servers().await {
        let cache = server.cache(KeyFormat::Zato);
        for key in ["k", "{k}", "}"] {
            let reply = cache.lease_once(key, None, "a", LONG).await;
            if server.address.is_cluster() && key != "k" {
                let error = reply.unwrap_err();
                assert!(matches!(error, CacheError::NoLease { .. }), "{error}");
                assert!(error.to_string().contains("key-format"), "{error}");
                assert_eq!(cache.fill(key, "1", None, "a").await, Err(error.clone()));
                assert_eq!(cache.release(key, "a").await, Err(error));
                continue;
            }
            assert_eq!(reply, Ok(LeaseReply::Compute));
            assert_eq!(cache.fill(key, "1", None, "a").await, Ok(true));
            assert_eq!(cache.get(key).await.unwrap().as_deref(), Some("1"));
        }
    }
}
