//! All caches of a host, by name.

mod released;

use super::redis::{Meters, RedisBackend, RedisCache, ServerState, Servers};
use super::stats::CacheStats;
use super::store::CacheStore;
use crate::telemetry::RedisMetrics;
use hostel_cache::{BudgetPart, Cache, CacheLimits, CacheName, Clock};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

/// The backend of a cache's entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// In the host's memory.
    #[default]
    Memory,
    /// On Redis, where other hosts can share the entries.
    Redis(Arc<RedisBackend>),
}

/// The caches of a host by name. The caches in memory share one clock.
///
/// An open cache stays until the registry is dropped. The exception is a private cache in memory
/// whose plugin was unloaded: it stays for one hour, or less if the host is short of memory, so
/// that a reloaded plugin finds its entries.
#[derive(Debug)]
pub struct Caches {
    clock: Clock,
    metrics: RedisMetrics,
    memory: Arc<BudgetPart>,
    caches: RwLock<CacheMap>,
}

type CacheMap = BTreeMap<CacheName, OpenCache>;

#[derive(Clone, Debug)]
enum OpenCache {
    Memory { cache: Arc<Cache>, released: Option<Instant> },
    Redis { cache: Arc<RedisCache>, limits: CacheLimits, backend: Arc<RedisBackend> },
}

/// The cache is already open with other limits or on another backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cache {name} is already open with {open} and cannot be opened with {asked}: make them equal, \
     or restart to change them"
)]
pub struct OpenError {
    /// The cache's name.
    pub name: CacheName,
    /// The limits of the open cache.
    pub open: CacheLimits,
    /// The requested limits.
    pub asked: CacheLimits,
}

/// The state of the servers that the caches with the same address and timeout share.
#[derive(Clone, Debug)]
pub(crate) struct RedisState {
    /// The caches on these servers.
    pub(crate) caches: Vec<CacheName>,
    /// Number of operations in progress, without those that wait for their next attempt.
    pub(crate) in_flight: usize,
    pub(crate) servers: Vec<ServerState>,
}

impl Caches {
    /// Creates an empty registry. Its caches in memory use `clock`, and charge their bytes to
    /// `memory`.
    #[must_use]
    pub(crate) fn new(clock: Clock, metrics: RedisMetrics, memory: &Arc<BudgetPart>) -> Self {
        Self { clock, metrics, memory: Arc::clone(memory), caches: RwLock::default() }
    }

    /// Opens the cache with this name in memory; creates the cache if it does not exist.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the cache is open with other limits or on Redis. The open cache does not
    /// change, because other plugins may use it.
    pub fn open(&self, name: CacheName, limits: CacheLimits) -> Result<CacheStore, OpenError> {
        self.open_on(name, limits, &Backend::Memory)
    }

    /// Opens the cache with this name on a backend, like [`Caches::open`]. On Redis, only the limit
    /// on values applies, and this function opens no connection.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the cache is open with other limits or on another backend.
    pub fn open_on(
        &self,
        name: CacheName,
        limits: CacheLimits,
        backend: &Backend,
    ) -> Result<CacheStore, OpenError> {
        let mut caches = self.write();
        let servers = match backend {
            Backend::Memory => None,
            Backend::Redis(backend) => Some((backend, servers_of(&caches, backend))),
        };
        match caches.entry(name) {
            Entry::Vacant(vacant) => {
                let open = match servers {
                    None => {
                        let cache = Cache::within(limits, self.clock.clone(), &self.memory);
                        OpenCache::Memory { cache: Arc::new(cache), released: None }
                    }
                    Some((backend, servers)) => {
                        let meters = Meters::new(&self.metrics, vacant.key());
                        let names = backend.names(vacant.key());
                        let cache = RedisCache::new(names, limits.value_limit(), servers, meters);
                        let (cache, backend) = (Arc::new(cache), Arc::clone(backend));
                        OpenCache::Redis { cache, limits, backend }
                    }
                };
                Ok(vacant.insert(open).store())
            }
            Entry::Occupied(mut open) if open.get().is(limits, backend) => {
                open.get_mut().take_back();
                Ok(open.get().store())
            }
            Entry::Occupied(open) => Err(OpenError {
                open: open.get().limits(),
                asked: limits,
                name: open.key().clone(),
            }),
        }
    }

    /// Returns the cache with this name, if it is open.
    #[must_use]
    pub fn get(&self, name: &CacheName) -> Option<CacheStore> {
        self.read().get(name).map(OpenCache::store)
    }

    /// Returns every open cache with its name: private caches first, each kind sorted by name.
    #[must_use]
    pub fn list(&self) -> Vec<(CacheName, CacheStore)> {
        self.read().iter().map(|(name, open)| (name.clone(), open.store())).collect()
    }

    /// Returns the name and the statistics of every open cache, in the order of [`Caches::list`].
    pub async fn stats(&self) -> Vec<(CacheName, CacheStats)> {
        let mut all = Vec::new();
        for (name, store) in self.list() {
            let stats = store.stats().await;
            all.push((name, stats));
        }
        all
    }

    /// Returns the names of the caches whose servers do not pass [`Servers::check`]. The checks run
    /// concurrently, one for all caches with the same address and timeout.
    pub(crate) async fn unavailable(&self) -> Vec<CacheName> {
        let checks = self.by_servers().into_iter().map(|(servers, caches)| {
            tokio::spawn(async move { servers.check().await.is_err().then_some(caches) })
        });
        let mut unavailable = Vec::new();
        for check in checks.collect::<Vec<_>>() {
            unavailable.extend(check.await.ok().flatten().into_iter().flatten());
        }
        unavailable.sort();
        unavailable
    }

    /// Returns the state of the servers that hold caches, one element for each address and timeout.
    pub(crate) fn redis(&self) -> Vec<RedisState> {
        let state = |(servers, caches): (Arc<Servers>, Vec<CacheName>)| RedisState {
            caches,
            in_flight: servers.in_flight(),
            servers: servers.states(),
        };
        self.by_servers().into_iter().map(state).collect()
    }

    fn by_servers(&self) -> Vec<(Arc<Servers>, Vec<CacheName>)> {
        let caches = self.read();
        let mut found: Vec<(Arc<Servers>, Vec<CacheName>)> = Vec::new();
        for (name, open) in caches.iter() {
            let OpenCache::Redis { cache, .. } = open else { continue };
            match found.iter_mut().find(|(servers, _)| Arc::ptr_eq(servers, cache.servers())) {
                Some((_, names)) => names.push(name.clone()),
                None => found.push((Arc::clone(cache.servers()), vec![name.clone()])),
            }
        }
        found
    }

    /// Frees the memory of expired entries in every cache in memory, by a [`Cache::reclaim`] with
    /// `most` for each cache. Returns the number of removed entries.
    pub(super) fn reclaim(&self, most: usize) -> u64 {
        let caches: Vec<_> = {
            let in_memory = |open: &OpenCache| match open {
                OpenCache::Memory { cache, .. } => Some(Arc::clone(cache)),
                OpenCache::Redis { .. } => None,
            };
            self.read().values().filter_map(in_memory).collect()
        };
        caches.iter().map(|cache| cache.reclaim(most)).sum()
    }

    fn read(&self) -> RwLockReadGuard<'_, CacheMap> {
        self.caches.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, CacheMap> {
        self.caches.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the servers of a backend: those of an open cache with the same address and timeout, or
/// new ones.
fn servers_of(caches: &CacheMap, asked: &RedisBackend) -> Arc<Servers> {
    let shared = caches.values().find_map(|open| match open {
        OpenCache::Redis { cache, backend, .. } => (backend.address == asked.address
            && backend.timeout == asked.timeout)
            .then(|| Arc::clone(cache.servers())),
        OpenCache::Memory { .. } => None,
    });
    shared.unwrap_or_else(|| Servers::new(asked.address.clone(), asked.timeout))
}

impl OpenCache {
    fn store(&self) -> CacheStore {
        match self {
            OpenCache::Memory { cache, .. } => CacheStore::in_memory(Arc::clone(cache)),
            OpenCache::Redis { cache, .. } => CacheStore::on_redis(Arc::clone(cache)),
        }
    }

    fn limits(&self) -> CacheLimits {
        match self {
            OpenCache::Memory { cache, .. } => cache.limits(),
            OpenCache::Redis { limits, .. } => *limits,
        }
    }

    fn is(&self, limits: CacheLimits, asked: &Backend) -> bool {
        let is_there = match (self, asked) {
            (OpenCache::Memory { .. }, Backend::Memory) => true,
            (OpenCache::Redis { backend, .. }, Backend::Redis(asked)) => backend == asked,
            _ => false,
        };
        is_there && self.limits() == limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use hostel_cache::MemoryBudget;
    use std::time::Duration;

    fn private(plugin: &str) -> CacheName {
        CacheName::private(plugin).unwrap()
    }

    fn configured(name: &str) -> CacheName {
        CacheName::configured(name).unwrap()
    }

    fn caches() -> Caches {
        on(Clock::mock().0)
    }

    fn on(clock: Clock) -> Caches {
        let memory = MemoryBudget::new(1 << 30).part(1 << 30);
        Caches::new(clock, Metrics::new().redis(), &memory)
    }

    fn memory(store: CacheStore) -> Arc<Cache> {
        store.shared_memory().unwrap()
    }

    fn open(caches: &Caches, name: CacheName) -> Arc<Cache> {
        memory(caches.open(name, CacheLimits::default()).unwrap())
    }

    #[test]
    fn plugins_share_a_cache_only_where_both_are_given_the_same_one() {
        let caches = caches();
        let (a, b) = (open(&caches, private("a")), open(&caches, private("b")));
        a.set("k", "1", None).unwrap();
        assert_eq!(b.exists("k"), Ok(false));

        let (a, b) = (open(&caches, configured("both")), open(&caches, configured("both")));
        a.set("k", "2", None).unwrap();
        assert_eq!(b.get("k").unwrap().as_deref(), Some("2"));
    }

    #[test]
    fn keys_that_spell_names_of_caches_stay_in_their_cache() {
        let caches = caches();
        let names = [private("a"), private("a-b"), private("users"), configured("users")];
        let keys = ["c", "b:c", "a:b:c", "a/c", "plugin/a/c", "users", "plugin/users", "\0a"];
        for (number, name) in names.iter().enumerate() {
            let cache = open(&caches, name.clone());
            for key in keys {
                assert_eq!(cache.get(key), Ok(None), "{name} {key}");
                cache.set(key, &number.to_string(), None).unwrap();
            }
        }
        for (number, name) in names.iter().enumerate() {
            for key in keys {
                let value = memory(caches.get(name).unwrap()).get(key).unwrap();
                assert_eq!(value.as_deref(), Some(&*number.to_string()), "{name} {key}");
            }
        }
    }

    #[test]
    fn a_cache_that_is_opened_again_still_has_its_entries() {
        let (clock, handle) = Clock::mock();
        let caches = on(clock);
        open(&caches, private("a")).set("k", "1", Some(2)).unwrap();
        handle.advance(Duration::from_secs(1));
        assert_eq!(open(&caches, private("a")).exists("k"), Ok(true));
        handle.advance(Duration::from_secs(1));
        assert_eq!(open(&caches, private("a")).exists("k"), Ok(false));
    }

    #[test]
    fn a_cache_is_not_opened_with_other_limits() {
        let caches = caches();
        open(&caches, private("a")).set("k", "1", None).unwrap();
        let asked = CacheLimits::new(1 << 20, 1 << 10).unwrap();
        let error = caches.open(private("a"), asked).unwrap_err();
        for part in ["plugin/a", "67108864", "1048576", "1024"] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(open(&caches, private("a")).exists("k"), Ok(true));
    }

    #[tokio::test]
    async fn statistics_have_every_cache_with_its_own_counts() {
        let caches = caches();
        for name in [configured("z"), configured("b"), private("z")] {
            open(&caches, name);
        }
        open(&caches, configured("b")).set("k", "1", None).unwrap();
        let list = caches.stats().await;
        let list: Vec<_> = list.iter().map(|(name, s)| (name.to_string(), s.sets)).collect();
        let expected = [("plugin/z", 0), ("b", 1), ("z", 0)];
        assert_eq!(list, expected.map(|(name, sets)| (name.to_owned(), sets)));
        assert!(caches.get(&private("b")).is_none());
    }

    #[test]
    fn threads_that_open_a_name_at_once_get_one_cache() {
        let caches = on(Clock::system());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let caches = &caches;
                scope.spawn(move || {
                    for name in ["a", "b", "c"] {
                        let cache = open(caches, private(name));
                        cache.set(&format!("{thread}"), "1", None).unwrap();
                    }
                });
            }
        });
        let entries: Vec<_> =
            caches.list().into_iter().map(|(_, store)| memory(store).stats().entries).collect();
        assert_eq!(entries, [8, 8, 8]);
    }
}
