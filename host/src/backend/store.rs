//! One cache, whatever holds its entries.

use super::error::CacheError;
use super::page::Page;
use super::redis::RedisCache;
use super::stats::CacheStats;
use hostel_cache::{Cache, KeyPage, Lifetime, RemovedPage, Swap, TimeLeft, Value};
use std::sync::Arc;

/// Bytes of all values that one operation reads, where a single value may not have more: a caller
/// would have a copy of each.
pub(super) const MAX_READ_BYTES: usize = 16 << 20;

/// One cache of a host. Its clones are the same cache.
///
/// Each operation on one key is linearizable within the host, and on Redis among all hosts.
#[derive(Clone, Debug)]
pub struct CacheStore(Backing);

/// What holds the entries.
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

    /// The cache in this host's memory, shared with its store.
    #[cfg(test)]
    pub(super) fn shared_memory(self) -> Option<Arc<Cache>> {
        match self.0 {
            Backing::Memory(cache) => Some(cache),
            Backing::Redis(_) => None,
        }
    }

    /// The cache itself where its entries are in this host's memory, so that no operation waits: the
    /// synchronous way, which pays for no future.
    #[must_use]
    #[inline]
    pub fn memory(&self) -> Option<&Cache> {
        match &self.0 {
            Backing::Memory(cache) => Some(cache),
            Backing::Redis(_) => None,
        }
    }

    /// The value of a live entry; none where the key is missing or its entry has expired.
    ///
    /// # Errors
    ///
    /// When the key is invalid, or the backend is unavailable.
    pub async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.get(key)?),
            Backing::Redis(cache) => cache.get(key).await,
        }
    }

    /// Creates the entry or replaces it, value and expiry together. The expiry is in seconds; none:
    /// the entry has none.
    ///
    /// # Errors
    ///
    /// When the key, the value or the expiry is invalid, the value is too large, or the backend is
    /// unavailable: then the write may have happened.
    pub async fn set(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.set(key, value, expiry)?),
            Backing::Redis(cache) => cache.set(key, value, expiry).await,
        }
    }

    /// Removes the entry. True when there was a live one.
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

    /// True where there is a live entry. Not a use of it for eviction.
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

    /// Creates the entry where there is no live one. True when it did.
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

    /// Adds to the integer under the key, and returns the sum; the expiry applies to a new entry only.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
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

    /// Replaces the entry if its value is `expected`; none stands for "no live entry" on either side.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
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

    /// Removes the entry and returns its value: of several callers one gets it.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
    pub async fn take(&self, key: &str) -> Result<Option<Value>, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.take(key)?),
            Backing::Redis(cache) => cache.take(key).await,
        }
    }

    /// How long the entry still lives. Not a use of it for eviction.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
    pub async fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.ttl(key)?),
            Backing::Redis(cache) => cache.ttl(key).await,
        }
    }

    /// Gives a live entry another expiry, or none. True when there is a live entry.
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

    /// A page of the keys that begin with `prefix`, in no order. `cursor` is that of the page before.
    /// A page bounds the work that it costs: it may have no key and not be the last.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
    pub async fn keys(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.keys(prefix, cursor)?),
            Backing::Redis(cache) => cache.keys(prefix, cursor).await,
        }
    }

    /// Removes a page of the entries whose keys begin with `prefix`.
    ///
    /// # Errors
    ///
    /// When an argument is invalid, or the backend is unavailable.
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

    /// The values of the keys, in their order. They are read together, not in one step.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); and when the values together are larger than is read at once.
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

    /// Sets the entries, in their order, all with one expiry; not in one step. Nothing is set where
    /// an argument is invalid.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
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

    /// Removes the entries, and returns how many live ones there were; not in one step.
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    pub async fn delete_many(&self, keys: &[&str]) -> Result<u32, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.delete_many(keys)?),
            Backing::Redis(cache) => cache.delete_many(keys).await,
        }
    }

    /// A page of the live entries whose keys begin with `prefix`: at most `most` of them, and on
    /// Redis about as many.
    ///
    /// `cursor` is the `next` of the page before; none: the first page. An entry that lives
    /// throughout a walk is on some page.
    ///
    /// # Errors
    ///
    /// When the entries are on Redis, which is unavailable, or the cursor is from elsewhere.
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

    /// Removes all entries and returns how many there were.
    ///
    /// # Errors
    ///
    /// When the entries are on Redis, which is unavailable. Some may be gone then.
    pub async fn clear(&self) -> Result<u64, CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok(cache.clear()),
            Backing::Redis(cache) => cache.clear().await,
        }
    }

    /// Entries now, and bytes of their keys and values; on Redis by a walk through all of them.
    ///
    /// # Errors
    ///
    /// When the entries are on Redis, which is unavailable.
    pub async fn count(&self) -> Result<(u64, u64), CacheError> {
        match &self.0 {
            Backing::Memory(cache) => Ok((cache.stats().entries, cache.stats().bytes)),
            Backing::Redis(cache) => cache.count().await,
        }
    }

    /// Makes sure that what holds the entries responds.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn check(&self) -> Result<(), CacheError> {
        match &self.0 {
            Backing::Memory(_) => Ok(()),
            Backing::Redis(cache) => cache.check().await,
        }
    }

    /// What was counted, and what is held where that is known.
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
    async fn pages_hold_each_entry_once_and_the_last_says_so() {
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
