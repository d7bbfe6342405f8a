//! The leases of one call. The call that holds the lease of a key computes the key's value; other
//! calls that need the value wait.

use super::error::CacheError;
use super::redis::LeaseReply;
use super::store::{Backing, CacheStore};
use crate::telemetry::LeaseMeter;
use hostel_cache::{Holder, Key, LeaseEnd, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Maximum number of leases of one call, because a guest can request leases for any number of keys.
/// A lease that another caller's write has ended may still count.
const MAX_LEASES: usize = 1_000;

/// The expiry of a lease on Redis is the time that its call had left when the guest requested the
/// lease, plus this margin. The host releases the leases of a call that ends. A lease expires only
/// if the host cannot release it, for example because the host has crashed, or after a day.
const LEASE_MARGIN: Duration = Duration::from_millis(500);

/// Initial and maximum delay between attempts to get a lease on Redis that another call holds. The
/// delay doubles after each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// The result of [`CallLeases::get_or_lease`].
#[derive(Debug)]
pub(crate) enum LeaseFound {
    /// The value of a live entry.
    Value(Value),
    /// The value of a live entry that expires soon. This call must compute a new value.
    Refresh(Value),
    /// There is no live entry. This call must compute the value.
    Compute,
    /// There is no live entry and no lease for this call: another call is still computing the value
    /// when the wait ends, too many calls wait, or this call has too many leases.
    Busy,
}

/// Limits how many calls wait for leases at the same time: fewer than may run, so that the calls
/// that compute the values can still run.
#[derive(Clone, Debug)]
pub(crate) struct LeaseWaits([Arc<Semaphore>; 2]);

impl LeaseWaits {
    /// Creates the limit from the permits of a plugin and of its host.
    pub(crate) fn new(of_plugin: Arc<Semaphore>, of_host: Arc<Semaphore>) -> Self {
        LeaseWaits([of_plugin, of_host])
    }

    fn enter(&self) -> Option<[OwnedSemaphorePermit; 2]> {
        let [of_plugin, of_host] = &self.0;
        let in_plugin = Arc::clone(of_plugin).try_acquire_owned().ok()?;
        Some([in_plugin, Arc::clone(of_host).try_acquire_owned().ok()?])
    }
}

/// The leases that one call holds. Dropping this value releases them.
#[derive(Debug)]
pub(crate) struct CallLeases {
    cache: CacheStore,
    holder: Holder,
    /// The holder's name on Redis; empty for a cache in memory.
    token: String,
    /// The call's deadline.
    until: Instant,
    keys: BTreeSet<Box<str>>,
}

/// The result of one attempt to get a value or its lease.
enum Attempt {
    Found(LeaseFound),
    /// Another call holds the lease. In memory, the future completes when the lease ends. On Redis
    /// there is no such future.
    Held(Option<LeaseEnd>),
}

impl CallLeases {
    /// Creates the empty set of leases of a call with the deadline `until`.
    pub(crate) fn new(cache: CacheStore, until: Instant) -> Self {
        let token = match cache.backing() {
            Backing::Memory(_) => String::new(),
            Backing::Redis(_) => token(),
        };
        CallLeases { cache, holder: Holder::new(), token, until, keys: BTreeSet::new() }
    }

    /// Returns the value of a live entry, or takes a lease to compute the value. In the last
    /// `early` seconds of an entry's life, one call gets both. If the entry is missing and another
    /// call holds the lease, waits: at most `wait`, and at most three quarters of this call's
    /// remaining time.
    ///
    /// # Errors
    ///
    /// When the key or `early` is invalid. On Redis, also when the stored data is not a valid value
    /// or exceeds the value limit, the key cannot have a lease, or the servers are unavailable.
    pub(crate) async fn get_or_lease(
        &mut self,
        key: &str,
        early: Option<u32>,
        wait: Duration,
        waits: &LeaseWaits,
        meter: &LeaseMeter,
    ) -> Result<LeaseFound, CacheError> {
        let begun = Instant::now();
        let left = self.until.saturating_duration_since(begun);
        // A quarter of the remaining time is left for a response without the value.
        let deadline = begun + wait.min(left * 3 / 4);
        let mut place = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let end = match self.attempt(key, early, left).await? {
                Attempt::Found(found) => {
                    match &found {
                        LeaseFound::Compute | LeaseFound::Refresh(_) => meter.computed(),
                        LeaseFound::Value(_) if place.is_some() => meter.waited(begun.elapsed()),
                        LeaseFound::Value(_) | LeaseFound::Busy => {}
                    }
                    return Ok(found);
                }
                Attempt::Held(end) => end,
            };
            if place.is_none() {
                place = waits.enter();
            }
            if place.is_none() || Instant::now() >= deadline {
                meter.busy(begun.elapsed());
                return Ok(LeaseFound::Busy);
            }
            match end {
                // After a timeout, the next attempt is the last one.
                Some(end) => drop(timeout_at(deadline, end).await),
                None => {
                    sleep_until(deadline.min(Instant::now() + pause)).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        key: &str,
        early: Option<u32>,
        left: Duration,
    ) -> Result<Attempt, CacheError> {
        let is_full = self.keys.len() >= MAX_LEASES && !self.keys.contains(key);
        if is_full {
            let found = self.cache.get(key).await?.map_or(LeaseFound::Busy, LeaseFound::Value);
            return Ok(Attempt::Found(found));
        }
        let attempt = match self.cache.backing() {
            Backing::Memory(cache) => match cache.get_or_lease(key, early, self.holder)? {
                hostel_cache::Found::Value(value) => Attempt::Found(LeaseFound::Value(value)),
                hostel_cache::Found::Refresh(value) => Attempt::Found(LeaseFound::Refresh(value)),
                hostel_cache::Found::Compute => Attempt::Found(LeaseFound::Compute),
                hostel_cache::Found::Held(end) => Attempt::Held(Some(end)),
            },
            Backing::Redis(cache) => {
                // Record the key before taking the lease, so that the lease is released even if
                // this attempt is cancelled.
                self.keys.insert(Key::new(key)?.as_str().into());
                let lease = left + LEASE_MARGIN;
                match cache.lease_once(key, early, &self.token, lease).await? {
                    LeaseReply::Value(value) => Attempt::Found(LeaseFound::Value(value)),
                    LeaseReply::Refresh(value) => Attempt::Found(LeaseFound::Refresh(value)),
                    LeaseReply::Compute => Attempt::Found(LeaseFound::Compute),
                    LeaseReply::Held { .. } => Attempt::Held(None),
                }
            }
        };
        match attempt {
            Attempt::Found(LeaseFound::Refresh(_) | LeaseFound::Compute) => {
                self.keys.insert(key.into());
            }
            Attempt::Found(_) | Attempt::Held(_) => {
                self.keys.remove(key);
            }
        }
        Ok(attempt)
    }

    /// Stores the computed value and releases the lease. Returns false, and stores nothing, if this
    /// call no longer holds the lease of the key or another caller has changed the entry.
    ///
    /// # Errors
    ///
    /// The same as [`CacheStore::set`]. On Redis, also when the key cannot have a lease.
    pub(crate) async fn fill(
        &mut self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
        meter: &LeaseMeter,
    ) -> Result<bool, CacheError> {
        // On an error the key stays recorded, so that the lease is released when the call ends.
        let is_filled = match self.cache.backing() {
            Backing::Memory(cache) => cache.fill(key, value, expiry, self.holder)?,
            Backing::Redis(cache) => cache.fill(key, value, expiry, &self.token).await?,
        };
        self.keys.remove(key);
        if !is_filled {
            meter.lost();
        }
        Ok(is_filled)
    }

    /// Releases this call's lease of a key. Does nothing without such a lease.
    ///
    /// # Errors
    ///
    /// When the key is invalid. On Redis, also when the key cannot have a lease, or the servers are
    /// unavailable.
    pub(crate) async fn release(&mut self, key: &str) -> Result<(), CacheError> {
        match self.cache.backing() {
            Backing::Memory(cache) => cache.release(key, self.holder)?,
            Backing::Redis(cache) => cache.release(key, &self.token).await?,
        }
        self.keys.remove(key);
        Ok(())
    }
}

impl Drop for CallLeases {
    fn drop(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        if keys.is_empty() {
            return;
        }
        match self.cache.backing() {
            Backing::Memory(cache) => {
                for key in &keys {
                    // Cannot fail: the key was valid when its lease was taken.
                    drop(cache.release(key, self.holder));
                }
            }
            Backing::Redis(cache) => {
                let (cache, token) = (Arc::clone(cache), std::mem::take(&mut self.token));
                // Without a runtime, for example after its end, leave the leases to expire.
                let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
                runtime.spawn(async move {
                    for key in keys {
                        // A lease that cannot be released expires by itself.
                        drop(cache.release(&key, &token).await);
                    }
                });
            }
        }
    }
}

/// Returns a new text that is unique across all hosts.
fn token() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static HOST: std::sync::OnceLock<u128> = std::sync::OnceLock::new();
    let host = HOST.get_or_init(|| {
        let mut bytes = [0; 16];
        // Without random bytes, the current time distinguishes the hosts that share a Redis server.
        if getrandom::fill(&mut bytes).is_err() {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            return now.map_or(0, |now| now.as_nanos());
        }
        u128::from_le_bytes(bytes)
    });
    format!("{host:032x}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests;
