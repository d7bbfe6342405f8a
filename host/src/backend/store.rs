//! One cache, on any backend.

use super::error::CacheError;
use super::page::Page;
use super::redis::RedisCache;
use super::stats::CacheStats;
use hostel_cache::{Cache, KeyPage, Lifetime, RemovedPage, Swap, TimeLeft, Value};
use std::sync::Arc;

/// Maximum bytes of all values that one operation reads, unless the limit of a single value is
/// higher. This bounds the memory for the copies that the caller gets.
pub(super) const MAX_READ_BYTES: usize = 16 << 20;

/// One cache of a host. Clones share the same cache.
///
/// Each operation on one key is linearizable: in memory among the calls of this host, on Redis
/// among the calls of all hosts, unless Redis loses writes in a failover.
#[derive(Clone, Debug)]
pub struct CacheStore(Backing);

/// The backend that stores the entries.
#[derive(Clone, Debug)]
pub(super) enum Backing {
    Memory(Arc<Cache>),
    Redis(Arc<RedisCache>),
}

impl CacheStore {
    pub(super) fn in_memory(cache: Arc<Cache>) -> Self {
        CacheStore(Backing::Memory(cache))
    }

    pub(super) fn on_redis(cache: Arc<RedisCache>) -> Self {
        CacheStore(Backing::Redis(cache))
    }

    pub(super) fn backing(&self) -> &Backing {
        &self.0
    }

    /// Returns the `Arc` of the cache, if its entries are in this host's memory.
    #[cfg(test)]
    pub(super) fn shared_memory(self) -> Option<Arc<Cache>> {
        match self.0 {
            Backing::Memory(cache) => Some(cache),
            Backing::Redis(_) => None,
        }
    }

    /// Returns the cache if its entries are in this host's memory. The cache's operations are
    /// synchronous.
    #[must_use]
    #[inline]
    pub fn memory(&self) -> Option<&Cache> {
        match &self.0 {
            Backing::Memory(cache) => Some(cache),
            Backing::Redis(_) => None,
        }
    }

    /// Returns the value of a live entry, or `None` if the key is missing or its entry has expired.
    ///
    /// # Errors
    ///
    /// When the key is invalid, the stored data is not a valid value or exceeds the value limit, or
    /// the backend is unavailable.
    pub async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.get(key)?),
            Backing::Redis(cache) => cache.get(key).await,
        }
    }

    /// Creates the entry, or replaces its value and expiry. The expiry is in seconds; with `None`
    /// the entry does not expire.
    ///
    /// # Errors
    ///
    /// When the key, the value or the expiry is invalid, the value is too large, or the backend is
    /// unavailable. If the backend is unavailable, the write may have happened.
    pub async fn set(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.set(key, value, expiry)?),
            Backing::Redis(cache) => cache.set(key, value, expiry).await,
        }
    }

    /// Removes the entry. Returns true if a live entry was removed.
    ///
    /// # Errors
    ///
    /// When the key is invalid, or the backend is unavailable.
    pub async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.delete(key)?),
            Backing::Redis(cache) => cache.delete(key).await,
        }
    }

    /// Returns true if there is a live entry. This does not count as a use for eviction.
    ///
    /// # Errors
    ///
    /// When the key is invalid, or the backend is unavailable.
    pub async fn exists(&self, key: &str) -> Result<bool, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.exists(key)?),
            Backing::Redis(cache) => cache.exists(key).await,
        }
    }

    /// Creates the entry if there is no live entry. Returns true if the entry was created.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
    pub async fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.set_if_absent(key, value, expiry)?),
            Backing::Redis(cache) => cache.set_if_absent(key, value, expiry).await,
        }
    }

    /// Adds to the integer at the key, and returns the sum. The expiry applies only to a new entry.
    ///
    /// # Errors
    ///
    /// When an argument, the stored value or the sum is invalid, or the backend is unavailable.
    pub async fn increment(
        &self,
        key: &str,
        delta: i64,
        expiry: Option<u32>,
    ) -> Result<i64, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.increment(key, delta, expiry)?),
            Backing::Redis(cache) => cache.increment(key, delta, expiry).await,
        }
    }

    /// Replaces the entry if its value is `expected`. If `expected` is `None`, there must be no
    /// live entry; if `wanted` is `None`, the entry is removed.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, the stored data is not a valid value or exceeds the value
    /// limit, or the backend is unavailable.
    pub async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.compare_and_swap(key, expected, wanted, lifetime)?),
            Backing::Redis(cache) => cache.compare_and_swap(key, expected, wanted, lifetime).await,
        }
    }

    /// Removes the entry and returns its value, or `None` if there is no live entry. Only one of
    /// several concurrent callers gets the value.
    ///
    /// # Errors
    ///
    /// The same as [`get`](Self::get).
    pub async fn take(&self, key: &str) -> Result<Option<Value>, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.take(key)?),
            Backing::Redis(cache) => cache.take(key).await,
        }
    }

    /// Returns the remaining lifetime of the entry. This does not count as a use for eviction.
    ///
    /// # Errors
    ///
    /// When the key is invalid, or the backend is unavailable.
    pub async fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.ttl(key)?),
            Backing::Redis(cache) => cache.ttl(key).await,
        }
    }

    /// Sets the expiry of a live entry; `None` removes the expiry. Returns true if there is a live
    /// entry.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
    pub async fn expire(&self, key: &str, expiry: Option<u32>) -> Result<bool, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.expire(key, expiry)?),
            Backing::Redis(cache) => cache.expire(key, expiry).await,
        }
    }

    /// Returns a page of the keys that begin with `prefix`, unordered. `cursor` is the cursor of
    /// the previous page, or `None` for the first page. The work for a page is bounded, so a page
    /// may be empty without being the last.
    ///
    /// # Errors
    ///
    /// When the cursor is invalid, or the backend is unavailable.
    pub async fn keys(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.keys(prefix, cursor)?),
            Backing::Redis(cache) => cache.keys(prefix, cursor).await,
        }
    }

    /// Removes a page of the entries whose keys begin with `prefix`. Pages and cursors work as in
    /// [`keys`](Self::keys).
    ///
    /// # Errors
    ///
    /// When the cursor is invalid, or the backend is unavailable.
    pub async fn delete_prefix(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<RemovedPage, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.delete_prefix(prefix, cursor)?),
            Backing::Redis(cache) => cache.delete_prefix(prefix, cursor).await,
        }
    }

    /// Returns the values of the keys, in the same order. The operation is not atomic.
    ///
    /// # Errors
    ///
    /// The same as [`get`](Self::get). Also if the values together exceed the maximum size of a
    /// read.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => {
                let values = cache.get_many(keys)?;
                let limit = MAX_READ_BYTES.max(cache.limits().value_limit());
                if values.iter().flatten().map(|value| value.len()).sum::<usize>() > limit {
                    return Err(CacheError::ManyOversized { limit });
                }
                Ok(values)
            }
            Backing::Redis(cache) => cache.get_many(keys).await,
        }
    }

    /// Sets the entries, all with the same expiry. If a key is repeated, its last value counts. The
    /// operation is not atomic. Sets nothing if an argument is invalid.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub async fn set_many(
        &self,
        entries: &[(&str, &str)],
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.set_many(entries, expiry)?),
            Backing::Redis(cache) => cache.set_many(entries, expiry).await,
        }
    }

    /// Removes the entries, and returns the number of live ones among them. The operation is not
    /// atomic.
    ///
    /// # Errors
    ///
    /// The same as [`delete`](Self::delete).
    pub async fn delete_many(&self, keys: &[&str]) -> Result<u32, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.delete_many(keys)?),
            Backing::Redis(cache) => cache.delete_many(keys).await,
        }
    }

    /// Returns a page of the live entries whose keys begin with `prefix`: at most `most` of them.
    /// On Redis, a page may have more, and may be empty without being the last.
    ///
    /// `cursor` is the `next` of the previous page, or `None` for the first page. An entry that is
    /// live while all pages are read is on at least one page, unless it moves to another server of
    /// a cluster.
    ///
    /// # Errors
    ///
    /// Only on Redis: when Redis is unavailable, or the cursor is invalid.
    pub async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        most: usize,
    ) -> Result<Page, CacheError> {
        let cache = match &self.0 {
            Backing::Memory(cache) => cache,
            Backing::Redis(cache) => return cache.list(prefix, cursor, most).await,
        };
        let entries = cache.list(prefix, cursor, most);
        let is_full = !entries.is_empty() && entries.len() == most;
        let next = entries.last().filter(|_| is_full).map(|last| last.key.clone());
        Ok(Page { entries, next })
    }

    /// Removes all entries and returns their number.
    ///
    /// # Errors
    ///
    /// When Redis is unavailable. Some entries may have been removed.
    pub async fn clear(&self) -> Result<u64, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.clear()),
            Backing::Redis(cache) => cache.clear().await,
        }
    }

    /// Returns the number of entries and their size in bytes. In memory, the size includes
    /// bookkeeping. On Redis, the size covers keys and values, and the call visits all entries, so
    /// it takes long for a large cache and both numbers are approximate.
    ///
    /// # Errors
    ///
    /// When Redis is unavailable.
    pub async fn count(&self) -> Result<(u64, u64), CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok((cache.stats().entries, cache.stats().bytes)),
            Backing::Redis(cache) => cache.count().await,
        }
    }

    /// Checks that the backend responds.
    ///
    /// # Errors
    ///
    /// If the backend does not respond, or responds with an error.
    pub async fn check(&self) -> Result<(), CacheError> {
        match &self.0 {
            Backing::Memory(_) => Ok(()),
            Backing::Redis(cache) => cache.check().await,
        }
    }

    /// Returns the counters, and the current size of a cache in memory.
    pub async fn stats(&self) -> CacheStats {
        match &self.0 {
            Backing::Memory(cache) => cache.stats().into(),
            Backing::Redis(cache) => cache.stats(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hostel_cache::{CacheLimits, Clock};

    #[tokio::test]
    async fn pages_hold_each_entry_once_and_the_last_has_no_cursor() {
        let store =
            CacheStore::in_memory(Arc::new(Cache::new(CacheLimits::default(), Clock::system())));
        for key in ["a1", "a2", "a3", "b1"] {
            store.set(key, "1", None).await.unwrap();
        }
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = store.list("a", cursor.as_deref(), 2).await.unwrap();
            seen.extend(page.entries.into_iter().map(|entry| entry.key));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a1", "a2", "a3"]);
    }

    #[tokio::test]
    async fn what_is_refused_in_memory_is_an_error_that_names_it() {
        let store =
            CacheStore::in_memory(Arc::new(Cache::new(CacheLimits::default(), Clock::system())));
        let error = store.set("k", "nonsense", None).await.unwrap_err();
        assert!(error.to_string().contains("invalid value at byte 0"), "{error}");
        assert_eq!(store.stats().await.memory.map(|memory| memory.entries), Some(0));
    }
}
