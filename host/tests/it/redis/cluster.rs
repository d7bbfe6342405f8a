//! Clusters of three primaries, with or without replicas: the distribution of keys, walks over all
//! entries, and operations during a failover, a slot migration or a fault.

use super::client::Reply;
use super::faults::check_unavailable;
use super::server::{RedisServer, program};
use super::{PATIENT, on, until};
use crate::http::client::eventually;
use crate::support::Random;
use hostel::{CacheName, CacheStore, RedisAddress, RedisBackend};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub const SLOTS: usize = 16_384;

/// Command-line settings of each server of a cluster.
pub const SETTINGS: &str =
    "--cluster-enabled yes --cluster-node-timeout 1500 --cluster-config-file nodes.conf";

/// The servers of a cluster: three primaries, each with a third of the slots, then the replicas if
/// there are any.
pub struct Cluster(pub Vec<RedisServer>);

impl Cluster {
    /// Starts three primaries, each with a replica.
    async fn start() -> Self {
        let cluster = Cluster::begin(&program(), 6, &["--appendonly yes"]);
        for number in 3..6 {
            let primary = cluster.id(number - 3);
            let mut client = cluster.0[number].client();
            let command = format!("CLUSTER REPLICATE {primary}");
            until(|| client.say(&command) == Reply::Text(b"OK".to_vec())).await;
        }
        cluster.until_ready().await;
        for server in &cluster.0[3..] {
            let mut client = server.client();
            until(|| client.info("INFO replication").contains("master_link_status:up")).await;
        }
        cluster
    }

    /// Starts three primaries without replicas.
    pub async fn of_primaries(settings: &[&str]) -> Self {
        let cluster = Cluster::begin(&program(), 3, settings);
        cluster.until_ready().await;
        cluster
    }

    /// Starts `count` servers and joins them into a cluster. They are ready several seconds later.
    pub fn begin(program: &Path, count: usize, more: &[&str]) -> Self {
        let settings = [&[SETTINGS], more].concat();
        let servers: Vec<_> = (0..count).map(|_| RedisServer::with(program, &settings)).collect();
        let ports: Vec<_> = servers.iter().map(|server| server.port).collect();
        Cluster::meet(servers, &ports)
    }

    /// Joins servers, which reach each other at these ports, into a cluster.
    pub fn meet(servers: Vec<RedisServer>, ports: &[u16]) -> Self {
        for (number, server) in servers.iter().enumerate() {
            let mut client = server.client();
            for port in ports {
                client.say(&format!("CLUSTER MEET 127.0.0.1 {port}"));
            }
            if number < 3 {
                let slots = SLOTS * number / 3..SLOTS * (number + 1) / 3;
                let slots: Vec<_> = slots.map(|slot| slot.to_string()).collect();
                client.say(&format!("CLUSTER ADDSLOTS {}", slots.join(" ")));
            }
        }
        Cluster(servers)
    }

    /// Waits until each server reports that the cluster is healthy.
    pub async fn until_ready(&self) {
        for server in &self.0 {
            let mut client = server.client();
            until(|| client.info("CLUSTER INFO").contains("cluster_state:ok")).await;
        }
    }

    fn id(&self, number: usize) -> String {
        self.0[number].client().info("CLUSTER MYID")
    }

    pub fn cache(&self, timeout: Duration) -> CacheStore {
        let hosts: Vec<_> = self.0[..2].iter().map(RedisServer::address).collect();
        let address = RedisAddress::parse(&format!("redis+cluster://{}", hosts.join(",")));
        let backend = RedisBackend { timeout, ..RedisBackend::new(address.unwrap()) };
        on(&CacheName::configured("c").unwrap(), backend)
    }

    pub fn slot(&self, name: &str) -> usize {
        let slot = self.0[0].client().integer(&[b"CLUSTER", b"KEYSLOT", name.as_bytes()]);
        usize::try_from(slot).unwrap()
    }

    /// Returns true if all servers agree on the owners of all slots.
    pub fn is_settled(&self) -> bool {
        let known = |server: &RedisServer| server.client().say("CLUSTER SLOTS");
        let first = known(&self.0[0]);
        self.0.iter().all(|server| known(server) == first)
    }

    /// Moves a slot and its entries from one primary to another, as resharding does.
    pub fn move_slot(&self, slot: usize, from: usize, to: usize) {
        self.begin_to_move(slot, from, to);
        self.end_move(slot, from, to);
    }

    /// Moves the entries of a slot; the slot itself stays with its owner.
    fn begin_to_move(&self, slot: usize, from: usize, to: usize) {
        let (mut source, mut target) = (self.0[from].client(), self.0[to].client());
        let (source_id, target_id) = (self.id(from), self.id(to));
        target.say(&format!("CLUSTER SETSLOT {slot} IMPORTING {source_id}"));
        source.say(&format!("CLUSTER SETSLOT {slot} MIGRATING {target_id}"));
        let port = self.0[to].port.to_string();
        while let Reply::List(names) = source.say(&format!("CLUSTER GETKEYSINSLOT {slot} 1")) {
            let Some(Reply::Text(name)) = names.first() else { break };
            let moved =
                source.ask(&[b"MIGRATE", b"127.0.0.1", port.as_bytes(), name, b"0", b"5000"]);
            assert!(!matches!(moved, Reply::Error(_)), "{moved:?}");
        }
    }

    fn end_move(&self, slot: usize, from: usize, to: usize) {
        let target_id = self.id(to);
        for server in [to, from] {
            self.0[server].client().say(&format!("CLUSTER SETSLOT {slot} NODE {target_id}"));
        }
    }
}

/// In each step, sets and reads a random one of 200 keys, until `stop` is set. Each value contains
/// its key. Counts the steps that succeed, and the steps in which an operation fails.
async fn load(cache: CacheStore, stop: Arc<AtomicBool>, counts: Arc<[AtomicU64; 2]>, seed: u64) {
    let mut random = Random(seed);
    while !stop.load(Ordering::Relaxed) {
        let key = random.below(200).to_string();
        let value = format!("\"{key}\"");
        let result = async {
            cache.set(&key, &value, None).await?;
            if let Some(found) = cache.get(&key).await? {
                assert_eq!(*found, *value);
            }
            cache.exists(&key).await
        };
        match result.await {
            Ok(_) => counts[0].fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                if counts[1].fetch_add(1, Ordering::Relaxed) == 0 {
                    println!("the first error: {error}");
                }
                tokio::task::yield_now().await;
                0
            }
        };
    }
}

#[tokio::test]
async fn a_cluster_holds_one_cache() {
    let cluster = Cluster::start().await;
    let cache = cluster.cache(PATIENT);
    let keys: BTreeSet<String> = (0..300).map(|key| format!("{{{key}}}}}*")).collect();
    for key in &keys {
        cache.set(key, "1", Some(60)).await.unwrap();
        assert_eq!(cache.get(key).await.unwrap().as_deref(), Some("1"));
    }
    for server in &cluster.0[..3] {
        let held = server.client().names().len();
        assert!((50..200).contains(&held), "{held} of 300");
    }
    let (mut found, mut cursor) = (BTreeSet::new(), None::<String>);
    loop {
        let page = cache.list("", cursor.as_deref(), 20).await.unwrap();
        found.extend(page.entries.into_iter().map(|entry| entry.key));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, keys);
    assert!(cache.check().await.is_ok());
    assert_eq!(cache.delete("{7}}*").await, Ok(true));
    assert_eq!(cache.count().await.unwrap().0, 299);
    assert_eq!(cache.clear().await, Ok(299));
    let one = RedisAddress::parse(&format!("redis://{}", cluster.0[0].address())).unwrap();
    let mut told = Vec::new();
    for key in 0..20 {
        told.extend(super::cache(one.clone()).get(&key.to_string()).await.err());
    }
    assert!(told[0].to_string().contains("redis+cluster://"), "{}", told[0]);
    let server = RedisServer::start();
    let one = RedisAddress::parse(&format!("redis+cluster://{}", server.address())).unwrap();
    let error = super::cache(one).get("k").await.unwrap_err().to_string();
    assert!(error.contains("if it is not a cluster"), "{error}");
}

#[tokio::test]
async fn a_slot_that_is_moving_is_read_and_written() {
    let cluster = Cluster::start().await;
    let cache = cluster.cache(Duration::from_secs(2));
    cache.set("k", "1", None).await.unwrap();
    let slot = cluster.0[0].client().integer(&[b"CLUSTER", b"KEYSLOT", b"hostel:v:{c/c/k}"]);
    let slot = usize::try_from(slot).unwrap();
    let (from, to) = (slot * 3 / SLOTS, (slot * 3 / SLOTS + 1) % 3);
    cluster.begin_to_move(slot, from, to);
    for _ in 0..2 {
        assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
        cache.set("k", "2", None).await.unwrap();
        assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("2"));
        assert_eq!(cache.delete("k").await, Ok(true));
        assert_eq!((cache.get("k").await, cache.exists("k").await), (Ok(None), Ok(false)));
        cache.set("k", "1", Some(60)).await.unwrap();
        cluster.end_move(slot, from, to);
    }
    assert!(cluster.0[to].client().text("hostel:v:{c/c/k}").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_under_load_make_no_error() {
    let cluster = Cluster::start().await;
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let workers: Vec<_> = (0..4)
        .map(|seed| {
            tokio::spawn(load(cluster.cache(PATIENT), Arc::clone(&stop), Arc::clone(&counts), seed))
        })
        .collect();
    until(|| counts[0].load(Ordering::Relaxed) > 500).await;
    let moving = tokio::task::spawn_blocking(move || {
        for slot in (0..SLOTS / 3).step_by(11) {
            cluster.move_slot(slot, 0, 1);
        }
        cluster
    });
    let _cluster = moving.await.unwrap();
    let before = counts[0].load(Ordering::Relaxed);
    until(|| counts[0].load(Ordering::Relaxed) > before + 100).await;
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    let [succeeded, failed] = [0, 1].map(|at: usize| counts[at].load(Ordering::Relaxed));
    assert_eq!(failed, 0, "of {succeeded}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_killed_under_load_is_replaced_by_its_replica() {
    let mut cluster = Cluster::start().await;
    let cache = cluster.cache(RedisBackend::TIMEOUT);
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let workers: Vec<_> = (0..4)
        .map(|seed| {
            tokio::spawn(load(
                cluster.cache(RedisBackend::TIMEOUT),
                Arc::clone(&stop),
                Arc::clone(&counts),
                seed,
            ))
        })
        .collect();
    until(|| counts[0].load(Ordering::Relaxed) > 500).await;
    cluster.0[0].kill();
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    loop {
        let mut all = true;
        for key in 0..60 {
            let one = Instant::now();
            all &= cache.set(&format!("f{key}"), "1", None).await.is_ok();
            longest = longest.max(one.elapsed());
        }
        if all {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not recover");
    }
    println!("failover: recovered in {:?}; the longest operation {longest:?}", begun.elapsed());
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    println!("{counts:?} operations succeeded and failed");
}

/// Returns the keys from 0 to 59 whose slots belong to the primary of this number.
fn keys_of(cluster: &Cluster, number: usize) -> Vec<String> {
    let mut client = cluster.0[number].client();
    let has = |key: &String| {
        let name = format!("hostel:v:{{c/c/{key}}}");
        let slot = client.integer(&[b"CLUSTER", b"KEYSLOT", name.as_bytes()]);
        usize::try_from(slot).unwrap() * 3 / SLOTS == number
    };
    (0..60).map(|key| key.to_string()).filter(has).collect()
}

#[tokio::test]
async fn a_server_that_is_cut_off_from_its_cluster_does_not_report_the_others() {
    let cluster = Cluster::of_primaries(&[]).await;
    let mut first = cluster.0[0].client();
    for other in [1, 2] {
        first.say(&format!("CLUSTER FORGET {}", cluster.id(other)));
    }
    until(|| first.info("CLUSTER INFO").contains("cluster_state:fail")).await;
    let cache = cluster.cache(Duration::from_secs(2));
    for key in [1, 2].into_iter().flat_map(|other| keys_of(&cluster, other)) {
        cache.set(&key, "1", None).await.unwrap();
        assert_eq!(cache.get(&key).await.unwrap().as_deref(), Some("1"));
    }
    for key in &keys_of(&cluster, 0)[..2] {
        check_unavailable(cache.get(key).await, "CLUSTERDOWN");
    }
    let check = cache.check().await;
    check_unavailable(check.clone(), &cluster.0[0].address());
    check_unavailable(check, "cluster_state:fail");
}

#[tokio::test]
async fn a_cluster_without_one_of_its_primaries_does_not_pass_a_check() {
    for (settings, keys) in [(&[][..], "fail"), (&["--cluster-require-full-coverage no"], "ok")] {
        let mut cluster = Cluster::of_primaries(settings).await;
        let cache = cluster.cache(Duration::from_secs(2));
        cache.check().await.unwrap();
        let gone = cluster.0[2].address();
        cluster.0[2].kill();
        check_unavailable(cache.check().await, &gone);
        let mut first = cluster.0[0].client();
        until(|| first.info("CLUSTER NODES").contains(" master,fail ")).await;
        until(|| first.info("CLUSTER INFO").contains(&format!("cluster_state:{keys}"))).await;
        let (others, part) = match keys {
            "fail" => (Err(()), "cluster_state:fail".to_owned()),
            _ => (Ok(()), gone),
        };
        check_unavailable(cache.check().await, &part);
        let set = cache.set(&keys_of(&cluster, 0)[0], "1", None).await;
        assert_eq!(set.map_err(drop), others);
        cluster.0[2].restart();
        eventually("the cluster", async || cache.check().await.ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_every_server_of_a_cluster_ends_fail_no_read() {
    let cluster = Cluster::of_primaries(&[]).await;
    let cache = cluster.cache(PATIENT);
    for key in 0..60 {
        cache.set(&key.to_string(), &format!("\"{key}\""), None).await.unwrap();
    }
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let readers: Vec<_> = (0..4)
        .map(|seed| {
            let (cache, stop, reads) = (cache.clone(), Arc::clone(&stop), Arc::clone(&reads));
            tokio::spawn(async move {
                let mut random = Random(seed);
                while !stop.load(Ordering::Relaxed) {
                    let key = random.below(60);
                    let found = cache.get(&key.to_string()).await.unwrap();
                    assert_eq!(found.as_deref(), Some(&*format!("\"{key}\"")));
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut ended = 0;
    for _ in 0..30 {
        let before = reads.load(Ordering::Relaxed);
        for server in &cluster.0 {
            ended += server.client().integer(&[b"CLIENT", b"KILL", b"TYPE", b"normal"]);
        }
        until(|| reads.load(Ordering::Relaxed) > before + 50).await;
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(ended >= 60, "{ended} connections were ended");
    for key in 0..60 {
        assert_eq!(cache.set(&key.to_string(), "1", None).await, Ok(()));
    }
}
