//! One cache, whatever holds its entries.

use super::error::CacheError;
use hostel_cache::{Cache, EntryInfo, Stats, Value};
use std::sync::Arc;

/// One cache of a host. Its clones are the same cache.
///
/// Each operation on one key is linearizable within the host.
#[derive(Clone, Debug)]
pub struct CacheStore(Backing);

/// What holds the entries.
#[derive(Clone, Debug)]
enum Backing {
    Memory(Arc<Cache>),
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys with sizes and expiries; no values.
    pub entries: Vec<EntryInfo>,
    /// Where the next page begins; none: this is the last one.
    pub next: Option<String>,
}

/// What a cache counted since the host opened it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Calls of `get` that found a live entry.
    pub hits: u64,
    /// Calls of `get` that found none, or one that had expired.
    pub misses: u64,
    /// Calls of `exists`.
    pub exists: u64,
    /// Calls of `set` that stored their value.
    pub sets: u64,
    /// Calls of `delete` that removed a live entry.
    pub deletes: u64,
    /// What is known of entries in this host's memory; none: they are elsewhere.
    pub memory: Option<MemoryStats>,
}

/// What a cache in memory holds now, and what it removed by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Entries held, expired ones included until something removes them.
    pub entries: u64,
    /// Bytes held, bookkeeping included.
    pub bytes: u64,
    /// The most bytes that it may hold.
    pub capacity: u64,
    /// Entries removed because their expiry had passed.
    pub expired: u64,
    /// Live entries removed to make room.
    pub evicted: u64,
}

impl CacheStore {
    pub(super) fn in_memory(cache: Arc<Cache>) -> Self {
        CacheStore(Backing::Memory(cache))
    }

    /// The cache in this host's memory, shared with its store.
    #[cfg(test)]
    pub(super) fn shared_memory(self) -> Option<Arc<Cache>> {
        let Backing::Memory(cache) = self.0;
        Some(cache)
    }

    /// The cache itself where its entries are in this host's memory, so that no operation waits: the
    /// synchronous way, which pays for no future.
    #[must_use]
    #[inline]
    pub fn memory(&self) -> Option<&Cache> {
        let Backing::Memory(cache) = &self.0;
        Some(cache)
    }

    /// The value of a live entry; none where the key is missing or its entry has expired.
    ///
    /// # Errors
    ///
    /// When the key is invalid.
    pub async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let Backing::Memory(cache) = &self.0;
        Ok(cache.get(key)?)
    }

    /// Creates the entry or replaces it, value and expiry together. The expiry is in seconds; none:
    /// the entry has none.
    ///
    /// # Errors
    ///
    /// When the key, the value or the expiry is invalid, or the value is too large.
    pub async fn set(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), CacheError> {
        let Backing::Memory(cache) = &self.0;
        Ok(cache.set(key, value, expiry)?)
    }

    /// Removes the entry. True when there was a live one.
    ///
    /// # Errors
    ///
    /// When the key is invalid.
    pub async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        let Backing::Memory(cache) = &self.0;
        Ok(cache.delete(key)?)
    }

    /// True where there is a live entry. Not a use of it for eviction.
    ///
    /// # Errors
    ///
    /// When the key is invalid.
    pub async fn exists(&self, key: &str) -> Result<bool, CacheError> {
        let Backing::Memory(cache) = &self.0;
        Ok(cache.exists(key)?)
    }

    /// A page of the live entries whose keys begin with `prefix`, at most `most` of them.
    ///
    /// `cursor` is the `next` of the page before; none: the first page. An entry that lives
    /// throughout a walk is on some page.
    ///
    /// # Errors
    ///
    /// None while the entries are in memory.
    pub async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        most: usize,
    ) -> Result<Page, CacheError> {
        let Backing::Memory(cache) = &self.0;
        let entries = cache.list(prefix, cursor, most);
        let is_full = !entries.is_empty() && entries.len() == most;
        let next = entries.last().filter(|_| is_full).map(|last| last.key.clone());
        Ok(Page { entries, next })
    }

    /// Removes all entries and returns how many there were.
    ///
    /// # Errors
    ///
    /// None while the entries are in memory.
    pub async fn clear(&self) -> Result<u64, CacheError> {
        let Backing::Memory(cache) = &self.0;
        Ok(cache.clear())
    }

    /// What was counted, and what is held where that is known.
    pub async fn stats(&self) -> CacheStats {
        let Backing::Memory(cache) = &self.0;
        cache.stats().into()
    }
}

impl From<Stats> for CacheStats {
    fn from(stats: Stats) -> Self {
        let Stats { hits, misses, exists, sets, deletes, .. } = stats;
        let Stats { entries, bytes, capacity, expired, evicted, .. } = stats;
        let memory = Some(MemoryStats { entries, bytes, capacity, expired, evicted });
        CacheStats { hits, misses, exists, sets, deletes, memory }
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
