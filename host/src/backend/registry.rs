//! All caches of a host, by name.

use super::store::{CacheStats, CacheStore};
use hostel_cache::{Cache, CacheLimits, CacheName, Clock};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

/// The caches of a host by name, on one clock.
///
/// A cache, once opened, stays until the registry is dropped, so a plugin that is loaded again
/// finds its entries.
#[derive(Debug)]
pub struct Caches {
    clock: Clock,
    caches: RwLock<BTreeMap<CacheName, Arc<Cache>>>,
}

/// The cache is open already, with other limits than those asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cache {name} is open with {open}, and cannot be opened with {asked}: make them equal, or \
     restart to change them"
)]
pub struct OpenError {
    /// The cache's name.
    pub name: CacheName,
    /// The limits it has.
    pub open: CacheLimits,
    /// The limits asked for.
    pub asked: CacheLimits,
}

impl Caches {
    /// A registry without caches. All of its caches will read `clock`.
    #[must_use]
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, caches: RwLock::default() }
    }

    /// Opens the cache of that name in memory, and creates it where it does not exist.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it is open with other limits. It is left as it is: a cache that shrank
    /// or grew would surprise the plugins that use it.
    pub fn open(&self, name: CacheName, limits: CacheLimits) -> Result<CacheStore, OpenError> {
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        match caches.entry(name) {
            Entry::Vacant(vacant) => {
                let cache = Arc::new(Cache::new(limits, self.clock.clone()));
                Ok(CacheStore::in_memory(Arc::clone(vacant.insert(cache))))
            }
            Entry::Occupied(open) if open.get().limits() == limits => {
                Ok(CacheStore::in_memory(Arc::clone(open.get())))
            }
            Entry::Occupied(open) => Err(OpenError {
                open: open.get().limits(),
                asked: limits,
                name: open.key().clone(),
            }),
        }
    }

    /// The cache of that name, if it is open.
    #[must_use]
    pub fn get(&self, name: &CacheName) -> Option<CacheStore> {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        caches.get(name).map(|cache| CacheStore::in_memory(Arc::clone(cache)))
    }

    /// Every open cache with its name: private ones first, each kind in the order of names.
    #[must_use]
    pub fn list(&self) -> Vec<(CacheName, CacheStore)> {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        let store = |cache: &Arc<Cache>| CacheStore::in_memory(Arc::clone(cache));
        caches.iter().map(|(name, cache)| (name.clone(), store(cache))).collect()
    }

    /// Every open cache's name and statistics, in the order of [`Caches::list`].
    pub async fn stats(&self) -> Vec<(CacheName, CacheStats)> {
        let mut all = Vec::new();
        for (name, store) in self.list() {
            let stats = store.stats().await;
            all.push((name, stats));
        }
        all
    }

    /// Frees the memory of expired entries in every cache, looking at no more than `most` entries
    /// of each. Returns how many entries were removed.
    pub(super) fn reclaim(&self, most: usize) -> u64 {
        let caches: Vec<_> = {
            let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
            caches.values().map(Arc::clone).collect()
        };
        caches.iter().map(|cache| cache.reclaim(most)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn private(plugin: &str) -> CacheName {
        CacheName::private(plugin).unwrap()
    }

    fn configured(name: &str) -> CacheName {
        CacheName::configured(name).unwrap()
    }

    fn memory(store: CacheStore) -> Arc<Cache> {
        store.shared_memory().unwrap()
    }

    fn open(caches: &Caches, name: CacheName) -> Arc<Cache> {
        memory(caches.open(name, CacheLimits::default()).unwrap())
    }

    #[test]
    fn plugins_share_a_cache_only_where_both_are_given_the_same_one() {
        let caches = Caches::new(Clock::mock().0);
        let (a, b) = (open(&caches, private("a")), open(&caches, private("b")));
        a.set("k", "1", None).unwrap();
        assert_eq!(b.exists("k"), Ok(false));

        let (a, b) = (open(&caches, configured("both")), open(&caches, configured("both")));
        a.set("k", "2", None).unwrap();
        assert_eq!(b.get("k").unwrap().as_deref(), Some("2"));
    }

    #[test]
    fn keys_that_spell_names_of_caches_stay_in_their_cache() {
        let caches = Caches::new(Clock::mock().0);
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
    fn a_cache_that_is_opened_again_has_kept_its_entries() {
        let (clock, handle) = Clock::mock();
        let caches = Caches::new(clock);
        open(&caches, private("a")).set("k", "1", Some(2)).unwrap();
        handle.advance(Duration::from_secs(1));
        assert_eq!(open(&caches, private("a")).exists("k"), Ok(true));
        handle.advance(Duration::from_secs(1));
        assert_eq!(open(&caches, private("a")).exists("k"), Ok(false));
    }

    #[test]
    fn a_cache_is_not_opened_with_other_limits() {
        let caches = Caches::new(Clock::mock().0);
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
        let caches = Caches::new(Clock::mock().0);
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
        let caches = Caches::new(Clock::system());
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
