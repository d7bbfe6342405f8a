//! Caches on real Redis servers: what the contract says of them, and what faults do to them.

mod balancer;
pub mod client;
mod cluster;
mod entries;
mod examples;
mod faults;
mod linearizable;
mod program;
mod proxy;
mod sentinel;
pub mod server;
mod two_hosts;

use hostel::{
    Backend, CacheLimits, CacheName, CacheStore, Host, RedisAddress, RedisBackend, Settings,
};
use server::RedisServer;
use std::sync::Arc;
use std::time::Duration;

fn host() -> Host {
    Host::new(Settings::default()).unwrap()
}

fn at(server: &RedisServer) -> RedisAddress {
    RedisAddress::parse(&format!("redis://{}/0", server.address())).unwrap()
}

/// The time of an operation in which a busy machine does it.
const PATIENT: Duration = Duration::from_secs(20);

/// The cache `c` at an address, as a host of its own has it.
fn cache(address: RedisAddress) -> CacheStore {
    let backend = RedisBackend { timeout: PATIENT, ..RedisBackend::new(address) };
    on(&CacheName::configured("c").unwrap(), backend)
}

/// A cache on Redis, as a host of its own has it.
fn on(name: &CacheName, backend: RedisBackend) -> CacheStore {
    let backend = Backend::Redis(Arc::new(backend));
    host().caches().open_on(name.clone(), CacheLimits::default(), &backend).unwrap()
}

/// A server of each program that there is.
pub fn servers() -> Vec<Arc<RedisServer>> {
    let programs = server::programs();
    assert!(!programs.is_empty(), "{}", server::MISSING);
    programs.iter().map(|program| Arc::new(RedisServer::with(program, &[]))).collect()
}

/// Waits until a condition holds.
async fn until(mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !holds() {
        assert!(begun.elapsed().as_secs() < 60, "it does not come to hold");
        looks.tick().await;
    }
}
