//! Servers monitored by a Sentinel: a failover, and a primary that became a replica.

use super::server::{RedisServer, program};
use super::{on, until};
use hostel::{CacheName, RedisAddress, RedisBackend};
use std::time::Instant;

#[tokio::test]
async fn a_primary_that_is_killed_is_replaced_by_the_one_that_the_sentinel_names() {
    let mut primary = RedisServer::start();
    let replica =
        RedisServer::with(&program(), &[&format!("--replicaof 127.0.0.1 {}", primary.port)]);
    let settings = format!(
        "--sentinel --sentinel monitor main 127.0.0.1 {} 1 --sentinel down-after-milliseconds main \
         400 --sentinel failover-timeout main 2000 --requirepass theirs",
        primary.port
    );
    let sentinel = RedisServer::sentinel(&settings);
    let mut client = sentinel.client();
    client.say("AUTH theirs");
    until(|| format!("{:?}", client.say("SENTINEL REPLICAS main")).len() > 100).await;
    let address = |name: &str, password: &str| {
        let text = format!("redis+sentinel://127.0.0.1:1,{}/{name}/0", sentinel.address());
        let address = RedisAddress::parse(&text).unwrap().with_sentinel_password(password);
        on(&CacheName::configured("c").unwrap(), RedisBackend::new(address))
    };
    let cache = address("main", "theirs");
    cache.set("k", "1", None).await.unwrap();
    for (name, password, told) in
        [("other", "theirs", "knows no primary \"other\""), ("main", "no", "sentinel-password-env")]
    {
        let error = address(name, password).get("k").await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let mut client = replica.client();
    until(|| client.text("hostel:v:{c/c/k}").is_some()).await;
    primary.kill();
    let begun = Instant::now();
    assert!(cache.set("k", "2", None).await.is_err());
    while cache.set("k", "3", None).await.is_err() {
        assert!(begun.elapsed().as_secs() < 60, "it does not recover");
        tokio::task::yield_now().await;
    }
    println!("failover: recovered in {:?}", begun.elapsed());
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("3"));
    assert_eq!(replica.client().text("hostel:v:{c/c/k}").as_deref(), Some("3"));
}

/// A replica serves reads without an error, so the host must check the role when it connects again.
#[tokio::test]
async fn a_primary_that_became_a_replica_is_not_read_from() {
    let (primary, other) = (RedisServer::start(), RedisServer::start());
    let settings = format!(
        "--sentinel --sentinel monitor main 127.0.0.1 {} 1 --sentinel down-after-milliseconds main \
         60000",
        primary.port
    );
    let sentinel = RedisServer::sentinel(&settings);
    let address = format!("redis+sentinel://{}/main/0", sentinel.address());
    let address = RedisAddress::parse(&address).unwrap();
    let cache = on(&CacheName::configured("c").unwrap(), RedisBackend::new(address));
    cache.set("k", "1", None).await.unwrap();
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
    let mut client = primary.client();
    client.say(&format!("REPLICAOF 127.0.0.1 {}", other.port));
    client.say("CLIENT KILL TYPE normal SKIPME yes");
    let error = cache.get("k").await.unwrap_err().to_string();
    assert!(error.contains("not a primary") || error.contains("no longer"), "{error}");
}
