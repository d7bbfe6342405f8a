//! Values that one call computes while other calls wait for the result.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, json, read, shortened};
use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::{early_seconds, whole_seconds};
use crate::failure::Result;
use crate::outcome::Found;

/// Options of [`Cache::get_or_set_with`]: how it stores a value and how long it waits for one.
///
/// ```
/// use std::time::Duration;
///
/// use hostel_sdk::GetOrSet;
///
/// // Stored for a minute; a call in the last five seconds recomputes the value.
/// const RATES: GetOrSet = GetOrSet::expiry(Duration::from_secs(60)).early(Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetOrSet {
    expiry: Option<Duration>,
    early: Option<Duration>,
    wait: Duration,
}

impl GetOrSet {
    /// Stores the value with this expiry: a whole number of seconds, from 1 to 315,360,000.
    pub const fn expiry(expiry: Duration) -> GetOrSet {
        GetOrSet { expiry: Some(expiry), ..GetOrSet::unlimited() }
    }

    /// Stores the value without an expiry.
    pub const fn unlimited() -> GetOrSet {
        GetOrSet { expiry: None, early: None, wait: Duration::from_secs(5) }
    }

    /// Refreshes the value before it expires: when less than `early` remains until the expiry, one
    /// call recomputes the value. Until the expiry, other calls get the old value without waiting.
    /// `early` must be a whole number of seconds, at least 1 and less than the expiry, so an expiry
    /// is required. Choose a small part of the expiry; otherwise the value is recomputed too often.
    #[must_use]
    pub const fn early(self, early: Duration) -> GetOrSet {
        GetOrSet { early: Some(early), ..self }
    }

    /// Sets the longest time that a call waits while another call computes the value. The default
    /// is 5 seconds; the maximum is three quarters of the call's remaining time. With zero, the
    /// call never waits.
    #[must_use]
    pub const fn wait(self, wait: Duration) -> GetOrSet {
        GetOrSet { wait, ..self }
    }

    fn wait_millis(&self) -> u32 {
        u32::try_from(self.wait.as_millis()).unwrap_or(u32::MAX)
    }
}

impl Cache {
    /// Returns the value under `key`. If the value is missing, calls `compute` and stores its
    /// result with this expiry.
    ///
    /// If several calls miss the key at the same time, on any host that shares the cache, one of
    /// them computes the value. The others wait up to 5 seconds for the value; after that, each
    /// computes its own value and does not store it. If the first call fails, one of the waiting
    /// calls computes and stores the value instead. So `compute` can run more than once: the method
    /// is not a lock.
    ///
    /// A stored `null` counts as a value. If the entry is set, changed or deleted while `compute`
    /// runs, this method returns the result of `compute` but does not store it.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// use std::time::Duration;
    ///
    /// fn rate(ctx: &Context) -> Result<f64> {
    ///     ctx.cache.get_or_set("rate", Duration::from_secs(60), || {
    ///         // Something slow.
    ///         Ok("1.25".parse()?)
    ///     })
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # assert_eq!(rate(&fake.context()), Ok(1.25));
    /// # assert_eq!(fake.context().cache.get("rate"), Ok(Some(1.25)));
    /// ```
    ///
    /// # Errors
    ///
    /// The error of `compute`. Those of [`get`](Cache::get) and
    /// [`set_with_expiry`](Cache::set_with_expiry). If the cache is unavailable when the computed
    /// value is stored, the method logs a warning and still returns the value.
    pub fn get_or_set<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        expiry: Duration,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.get_or_set_with(key, GetOrSet::expiry(expiry), compute)
    }

    /// Like [`get_or_set`](Cache::get_or_set), with the options of [`GetOrSet`].
    ///
    /// If an [early](GetOrSet::early) refresh fails, the method logs a warning and returns the old
    /// value.
    ///
    /// # Errors
    ///
    /// Those of [`get_or_set`](Cache::get_or_set), and `InvalidExpiry` for `early`.
    pub fn get_or_set_with<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        options: GetOrSet,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let expiry = options.expiry.map(whole_seconds).transpose()?;
        let early = options.early.map(|early| early_seconds(early, expiry)).transpose()?;
        // Without `early`, a hit needs only a plain `get`.
        if early.is_none()
            && let Some(text) = self.get_raw(key)?
        {
            return Ok(read(key, &text)?);
        }
        match self.store.get_or_lease(key, early, options.wait_millis())? {
            Found::Value(text) => Ok(read(key, &text)?),
            Found::Compute => self.compute_and_fill(key, expiry, compute),
            Found::Busy => compute(),
            Found::Refresh(old) => self.compute_and_fill(key, expiry, compute).or_else(|failure| {
                crate::warn!(
                    "the value under {} could not be refreshed: {failure}",
                    shortened(key)
                );
                Ok(read(key, &old)?)
            }),
        }
    }

    fn compute_and_fill<T: Serialize>(
        &self,
        key: &str,
        expiry: Option<u32>,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let value = compute().and_then(|value| {
            unless_unavailable(key, self.store.fill(key, &json(key, &value)?, expiry))?;
            Ok(value)
        });
        if value.is_err() {
            // Ignore an error: the host releases the lease at the end of the call anyway.
            let _ = self.store.release(key);
        }
        value
    }
}

/// Logs an `Unavailable` error as a warning and ignores it: the service already has the value.
fn unless_unavailable(key: &str, filled: Result<bool, CacheError>) -> Result<(), CacheError> {
    match filled {
        Err(error) if error.kind == CacheErrorKind::Unavailable => {
            crate::warn!("the value under {} may not have been stored: {error}", shortened(key));
            Ok(())
        }
        filled => filled.map(drop),
    }
}

#[cfg(test)]
mod tests;
