//! Values that are computed once, however many calls need them at the same time.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, json, read, shortened};
use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::whole_seconds;
use crate::failure::Result;
use crate::outcome::Found;

/// How [`Cache::get_or_set_with`] stores a value, and how it waits for one.
///
/// ```
/// use std::time::Duration;
///
/// use hostel_sdk::GetOrSet;
///
/// /// For a minute. A call in its last five seconds computes the next value.
/// const RATES: GetOrSet = GetOrSet::expiry(Duration::from_secs(60)).early(Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetOrSet {
    expiry: Option<Duration>,
    early: Option<Duration>,
    wait: Duration,
}

impl GetOrSet {
    /// The value is stored with this expiry: whole seconds, 1 to 315,360,000.
    pub const fn expiry(expiry: Duration) -> GetOrSet {
        GetOrSet { expiry: Some(expiry), ..GetOrSet::unlimited() }
    }

    /// The value is stored without an expiry.
    pub const fn unlimited() -> GetOrSet {
        GetOrSet { expiry: None, early: None, wait: Duration::from_secs(5) }
    }

    /// The value is computed anew before it expires, by one call in the last `early` of its life.
    /// The other calls get the old value meanwhile, so none has to wait. Whole seconds:
    /// choose far fewer than the expiry, or most calls compute.
    #[must_use]
    pub const fn early(self, early: Duration) -> GetOrSet {
        GetOrSet { early: Some(early), ..self }
    }

    /// The longest time that a call waits for another one that computes the value. 5 seconds unless
    /// set, and at most three quarters of the time that the call has left. Zero never waits.
    #[must_use]
    pub const fn wait(self, wait: Duration) -> GetOrSet {
        GetOrSet { wait, ..self }
    }

    fn wait_millis(&self) -> u32 {
        u32::try_from(self.wait.as_millis()).unwrap_or(u32::MAX)
    }
}

impl Cache {
    /// The value under `key`. If the key has no value, `compute` makes one, which is stored with the
    /// expiry.
    ///
    /// Of all calls that miss the key at the same time, on all hosts that share the cache, one
    /// computes; the others wait up to 5 seconds for its value. Then they compute as well, without
    /// storing the result. So `compute` may still run more than once: this is no lock.
    ///
    /// A stored `null` is a value here. A value that was set, or a key that was deleted, while
    /// `compute` ran is newer than its result: the result is then returned and not stored.
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
    /// That of `compute`. Those of [`get`](Cache::get) and
    /// [`set_with_expiry`](Cache::set_with_expiry); only where the computed value cannot be stored
    /// because the cache is unavailable, it is returned all the same, and a warning is logged.
    pub fn get_or_set<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        expiry: Duration,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.get_or_set_with(key, GetOrSet::expiry(expiry), compute)
    }

    /// As [`get_or_set`](Cache::get_or_set), with [`GetOrSet`] for what is less common.
    ///
    /// With [`early`](GetOrSet::early), a value that cannot be computed anew is no error while the
    /// old one lives: a warning is logged, and the old value returned.
    ///
    /// # Errors
    ///
    /// Those of [`get_or_set`](Cache::get_or_set), and `InvalidExpiry` of `early`.
    pub fn get_or_set_with<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        options: GetOrSet,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let expiry = options.expiry.map(whole_seconds).transpose()?;
        let early = options.early.map(whole_seconds).transpose()?;
        // A hit then costs what `get` costs.
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
                crate::warn!("the value under {} is not computed anew: {failure}", shortened(key));
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
            // An error of it is left out: the lease ends with the call in any case.
            let _ = self.store.release(key);
        }
        value
    }
}

/// Drops the error of a cache that is unavailable, with a warning: the service has its value.
fn unless_unavailable(key: &str, filled: Result<bool, CacheError>) -> Result<(), CacheError> {
    match filled {
        Err(error) if error.kind == CacheErrorKind::Unavailable => {
            crate::warn!("the value under {} may not be stored: {error}", shortened(key));
            Ok(())
        }
        filled => filled.map(drop),
    }
}

#[cfg(test)]
mod tests;
