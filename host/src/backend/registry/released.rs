//! The private in-memory caches of unloaded plugins.

use super::{Caches, OpenCache};
use hostel_cache::CacheName;
use std::time::{Duration, Instant};

/// How long the cache of an unloaded plugin is kept unless memory is short: long enough to fix the
/// plugin and deploy it again.
const RELEASED_TIME: Duration = Duration::from_secs(3600);

impl Caches {
    /// Marks a private cache in memory as unused. The cache is dropped an hour after `now`, or
    /// earlier if memory is short, unless it is opened again. Does nothing for other caches.
    pub(crate) fn release(&self, name: &CacheName, now: Instant) {
        let mut caches = self.write();
        if let (CacheName::Private(_), Some(OpenCache::Memory { released, .. })) =
            (name, caches.get_mut(name))
        {
            *released = Some(now);
        }
    }

    /// Drops the cache that was released first. Returns false if no cache is released. If a running
    /// call still uses the cache, the cache's memory is freed when that call ends.
    pub(crate) fn drop_released(&self) -> bool {
        self.drop_one(|_| true)
    }

    /// Drops the caches that were released an hour or more before `now`.
    pub(in crate::backend) fn drop_overdue(&self, now: Instant) {
        while self.drop_one(|since| now.saturating_duration_since(since) >= RELEASED_TIME) {}
    }

    /// Drops the cache that was released first, if `is_meant` returns true for the time of its
    /// release. Returns true if a cache was dropped.
    fn drop_one(&self, is_meant: impl Fn(Instant) -> bool) -> bool {
        let first = |caches: &super::CacheMap| {
            let released = caches.iter().filter_map(|(name, open)| Some((open.released()?, name)));
            released.min().filter(|(since, _)| is_meant(*since)).map(|(_, name)| name.clone())
        };
        // Fast path: there are usually no released caches.
        if first(&self.read()).is_none() {
            return false;
        }
        let mut caches = self.write();
        let dropped = first(&caches).and_then(|name| caches.remove(&name));
        drop(caches);
        // The cache is dropped outside the lock, because freeing its entries takes time.
        dropped.is_some()
    }
}

impl OpenCache {
    /// Marks the cache as used by a plugin again.
    pub(super) fn take_back(&mut self) {
        if let OpenCache::Memory { released, .. } = self {
            *released = None;
        }
    }

    /// Returns the time of the cache's release, or `None` if the cache is not released.
    fn released(&self) -> Option<Instant> {
        match self {
            OpenCache::Memory { released, .. } => *released,
            OpenCache::Redis { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use hostel_cache::{BudgetPart, Cache, CacheLimits, Clock, MemoryBudget};
    use std::sync::Arc;

    /// Returns caches, their memory budget, and the current time.
    fn caches() -> (Caches, Arc<BudgetPart>, Instant) {
        let memory = MemoryBudget::new(1 << 30).part(1 << 30);
        let caches = Caches::new(Clock::mock().0, Metrics::new().redis(), &memory);
        (caches, memory, Instant::now())
    }

    /// Opens the private cache of a plugin, and adds an entry.
    fn open(caches: &Caches, plugin: &str) -> Arc<Cache> {
        let name = CacheName::private(plugin).unwrap();
        let store = caches.open(name, CacheLimits::default()).unwrap();
        let cache = store.shared_memory().unwrap();
        cache.set("k", "1", None).unwrap();
        cache
    }

    fn release(caches: &Caches, plugin: &str, now: Instant) {
        caches.release(&CacheName::private(plugin).unwrap(), now);
    }

    fn names(caches: &Caches) -> Vec<String> {
        caches.list().into_iter().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn a_released_cache_is_dropped_after_an_hour() {
        let (caches, memory, now) = caches();
        drop(open(&caches, "a"));
        release(&caches, "a", now);
        caches.drop_overdue(now + RELEASED_TIME - Duration::from_nanos(1));
        assert_eq!(names(&caches), ["plugin/a"]);
        assert!(memory.taken() > 0);
        caches.drop_overdue(now + RELEASED_TIME);
        assert_eq!((names(&caches).len(), memory.taken()), (0, 0));
    }

    #[test]
    fn a_cache_that_is_opened_again_stays_with_its_entries() {
        let (caches, _, now) = caches();
        open(&caches, "a").set("old", "1", None).unwrap();
        release(&caches, "a", now);
        let again = open(&caches, "a");
        caches.drop_overdue(now + 2 * RELEASED_TIME);
        assert!(!caches.drop_released());
        assert_eq!((names(&caches).len(), again.exists("old")), (1, Ok(true)));
    }

    #[test]
    fn for_room_the_one_that_was_released_first_goes_first() {
        let (caches, _, now) = caches();
        for (plugin, after) in [("a", 2), ("b", 1), ("c", 3)] {
            open(&caches, plugin);
            release(&caches, plugin, now + Duration::from_secs(after));
        }
        open(&caches, "in-use");
        assert!(caches.drop_released());
        assert_eq!(names(&caches), ["plugin/a", "plugin/c", "plugin/in-use"]);
        assert!(caches.drop_released() && caches.drop_released() && !caches.drop_released());
        assert_eq!(names(&caches), ["plugin/in-use"]);
    }

    #[test]
    fn only_private_caches_are_released() {
        let (caches, _, now) = caches();
        let shared = CacheName::configured("shared").unwrap();
        caches.open(shared.clone(), CacheLimits::default()).unwrap();
        caches.release(&shared, now);
        release(&caches, "unknown", now);
        assert!(!caches.drop_released());
        assert_eq!(names(&caches), ["shared"]);
    }

    #[test]
    fn a_cache_that_a_call_holds_gives_its_memory_back_when_the_call_ends() {
        let (caches, memory, now) = caches();
        let held = open(&caches, "a");
        release(&caches, "a", now);
        assert!(caches.drop_released());
        assert_eq!(names(&caches).len(), 0);
        assert_eq!(held.get("k").unwrap().as_deref(), Some("1"));
        assert!(memory.taken() as u64 >= held.stats().bytes);
        drop(held);
        assert_eq!(memory.taken(), 0);
    }
}
