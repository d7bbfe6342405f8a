//! Lists the keys of a cache page by page, and removes the entries whose keys begin with a prefix.

use super::super::error::CacheError;
use super::RedisCache;
use super::meters::timed;
use super::names::Names;
use super::walk::{Cursor, PAGE_STEPS, STEP_NAMES};
use hostel_cache::{Key, KeyPage, MAX_KEY_BYTES, RemovedPage};
use std::collections::BTreeSet;
use tokio::time::Instant;

/// The function that returns the key in a name on the server: [`Names::key`] for the names of
/// entries, or [`Names::key_or_leased`] for those of entries and leases.
type KeyOfName = for<'a> fn(&Names, &'a [u8]) -> Option<&'a str>;

impl RedisCache {
    pub(in crate::backend) async fn keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<KeyPage, CacheError> {
        let (pattern, key) = (self.names.pattern(prefix), Names::key as KeyOfName);
        let page = self.page(prefix, &pattern, key, cursor, self.servers.deadline());
        timed(&self.meters.keys, page).await
    }

    pub(in crate::backend) async fn delete_prefix(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<RemovedPage, CacheError> {
        timed(&self.meters.delete_prefix, self.remove_page(prefix, cursor)).await
    }

    /// Returns a page of keys. Runs whole steps, so a page may have more than [`STEP_NAMES`] keys.
    async fn page(
        &self,
        prefix: &str,
        pattern: &[u8],
        key: KeyOfName,
        cursor: Option<&str>,
        deadline: Instant,
    ) -> Result<KeyPage, CacheError> {
        let mut place = Some(Cursor::read(cursor)?);
        if prefix.len() > MAX_KEY_BYTES {
            return Ok(KeyPage::default());
        }
        // `SCAN` may return a key twice.
        let mut keys = BTreeSet::new();
        for _ in 0..PAGE_STEPS {
            let Some(at) = place.take() else { break };
            let (_, names, next) = self.step(&at, pattern, STEP_NAMES, deadline).await?;
            let valid = names.iter().filter_map(|name| Key::new(key(&self.names, name)?).ok());
            keys.extend(valid.map(|key| key.as_str().to_owned()));
            place = next;
            if keys.len() >= STEP_NAMES {
                break;
            }
        }
        let keys = keys.into_iter().collect();
        Ok(KeyPage { keys, cursor: place.map(|place| place.show()) })
    }

    async fn remove_page(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<RemovedPage, CacheError> {
        let deadline = self.servers.deadline();
        // In Hostel's format, also end the leases of keys without an entry: otherwise a call that
        // began before the removal could store its value after the removal.
        let pattern = self.names.pattern_with_leases(prefix);
        let page = self.page(prefix, &pattern, Names::key_or_leased, cursor, deadline);
        let KeyPage { keys, cursor } = page.await?;
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let removed = self.remove_many(&keys, deadline).await?;
        Ok(RemovedPage { removed, cursor })
    }
}
