//! Caches on real Redis servers: what the contract says of them, and what faults do to them.

mod client;
mod cluster;
mod entries;
mod faults;
mod proxy;
mod sentinel;
mod server;
mod two_hosts;

use hostel::{
    Backend, CacheLimits, CacheName, CacheStore, Host, RedisAddress, RedisBackend, Settings,
};
use server::RedisServer;
use std::sync::Arc;

fn host() -> Host {
    Host::new(Settings::default()).unwrap()
}

fn at(server: &RedisServer) -> RedisAddress {
    RedisAddress::parse(&format!("redis://{}/0", server.address())).unwrap()
}

/// The cache `c` at an address, as a host of its own has it.
fn cache(address: RedisAddress) -> CacheStore {
    on(&CacheName::configured("c").unwrap(), RedisBackend::new(address))
}

/// A cache on Redis, as a host of its own has it.
fn on(name: &CacheName, backend: RedisBackend) -> CacheStore {
    let backend = Backend::Redis(Arc::new(backend));
    host().caches().open_on(name.clone(), CacheLimits::default(), &backend).unwrap()
}

/// Waits until a condition holds.
async fn until(mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    while !holds() {
        assert!(begun.elapsed().as_secs() < 60, "it does not come to hold");
        looks.tick().await;
    }
}
