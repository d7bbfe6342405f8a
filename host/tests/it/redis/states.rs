//! Servers that are limited, loading or stopped, or that have lost entries: callers get an error or
//! a miss instead of a wrong value, and the host recovers on its own.

use super::client::Client;
use super::faults::{MOST, check_unavailable, hasty, recovery};
use super::server::{RedisServer, program};
use super::{cache, servers, until};
use hostel::{CacheError, CacheStore};
use rustix::process::Signal;
use std::fs;
use std::time::{Duration, Instant};

fn text(number: usize) -> String {
    format!("\"{number}{}\"", "x".repeat(4_000))
}

/// Waits until an operation fails as unavailable, for a reason that contains `part`.
async fn until_unavailable(cache: &CacheStore, part: &str) {
    let begun = Instant::now();
    loop {
        match cache.get("k").await {
            Err(CacheError::Unavailable { reason }) if reason.contains(part) => return,
            Err(CacheError::Unavailable { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < MOST, "it is never unavailable for {part:?}");
        tokio::task::yield_now().await;
    }
}

/// Starts a snapshot, and waits until the last snapshot has this status.
async fn until_snapshot(client: &mut Client, status: &str) {
    let is_so = |info: String| {
        info.contains(&format!("rdb_last_bgsave_status:{status}"))
            && info.contains("rdb_bgsave_in_progress:0")
    };
    client.say("BGSAVE");
    until(|| is_so(client.info("INFO persistence"))).await;
}

#[tokio::test]
async fn a_server_whose_snapshots_fail_refuses_writes_and_still_serves_reads() {
    let server = RedisServer::start();
    let cache = cache(super::at(&server));
    cache.set("k", "1", None).await.unwrap();
    let mut client = server.client();
    client.ask(&[b"CONFIG", b"SET", b"save", b"3600 1"]);
    // A snapshot fails if a folder has the name of the snapshot's file.
    let file = server.folder.path().join("dump.rdb");
    fs::create_dir(&file).unwrap();
    until_snapshot(&mut client, "err").await;
    for part in ["MISCONF", "its disk or its snapshots fail"] {
        check_unavailable(cache.set("k", "2", None).await, part);
        check_unavailable(cache.delete("k").await, part);
        check_unavailable(cache.check().await, part);
    }
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    fs::remove_dir(&file).unwrap();
    until_snapshot(&mut client, "ok").await;
    assert_eq!(cache.set("k", "2", None).await, Ok(()));
    assert_eq!(cache.check().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loads_its_data_is_unavailable_until_it_has_it() {
    // Loading takes several milliseconds per entry, and the server handles connections after each 2
    // MB.
    let slow = "--key-load-delay 4000 --rdbcompression no";
    let mut server = RedisServer::with(&program(), &[slow]);
    let cache = hasty(server.port);
    cache.set("k", "1", None).await.unwrap();
    let mut client = server.client();
    for number in 0..600_u32 {
        client.say(&format!("SETRANGE other:{number} 100000 x"));
    }
    client.say("SAVE");
    server.kill();
    let restarting = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    });
    until_unavailable(&cache, "LOADING").await;
    check_unavailable(cache.set("k", "2", None).await, "LOADING");
    check_unavailable(cache.check().await, "LOADING");
    let _server = restarting.await.unwrap();
    recovery(&cache).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    assert_eq!(cache.set("k", "2", None).await, Ok(()));
}

#[tokio::test]
async fn a_replica_without_its_primary_that_may_not_respond_is_unavailable() {
    let mut primary = RedisServer::start();
    let settings = format!("--replicaof 127.0.0.1 {} --replica-serve-stale-data no", primary.port);
    let replica = RedisServer::with(&program(), &[&settings]);
    let mut client = replica.client();
    until(|| client.info("INFO replication").contains("master_link_status:up")).await;
    cache(super::at(&primary)).set("k", "1", None).await.unwrap();
    let cache = hasty(replica.port);
    until(|| client.text("hostel:v:{c/c/k}").is_some()).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    primary.kill();
    until(|| client.info("INFO replication").contains("master_link_status:down")).await;
    check_unavailable(cache.get("k").await, "MASTERDOWN");
    check_unavailable(cache.exists("k").await, "MASTERDOWN");
    client.say("REPLICAOF NO ONE");
    recovery(&cache).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    assert_eq!(cache.set("k", "2", None).await, Ok(()));
}

#[tokio::test]
async fn flushed_entries_are_misses_and_not_errors() {
    let server = RedisServer::start();
    let cache = cache(super::at(&server));
    for key in 0..50_usize {
        cache.set(&key.to_string(), &text(key), None).await.unwrap();
    }
    server.client().say("FLUSHALL");
    for key in (0..50).map(|key: u32| key.to_string()) {
        assert_eq!(cache.get(&key).await, Ok(None));
        assert_eq!(cache.exists(&key).await, Ok(false));
        assert_eq!(cache.delete(&key).await, Ok(false));
    }
    assert_eq!(cache.count().await, Ok((0, 0)));
    assert_eq!(cache.check().await, Ok(()));
    cache.set("7", "1", None).await.unwrap();
    assert_eq!(cache.get("7").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_server_that_evicts_accepts_every_entry_and_returns_no_other_value() {
    let full = "--maxmemory 4mb --maxmemory-policy allkeys-lru";
    let server = RedisServer::with(&program(), &[full]);
    let cache = cache(super::at(&server));
    let (mut hits, mut misses) = (0, 0);
    for key in 0..3_000_usize {
        cache.set(&key.to_string(), &text(key), None).await.unwrap();
        for older in [key, key / 2, key / 10] {
            match cache.get(&older.to_string()).await.unwrap() {
                Some(found) => {
                    assert_eq!(*found, *text(older), "the value of another");
                    hits += 1;
                }
                None => misses += 1,
            }
        }
    }
    println!("evicting: {hits} hits, {misses} misses");
    assert!(hits > 1_000 && misses > 100, "{hits} hits, {misses} misses");
}

#[tokio::test]
async fn an_expired_entry_leaves_the_server_without_a_read() {
    for server in servers().await {
        let cache = cache(super::at(&server));
        for key in 0..200_u32 {
            cache.set(&key.to_string(), "1", Some(1)).await.unwrap();
        }
        until(|| server.size() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_operations_on_a_server_that_is_stopped_end_in_time() {
    let server = RedisServer::start();
    let cache = hasty(server.port);
    cache.set("k", "1", None).await.unwrap();
    server.signal(Signal::STOP);
    // The host does not send this many calls at once, so some of them wait in the host.
    let calls = (0..300).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            (cache.get("k").await, begun.elapsed())
        })
    });
    let mut longest = Duration::ZERO;
    for call in calls.collect::<Vec<_>>() {
        let (result, took) = call.await.unwrap();
        check_unavailable(result, "");
        longest = longest.max(took);
    }
    println!("300 at once: the longest took {longest:?}");
    assert!(longest < MOST, "{longest:?}");
    server.signal(Signal::CONT);
    recovery(&cache).await;
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
}
