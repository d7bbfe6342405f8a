//! Atomic operations on one entry.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, invalid_value, json, read_optional, shortened};
use crate::error::CacheError;
use crate::expiry::whole_seconds;
use crate::failure::{Failure, Result};
use crate::limits::MAX_INTEGER;
use crate::outcome::{Lifetime, Swap};

/// Maximum number of times that [`Cache::update`] tries to replace a value. It tries again only if
/// the entry changed meanwhile.
const UPDATE_TRIES: usize = 100;

/// Atomic operations: no operation overwrites a change that another instance, plugin or host makes
/// to the entry meanwhile. After [`Unavailable`](crate::CacheErrorKind::Unavailable) the change may
/// have been made, so a retry may make it twice. The SDK never retries after this error.
impl Cache {
    /// Stores `value` under `key` if there is no live entry. Returns true if it stored the value. A
    /// live entry stays unchanged, even if its value is `null`.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// fn claim(ctx: &Context, name: &str) -> Result<bool> {
    ///     Ok(ctx.cache.set_if_absent("owner", name)?)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # assert_eq!(claim(&fake.context(), "Ada"), Ok(true));
    /// # assert_eq!(claim(&fake.context(), "Joe"), Ok(false));
    /// # assert_eq!(fake.context().cache.get("owner"), Ok(Some("Ada".to_owned())));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set`](Cache::set).
    pub fn set_if_absent<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<bool, CacheError> {
        self.store.set_if_absent(key, &json(key, value)?, None)
    }

    /// Like [`set_if_absent`](Cache::set_if_absent), with an expiry for the new entry.
    ///
    /// # Errors
    ///
    /// Those of [`set_with_expiry`](Cache::set_with_expiry).
    pub fn set_if_absent_with_expiry<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        expiry: Duration,
    ) -> Result<bool, CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.set_if_absent(key, &json(key, value)?, Some(seconds))
    }

    /// Adds `delta` to the integer under `key` and returns the sum. A missing entry counts as 0. An
    /// existing entry keeps its expiry; a new one has no expiry.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// fn count_visit(ctx: &Context) -> Result<i64> {
    ///     Ok(ctx.cache.increment("visits", 1)?)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # assert_eq!((count_visit(&fake.context()), count_visit(&fake.context())), (Ok(1), Ok(2)));
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidValue` if `delta`, the sum, or the value under the key is not an integer from
    /// -(2^53 - 1) to 2^53 - 1. An invalid `delta` is refused without a call to the host. Values
    /// such as `1.0` and `"1"` are not integers. `InvalidKey`, `TooLarge`, `Denied`, `Unavailable`
    /// from the host.
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, CacheError> {
        self.store.increment(key, checked(delta)?, None)
    }

    /// Like [`increment`](Cache::increment), with an expiry for a new entry. An existing entry
    /// keeps its expiry, so a counter expires this long after its first increment.
    ///
    /// # Errors
    ///
    /// Those of [`increment`](Cache::increment), and `InvalidExpiry` without a call to the host,
    /// even if the entry exists.
    pub fn increment_with_expiry(
        &self,
        key: &str,
        delta: i64,
        expiry: Duration,
    ) -> Result<i64, CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.increment(key, checked(delta)?, Some(seconds))
    }

    /// Replaces the entry if its JSON text equals `expected`, byte for byte. Otherwise returns
    /// [`Swap::Changed`] with the current text.
    ///
    /// If `expected` is `None`, the call creates the entry, but only if there is no live entry. If
    /// `wanted` is `None`, the call removes the entry.
    ///
    /// [`get_raw`](Cache::get_raw) returns the text to compare with. In most cases
    /// [`update`](Cache::update) is simpler.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Lifetime, Result, Swap};
    /// /// Removes the flag, unless another value was set meanwhile.
    /// fn clear_flag(ctx: &Context) -> Result<bool> {
    ///     let swap = ctx.cache.compare_and_swap_raw("flag", Some("true"), None, Lifetime::Keep)?;
    ///     Ok(swap == Swap::Swapped)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # fake.context().cache.set("flag", &true).unwrap();
    /// # assert_eq!(clear_flag(&fake.context()), Ok(true));
    /// # assert_eq!(clear_flag(&fake.context()), Ok(false));
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidValue` and `TooLarge` for either text; `InvalidExpiry` without a call to the host;
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn compare_and_swap_raw(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        // A removed entry has no lifetime, so an invalid expiry is ignored.
        let lifetime = if wanted.is_none() { Lifetime::Keep } else { lifetime };
        self.store.compare_and_swap(key, expected, wanted, lifetime)
    }

    /// Replaces the value under `key` with the result of `change` and returns the new value. If
    /// another caller changes the entry meanwhile, the SDK calls `change` again with the current
    /// value, so no change is lost. `change` must have no side effects.
    ///
    /// `change` receives `None` when [`get`](Cache::get) would return `None`. An existing entry
    /// keeps its expiry. A new entry has no expiry; [`expire`](Cache::expire) sets one.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// fn add_tag(ctx: &Context, tag: &str) -> Result<Vec<String>> {
    ///     ctx.cache.update("tags", |tags| {
    ///         let mut tags: Vec<String> = tags.unwrap_or_default();
    ///         tags.push(tag.to_owned());
    ///         Ok(tags)
    ///     })
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # assert_eq!(add_tag(&fake.context(), "a").unwrap(), ["a"]);
    /// # assert_eq!(add_tag(&fake.context(), "b").unwrap(), ["a", "b"]);
    /// ```
    ///
    /// # Errors
    ///
    /// The error of `change`; the entry is then unchanged. Those of [`get`](Cache::get) and
    /// [`set`](Cache::set). `Unavailable` if other callers changed the entry during each of 100
    /// tries.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> Result<T>,
    ) -> Result<T> {
        let mut old = self.get_raw(key)?;
        for _ in 0..UPDATE_TRIES {
            let current = match &old {
                Some(text) => read_optional(key, text)?,
                None => None,
            };
            let value = change(current)?;
            let text = json(key, &value)?;
            let swap =
                self.store.compare_and_swap(key, old.as_deref(), Some(&text), Lifetime::Keep)?;
            match swap {
                Swap::Swapped => return Ok(value),
                Swap::Changed(now) => old = now,
            }
        }
        let key = shortened(key);
        Err(Failure::unavailable(format!(
            "the value under {key} is not updated: other callers changed it {UPDATE_TRIES} times"
        )))
    }

    /// Removes the entry and returns its value. Returns `None` if the entry is missing or expired,
    /// or if its value is `null`. If several callers take the same entry, only one gets the value.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Cache::get). A value that does not fit `T` is removed too and is lost;
    /// [`take_raw`](Cache::take_raw) returns any value.
    pub fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, CacheError> {
        match self.take_raw(key)? {
            Some(text) => read_optional(key, &text),
            None => Ok(None),
        }
    }

    /// Like [`take`](Cache::take), but returns the JSON text as stored. Returns `None` only if the
    /// entry is missing or expired: a stored `null` is `Some("null")`.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn take_raw(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.store.take(key)
    }
}

fn checked(delta: i64) -> Result<i64, CacheError> {
    if (-MAX_INTEGER..=MAX_INTEGER).contains(&delta) {
        return Ok(delta);
    }
    Err(invalid_value(format!("a delta of {delta}: it must be from -(2^53 - 1) to 2^53 - 1")))
}

#[cfg(test)]
mod tests;
