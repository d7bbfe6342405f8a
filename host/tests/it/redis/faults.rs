//! Faults of servers and networks: errors are typed and bounded in time, no wrong value is ever
//! returned, no write is sent twice, and a cache recovers on its own.

use super::cache;
use super::client::Client;
use super::proxy::Proxy;
use super::server::{RedisServer, program};
use crate::support::Random;
use hostel::{CacheError, CacheName, CacheStore, RedisAddress, RedisBackend};
use rustix::process::Signal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Maximum duration of several operations on an unavailable server, and of a recovery, with a
/// margin for a busy machine.
pub const MOST: Duration = Duration::from_secs(5);

fn address(port: u16) -> RedisAddress {
    RedisAddress::parse(&format!("redis://127.0.0.1:{port}")).unwrap()
}

/// Returns a cache with the default operation timeout.
pub fn hasty(port: u16) -> CacheStore {
    super::on(&CacheName::configured("c").unwrap(), RedisBackend::new(address(port)))
}

/// Checks that an operation fails as unavailable, for a reason that contains `part`.
#[track_caller]
pub fn check_unavailable<T: std::fmt::Debug>(result: Result<T, CacheError>, part: &str) {
    match result {
        Err(CacheError::Unavailable { reason }) => assert!(reason.contains(part), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// Waits until an operation succeeds, and returns the elapsed time.
pub async fn recovery(cache: &CacheStore) -> Duration {
    let begun = Instant::now();
    while cache.exists("k").await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not recover");
        tokio::task::yield_now().await;
    }
    begun.elapsed()
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_is_unavailable_and_not_sent_twice() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port).await;
    let cache = cache(address(proxy.port));
    cache.set("k", "0", None).await.unwrap();
    let mut client = server.client();
    client.say("CONFIG RESETSTAT");
    let cut = |is_on| proxy.set(|faults| &faults.cuts_replies, is_on);
    cut(true);
    check_unavailable(cache.set("k", "1", None).await, "the write may have happened");
    cut(false);
    recovery(&cache).await;
    cut(true);
    check_unavailable(cache.delete("k").await, "the write may have happened");
    cut(false);
    recovery(&cache).await;
    assert_eq!((calls(&mut client, "set"), calls(&mut client, "unlink")), (1, 1));
    assert_eq!(cache.exists("k").await, Ok(false), "both were carried out");
}

/// Returns how often a server has run a command.
fn calls(client: &mut Client, command: &str) -> u64 {
    let super::client::Reply::Text(text) = client.say("INFO commandstats") else { panic!() };
    let text = String::from_utf8(text).unwrap();
    let prefix = format!("cmdstat_{command}:calls=");
    let line = text.lines().find_map(|line| line.strip_prefix(&*prefix)).unwrap_or("0,");
    line.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_read_whose_connection_is_cut_is_sent_again() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port).await;
    let cache = cache(address(proxy.port));
    cache.set("k", "1", None).await.unwrap();
    for _ in 0..20 {
        server.client().say("CLIENT KILL TYPE normal SKIPME yes");
        assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    }
    assert!(proxy.faults.connections.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_reply_that_comes_byte_by_byte_is_the_reply() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port).await;
    let cache = cache(address(proxy.port));
    proxy.set(|faults| &faults.splits, true);
    let value = format!("\"{}\"", "ž\\n".repeat(50));
    cache.set("k", &value, None).await.unwrap();
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some(&*value));
    assert_eq!(cache.get("none").await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_at_first_is_used_once_it_is() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = hasty(server.port);
    let begun = Instant::now();
    check_unavailable(cache.get("k").await, "refused");
    check_unavailable(cache.set("k", "1", None).await, "");
    assert!(begun.elapsed() < MOST);
    assert!(cache.check().await.is_err());
    server.restart();
    let took = recovery(&cache).await;
    assert!(took < MOST, "{took:?}");
    assert_eq!(cache.set("k", "1", None).await, Ok(()));
}

#[tokio::test]
async fn a_server_that_is_killed_or_stopped_is_unavailable_in_time_and_used_again_after() {
    let mut server = RedisServer::start();
    let cache = hasty(server.port);
    cache.set("k", "1", None).await.unwrap();
    server.signal(Signal::STOP);
    let begun = Instant::now();
    for _ in 0..3 {
        check_unavailable(cache.get("k").await, "in time");
    }
    assert!(begun.elapsed() < MOST, "{:?}", begun.elapsed());
    let begun = Instant::now();
    check_unavailable(cache.get("k").await, "tried again every");
    assert!(begun.elapsed() < Duration::from_millis(200), "an open circuit refuses at once");
    server.signal(Signal::CONT);
    println!("stopped: recovered in {:?}", recovery(&cache).await);
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    server.kill();
    check_unavailable(cache.get("k").await, "");
    server.restart();
    println!("killed: recovered in {:?}", recovery(&cache).await);
    assert_eq!(cache.get("k").await, Ok(None));
}

#[tokio::test]
async fn a_network_that_drops_packets_is_unavailable_in_time() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port).await;
    let cache = hasty(proxy.port);
    cache.set("k", "1", None).await.unwrap();
    proxy.set(|faults| &faults.holds, true);
    let begun = Instant::now();
    for _ in 0..10 {
        check_unavailable(cache.get("k").await, "");
    }
    assert!(begun.elapsed() < MOST, "{:?}", begun.elapsed());
    proxy.set(|faults| &faults.holds, false);
    println!("partition: recovered in {:?}", recovery(&cache).await);
    proxy.set(|faults| &faults.refuses, true);
    server.client().say("CLIENT KILL TYPE normal SKIPME yes");
    check_unavailable(cache.get("k").await, "");
    proxy.set(|faults| &faults.refuses, false);
    recovery(&cache).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn what_a_server_refuses_is_unavailable_with_its_reason() {
    let server = RedisServer::with(&program(), &["--maxmemory 1500kb"]);
    let cache = cache(address(server.port));
    let large = format!("\"{}\"", "x".repeat(1 << 19));
    let mut result = Ok(());
    for number in 0..8 {
        result = cache.set(&number.to_string(), &large, None).await;
        if result.is_err() {
            break;
        }
    }
    check_unavailable(result, "maxmemory");
    let mut client = server.client();
    client.say("CONFIG SET maxmemory 0");
    client.say("REPLICAOF 127.0.0.1 1");
    check_unavailable(cache.set("k", "1", None).await, "name the primary");
    client.say("REPLICAOF NO ONE");
    cache.set("k", "1", None).await.unwrap();
    client.say("CONFIG SET requirepass secret");
    client.say("AUTH secret");
    client.say("CLIENT KILL TYPE normal SKIPME yes");
    check_unavailable(cache.get("k").await, "`password-env`");
    client.say("CONFIG SET maxclients 1");
    client.say("CLIENT KILL TYPE normal SKIPME yes");
    check_unavailable(cache.get("k").await, "clients");
}

/// The callers give up before the operation's own timeout. Such operations count as failures too.
#[tokio::test]
async fn a_server_whose_callers_time_out_is_avoided_and_used_again_later() {
    let server = RedisServer::start();
    let cache = cache(address(server.port));
    cache.set("k", "1", None).await.unwrap();
    server.signal(Signal::STOP);
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_millis(300), cache.get("k")).await;
        assert!(given_up.is_err(), "{given_up:?}");
    }
    check_unavailable(cache.get("k").await, "tried again every");
    server.signal(Signal::CONT);
    recovery(&cache).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_listing_that_a_server_refuses_is_not_an_empty_cache() {
    let acl = "--user ann on >secret ~* +@all -pttl";
    let server = RedisServer::with(&program(), &[acl]);
    let at = format!("redis://ann:secret@127.0.0.1:{}/0", server.port);
    let cache = cache(RedisAddress::parse(&at).unwrap());
    cache.set("k", "1", None).await.unwrap();
    check_unavailable(cache.list("", None, 10).await, "its ACL must allow");
    check_unavailable(cache.count().await, "its ACL must allow");
}

#[tokio::test]
async fn a_login_is_by_user_and_password_and_a_database_is_its_own() {
    let acl = "--user ann on >p@ss ~* +@all --requirepass other";
    let server = RedisServer::with(&program(), &[acl]);
    let at = |login: &str| {
        let address = format!("redis://{login}127.0.0.1:{}/3", server.port);
        cache(RedisAddress::parse(&address).unwrap())
    };
    let ann = at("ann:p%40ss@");
    ann.set("k", "1", None).await.unwrap();
    assert_eq!(at(":other@").get("k").await.unwrap().as_deref(), Some("1"));
    check_unavailable(at("ann:wrong@").get("k").await, "it refuses the login");
    check_unavailable(at("").get("k").await, "`password-env`");
    let with = RedisAddress::parse(&format!("redis://ann@127.0.0.1:{}/0", server.port)).unwrap();
    assert_eq!(cache(with.with_password("p@ss")).get("k").await, Ok(None));
    let far = RedisAddress::parse(&format!("redis://ann:p%40ss@127.0.0.1:{}/99", server.port));
    check_unavailable(cache(far.unwrap()).get("k").await, "out of range");
}

#[tokio::test]
async fn a_unix_socket_leads_to_a_server() {
    let server = RedisServer::with(&program(), &["--unixsocket FOLDER/r.sock"]);
    let path = server.folder.path().join("r.sock");
    let address = RedisAddress::parse(&format!("redis+unix://{}?db=2", path.display())).unwrap();
    let cache = cache(address);
    cache.set("k", "1", None).await.unwrap();
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    std::fs::remove_file(&path).unwrap();
    server.client().say("CLIENT KILL TYPE normal SKIPME yes");
    check_unavailable(cache.get("k").await, "No such file");
}

#[tokio::test]
async fn what_does_not_speak_redis_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.try_write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
            stream.readable().await.unwrap();
        }
    });
    check_unavailable(cache(address(port)).get("k").await, "does not speak the Redis protocol");
    web.abort();
}

/// Cancels operations at random moments while others continue on the same connection. Each value
/// contains its key, so a `get` that receives the value of another key is detected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reply_to_a_cancelled_operation_is_dropped() {
    let operations = std::env::var("HOSTEL_REDIS_OPERATIONS").ok().and_then(|n| n.parse().ok());
    let each: u32 = operations.unwrap_or(20_000) / 8;
    let server = RedisServer::start();
    let cache = cache(address(server.port));
    let workers = (0..8_u32).map(|worker| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let (mut random, mut ended) = (Random(worker.into()), 0);
            for _ in 0..each {
                let key = format!("{worker}:{}", random.below(50));
                let value = format!("\"{key}\"");
                let (is_set, patience) = (random.below(3) == 0, random.below(1_500));
                let operation = async {
                    if is_set {
                        cache.set(&key, &value, None).await.unwrap();
                    }
                    let found = cache.get(&key).await.unwrap();
                    assert!(found.is_none_or(|found| *found == *value), "another's reply");
                    cache.exists(&key).await.unwrap();
                };
                tokio::select! {
                    biased;
                    () = operation => ended += 1,
                    () = turns(patience) => {}
                }
            }
            ended
        })
    });
    let mut ended = 0;
    for worker in workers.collect::<Vec<_>>() {
        ended += worker.await.unwrap();
    }
    println!("{ended} of {} operations ended", each * 8);
    assert!(ended > each / 4 && ended < each * 8, "{ended} of {}", each * 8);
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_faulty_network_never_makes_a_wrong_value() {
    let server = RedisServer::start();
    let proxy = Arc::new(Proxy::to(server.port).await);
    let cache = hasty(proxy.port);
    let workers = (0..6_u64).map(|worker| {
        let (cache, proxy) = (cache.clone(), Arc::clone(&proxy));
        tokio::spawn(async move {
            let mut random = Random(worker);
            let mut succeeded = 0;
            for _ in 0..300 {
                let key = random.below(20).to_string();
                let value = format!("\"{key}\"");
                succeeded += u32::from(cache.set(&key, &value, Some(60)).await.is_ok());
                if let Ok(Some(found)) = cache.get(&key).await {
                    assert_eq!(*found, *value);
                }
                if random.below(100) == 0 {
                    proxy.cut();
                    proxy.set(|faults| &faults.splits, random.below(2) == 0);
                }
            }
            succeeded
        })
    });
    let mut succeeded = 0;
    for worker in workers.collect::<Vec<_>>() {
        succeeded += worker.await.unwrap();
    }
    assert!(succeeded > 600, "{succeeded} of 1800 writes succeeded");
}
