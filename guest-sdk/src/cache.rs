//! The plugin's cache: values of any type that serialises, under a key, with an expiry.

use std::any::type_name;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::whole_seconds;
use crate::host::Store;
use crate::numbers;

mod atomics;
mod entries;
mod lease;
mod many;

pub use lease::GetOrSet;

/// The cache that the host bound to this plugin, shared by all its instances.
///
/// - Values are JSON: every language can read the values of every other.
/// - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte. Values are at most 1 MiB of JSON,
///   100 levels deep, unless the host's configuration says otherwise.
/// - A cache may forget: a full one evicts entries that were not used for a while. Keep the source
///   of a value that must not be lost elsewhere.
/// - Each method is one step for its key. A `get` with a `set` after it is not: of two calls that do
///   both at the same time, one change may be lost. [`increment`](Cache::increment),
///   [`update`](Cache::update), [`take`](Cache::take) and
///   [`set_if_absent`](Cache::set_if_absent) lose none.
/// - [`recipes`](crate::recipes) shows a rate limiter, a lock and other common uses.
/// - After an error the old entry is untouched, except after [`CacheErrorKind::Unavailable`]: there
///   the write may have happened.
///
/// ```
/// # use hostel_sdk::{Context, Result};
/// use std::time::Duration;
///
/// fn remember(ctx: &Context, name: &str) -> Result<Option<String>> {
///     let last = ctx.cache.get("name")?;
///     ctx.cache.set_with_expiry("name", name, Duration::from_secs(60))?;
///     Ok(last)
/// }
/// # let fake = hostel_sdk::fake::Fake::new();
/// # assert_eq!(remember(&fake.context(), "Ada"), Ok(None));
/// # assert_eq!(remember(&fake.context(), "Joe"), Ok(Some("Ada".to_owned())));
/// ```
#[derive(Debug)]
pub struct Cache {
    store: Store,
}

impl Cache {
    pub(crate) fn new(store: Store) -> Cache {
        Cache { store }
    }

    /// The value under `key`; `None` when it is missing or expired, and when it is a stored `null`
    /// ([`exists`](Cache::exists) tells them apart). Never extends the expiry.
    ///
    /// An integer is never rounded: 2^53 + 1 does not read as an `f64`, nor 2^24 + 1 as `f32`, and
    /// one that needs more than 64 bits reads as a `serde_json::Value` only where an `f64` is that
    /// very integer. Fields that `T` does not have are ignored. One gap: below
    /// `#[serde(flatten)]`, and in untagged and internally tagged enums, serde hides which type a
    /// number becomes, so there an integer of at most 64 bits can still turn into a rounded float.
    ///
    /// # Errors
    ///
    /// `InvalidValue` when the value does not fit `T`, or `T` would round it; `InvalidKey`,
    /// `Denied`, `Unavailable` from the host.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, CacheError> {
        let Some(text) = self.get_raw(key)? else {
            return Ok(None);
        };
        read_optional(key, &text)
    }

    /// The JSON text under `key`, byte for byte as it was stored: for numbers that no type here
    /// holds, and to pass a value on unread. A stored `null` is `Some("null")`.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn get_raw(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.store.get(key)
    }

    /// Stores `value` under `key` until it is replaced, deleted or evicted. Replaces value and
    /// expiry of the entry that was there: this one has no expiry, whatever that one had.
    ///
    /// # Errors
    ///
    /// `InvalidValue` without a call to the host when the value has no JSON form: it holds a NaN or
    /// an infinity, a map whose keys are no strings, two members of one name (in a map, or beside a
    /// flattened one), or its own `Serialize` fails. `InvalidKey`, `InvalidValue`, `TooLarge`,
    /// `Denied`, `Unavailable` from the host.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), CacheError> {
        self.store.set(key, &json(key, value)?, None)
    }

    /// Stores a JSON text under `key`, byte for byte, in place of the entry that was there and of
    /// its expiry: for numbers that no type here holds, and to pass a value on unread.
    ///
    /// # Errors
    ///
    /// `InvalidValue` when the text is not JSON; `InvalidKey`, `TooLarge`, `Denied`, `Unavailable`
    /// from the host.
    pub fn set_raw(&self, key: &str, text: &str) -> Result<(), CacheError> {
        self.store.set(key, text, None)
    }

    /// As [`set_raw`](Cache::set_raw), with an expiry as
    /// [`set_with_expiry`](Cache::set_with_expiry) takes it.
    ///
    /// # Errors
    ///
    /// Those of [`set_raw`](Cache::set_raw), and `InvalidExpiry` without a call to the host.
    pub fn set_raw_with_expiry(
        &self,
        key: &str,
        text: &str,
        expiry: Duration,
    ) -> Result<(), CacheError> {
        self.store.set(key, text, Some(whole_seconds(expiry)?))
    }

    /// As [`set`](Cache::set), and the entry is gone for every operation from the first instant at
    /// which `expiry` has passed.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Cache::set), and `InvalidExpiry` without a call to the host unless `expiry`
    /// is whole seconds, 1 to 315,360,000 (ten years).
    pub fn set_with_expiry<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        expiry: Duration,
    ) -> Result<(), CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.set(key, &json(key, value)?, Some(seconds))
    }

    /// Removes the entry; true when a live one was there. Deleting a missing key is no error.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn delete(&self, key: &str) -> Result<bool, CacheError> {
        self.store.delete(key)
    }

    /// True for a live entry, also for one whose value is `null`. Does not count as a use for
    /// eviction.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn exists(&self, key: &str) -> Result<bool, CacheError> {
        self.store.exists(key)
    }
}

/// The value of a JSON text that was under `key`.
fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, CacheError> {
    numbers::from_text(text).map_err(|error| does_not_read::<T>(key, &error))
}

/// As [`read`], with `None` for a `null`.
fn read_optional<T: DeserializeOwned>(key: &str, text: &str) -> Result<Option<T>, CacheError> {
    numbers::from_text(text).map_err(|error| does_not_read::<T>(key, &error))
}

fn does_not_read<T>(key: &str, error: &serde_json::Error) -> CacheError {
    let (key, kind) = (shortened(key), type_name::<T>());
    invalid_value(format!("the value under {key} does not read as {kind}: {error}"))
}

fn json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<String, CacheError> {
    numbers::to_text(value).map_err(|error| {
        let key = shortened(key);
        invalid_value(format!("the value for {key} has no JSON form: {error}"))
    })
}

fn invalid_value(message: String) -> CacheError {
    CacheError { kind: CacheErrorKind::InvalidValue, message }
}

/// The key in quotes, cut to what an error message can carry.
fn shortened(key: &str) -> String {
    match key.char_indices().nth(64) {
        Some((end, _)) => format!("{:?}..", key.get(..end).unwrap_or_default()),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests;
