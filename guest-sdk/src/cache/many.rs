//! Operations on several entries in one call to the host.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, json, read_optional};
use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::whole_seconds;
use crate::limits::MAX_KEYS;

/// Operations on several keys. Each key is handled atomically, but the whole call is not atomic.
/// All arguments are checked before any entry changes. A call with more than 1,000 keys fails with
/// `TooLarge`, without a call to the host.
impl Cache {
    /// Returns the values under the keys, in the same order, each as [`get`](Cache::get) returns
    /// it.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// fn stocks(ctx: &Context) -> Result<Vec<Option<u32>>> {
    ///     Ok(ctx.cache.get_many(["stock:tea", "stock:coffee"])?)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # fake.context().cache.set("stock:tea", &7).unwrap();
    /// # assert_eq!(stocks(&fake.context()), Ok(vec![Some(7), None]));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`get`](Cache::get), and `TooLarge` if the values together exceed the host's limit
    /// for one call.
    pub fn get_many<T: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Option<T>>, CacheError> {
        let keys = owned(keys)?;
        let texts = self.store.get_many(&keys)?;
        let value = |(key, text): (&String, Option<String>)| match text {
            Some(text) => read_optional(key, &text),
            None => Ok(None),
        };
        keys.iter().zip(texts).map(value).collect()
    }

    /// Stores the values under their keys, without an expiry. If a key occurs several times, its
    /// last value is stored.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// use std::collections::HashMap;
    ///
    /// fn store_all(ctx: &Context, stocks: &HashMap<String, u32>) -> Result<()> {
    ///     ctx.cache.set_many([("opened", true), ("closed", false)])?;
    ///     Ok(ctx.cache.set_many(stocks)?)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # let stocks = HashMap::from([("tea".to_owned(), 7)]);
    /// # store_all(&fake.context(), &stocks).unwrap();
    /// # assert_eq!(fake.context().cache.get("tea"), Ok(Some(7)));
    /// # assert_eq!(fake.context().cache.get("closed"), Ok(Some(false)));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set`](Cache::set). After `Unavailable` some entries may already be set.
    pub fn set_many(
        &self,
        entries: impl IntoIterator<Item = (impl AsRef<str>, impl Serialize)>,
    ) -> Result<(), CacheError> {
        self.store.set_many(&texts(entries)?, None)
    }

    /// Like [`set_many`](Cache::set_many); every entry gets this expiry.
    ///
    /// # Errors
    ///
    /// Those of [`set_with_expiry`](Cache::set_with_expiry). After `Unavailable` some entries may
    /// already be set.
    pub fn set_many_with_expiry(
        &self,
        entries: impl IntoIterator<Item = (impl AsRef<str>, impl Serialize)>,
        expiry: Duration,
    ) -> Result<(), CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.set_many(&texts(entries)?, Some(seconds))
    }

    /// Removes the entries and returns the number of live entries that were removed.
    ///
    /// # Errors
    ///
    /// Those of [`delete`](Cache::delete). After `Unavailable` some entries may already be removed.
    pub fn delete_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<u32, CacheError> {
        self.store.delete_many(&owned(keys)?)
    }
}

fn owned(keys: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<String>, CacheError> {
    let keys: Vec<String> = keys.into_iter().map(|key| key.as_ref().to_owned()).collect();
    check_count(keys.len())?;
    Ok(keys)
}

fn texts(
    entries: impl IntoIterator<Item = (impl AsRef<str>, impl Serialize)>,
) -> Result<Vec<(String, String)>, CacheError> {
    let mut texts = Vec::new();
    for (key, value) in entries {
        let key = key.as_ref();
        texts.push((key.to_owned(), json(key, &value)?));
    }
    check_count(texts.len())?;
    Ok(texts)
}

fn check_count(keys: usize) -> Result<(), CacheError> {
    if keys <= MAX_KEYS {
        return Ok(());
    }
    let message = format!("{keys} keys in one call: the maximum is {MAX_KEYS}; make several calls");
    Err(CacheError { kind: CacheErrorKind::TooLarge, message })
}

#[cfg(test)]
mod tests;
