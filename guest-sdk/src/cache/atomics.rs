//! Reading and changing one entry in one step.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, invalid_value, json, read_optional, shortened};
use crate::error::CacheError;
use crate::expiry::whole_seconds;
use crate::failure::{Failure, Result};
use crate::limits::MAX_INTEGER;
use crate::outcome::{Lifetime, Swap};

/// How often [`Cache::update`] tries to swap a value in. Each lost try is another caller's success,
/// so only a key with very many writers reaches it.
const UPDATE_TRIES: usize = 100;

/// One step each: no other operation on the key comes between the reading and the writing, from
/// any instance, plugin or host that shares the cache. After
/// [`Unavailable`](crate::CacheErrorKind::Unavailable) the change may have been made, so a repeated
/// call may make it twice; the SDK repeats none.
impl Cache {
    /// Stores `value` under `key` where there is no live entry; true when it did. A live entry stays
    /// untouched, also one whose value is `null`.
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

    /// As [`set_if_absent`](Cache::set_if_absent), with an expiry for the entry that it creates.
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
    /// entry that is there keeps its expiry; a new one has none.
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
    /// `InvalidValue` when `delta`, the sum, or the value under the key is not an integer from
    /// -(2^53 - 1) to 2^53 - 1; of `delta` without a call to the host. A value such as `1.0` or
    /// `"1"` is not one. `InvalidKey`, `TooLarge`, `Denied`, `Unavailable` from the host.
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, CacheError> {
        self.store.increment(key, checked(delta)?, None)
    }

    /// As [`increment`](Cache::increment), with an expiry for the entry that it creates. An entry
    /// that is there keeps its own, so the count ends this long after it began.
    ///
    /// # Errors
    ///
    /// Those of [`increment`](Cache::increment), and `InvalidExpiry` without a call to the host, also
    /// where the expiry would not apply.
    pub fn increment_with_expiry(
        &self,
        key: &str,
        delta: i64,
        expiry: Duration,
    ) -> Result<i64, CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.increment(key, checked(delta)?, Some(seconds))
    }

    /// Replaces the entry if its JSON text is `expected`, byte for byte. `None` stands for "no live
    /// entry" on either side: as `expected` it creates the entry, as `wanted` it removes it.
    ///
    /// [`get_raw`](Cache::get_raw) returns such a text. [`update`](Cache::update) is the common use.
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
    /// `InvalidValue` and `TooLarge` of either text; `InvalidExpiry` without a call to the host;
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn compare_and_swap_raw(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        // The lifetime of an entry that is removed does not count.
        let lifetime = if wanted.is_none() { Lifetime::Keep } else { lifetime };
        self.store.compare_and_swap(key, expected, wanted, lifetime)
    }

    /// Replaces the value under `key` by the one that `change` makes of it, and returns the new one.
    /// No other change of the entry is lost: where one came between, `change` is called again with
    /// the value that is there then. It must do nothing else than compute.
    ///
    /// `change` gets `None` where [`get`](Cache::get) returns it. An entry that is there keeps its
    /// expiry; a new one has none, and [`expire`](Cache::expire) gives it one.
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
    /// That of `change`, and the entry is untouched. Those of [`get`](Cache::get) and
    /// [`set`](Cache::set). `Unavailable` when other callers changed the entry each time, which is
    /// tried 100 times.
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
            "the value under {key} is not updated: it was changed meanwhile {UPDATE_TRIES} times"
        )))
    }

    /// Removes the entry and returns its value: of several callers one gets it. `None` when the key
    /// is missing or expired, and when the value was a `null`.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Cache::get). A value that does not fit `T` is removed as well;
    /// [`take_raw`](Cache::take_raw) returns any value.
    pub fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, CacheError> {
        match self.take_raw(key)? {
            Some(text) => read_optional(key, &text),
            None => Ok(None),
        }
    }

    /// As [`take`](Cache::take), with the JSON text as it was stored. A `null` is `Some("null")`.
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
