//! Caches on real Redis servers: the guarantees of the contract, and behaviour under faults.

mod balancer;
pub mod client;
mod cluster;
mod entries;
mod examples;
mod faults;
mod linearizable;
mod many;
mod operations;
mod program;
mod proxy;
mod scripts;
mod sentinel;
pub mod server;
mod states;
mod two_hosts;

use cluster::Cluster;
use hostel::{
    Backend, CacheLimits, CacheName, CacheStore, Host, RedisAddress, RedisBackend, Settings,
};
use server::RedisServer;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

fn host() -> Host {
    Host::new(Settings::default()).unwrap()
}

fn at(server: &RedisServer) -> RedisAddress {
    server.backend().address
}

/// An operation timeout that is long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(20);

/// Returns the cache `c` at an address, on a new host.
fn cache(address: RedisAddress) -> CacheStore {
    let backend = RedisBackend { timeout: PATIENT, ..RedisBackend::new(address) };
    on(&CacheName::configured("c").unwrap(), backend)
}

/// Returns a cache on Redis, on a new host.
fn on(name: &CacheName, backend: RedisBackend) -> CacheStore {
    let backend = Backend::Redis(Arc::new(backend));
    host().caches().open_on(name.clone(), CacheLimits::default(), &backend).unwrap()
}

/// Starts a single server and a cluster with each server program to test.
pub async fn servers() -> Vec<Arc<RedisServer>> {
    let programs = server::programs();
    assert!(!programs.is_empty(), "{}", server::MISSING);
    servers_of(&programs).await
}

/// Starts a single server and a cluster with each of these programs.
pub async fn servers_of(programs: &[PathBuf]) -> Vec<Arc<RedisServer>> {
    let begin = |program: &PathBuf| Cluster::begin(program, 3, &[]);
    let clusters: Vec<_> = programs.iter().map(begin).collect();
    let mut servers: Vec<_> =
        programs.iter().map(|program| RedisServer::with(program, &[])).collect();
    for cluster in clusters {
        cluster.until_ready().await;
        servers.push(RedisServer::of_cluster(cluster.0));
    }
    servers.into_iter().map(Arc::new).collect()
}

async fn until(mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !holds() {
        assert!(begun.elapsed().as_secs() < 60, "it does not come to hold");
        looks.tick().await;
    }
}
