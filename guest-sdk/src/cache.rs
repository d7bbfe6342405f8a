//! The plugin's cache: serialisable values, each with a key and an optional expiry.

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

/// The cache that the host assigns to this plugin. All instances of the plugin share it.
///
/// - Values are stored as JSON, so services in any language can read them.
/// - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte. Values are JSON of at most 100
///   levels and 1 MiB; the host's configuration can change the size limit.
/// - A cache may lose entries: a full cache in memory evicts entries that have not been used
///   recently. A full Redis server evicts by its own `maxmemory-policy`, or refuses each `set`. Do
///   not keep the only copy of important data in a cache.
/// - A `get` followed by a `set` is not atomic: if two calls do this at the same time, one change
///   may be lost. Atomic methods such as [`increment`](Cache::increment),
///   [`update`](Cache::update), [`take`](Cache::take) and [`set_if_absent`](Cache::set_if_absent)
///   never lose a change.
/// - [`recipes`](crate::recipes) shows a rate limiter, a lock and other common uses.
/// - After an error the entry is unchanged, with two exceptions. After
///   [`CacheErrorKind::Unavailable`] the write may have happened, and [`take`](Cache::take) removes
///   a value even if the value does not fit the requested type.
/// - In Redis, another program may store data under a key. A method that reads this data may also
///   return `InvalidValue` or `TooLarge`.
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

    /// Returns the value under `key`. Returns `None` if the entry is missing or expired, or if its
    /// value is `null` ([`exists`](Cache::exists) distinguishes these cases). The call never
    /// extends the expiry.
    ///
    /// Fields that `T` does not have are ignored.
    ///
    /// An integer that `T` would round is an error: for example, 2^53 + 1 as `f64` or 2^24 + 1 as
    /// `f32`. An integer of more than 64 bits can be read as a `serde_json::Value` only if an `f64`
    /// represents it exactly. However, inside `#[serde(flatten)]` and untagged or internally tagged
    /// enums, serde hides the target type of a number, so an integer can still become a rounded
    /// float.
    ///
    /// # Errors
    ///
    /// `InvalidValue` if the value does not fit `T`, or if `T` would round it; `InvalidKey`,
    /// `Denied`, `Unavailable` from the host.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, CacheError> {
        let Some(text) = self.get_raw(key)? else {
            return Ok(None);
        };
        read_optional(key, &text)
    }

    /// Returns the JSON text under `key`, byte for byte as stored. Returns `None` if the entry is
    /// missing or expired. A stored `null` is `Some("null")`. Use this method for numbers that no
    /// Rust type represents, or to pass a value on without parsing it.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn get_raw(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.store.get(key)
    }

    /// Stores `value` under `key`. The entry has no expiry, even if it replaces an entry that had
    /// an expiry.
    ///
    /// # Errors
    ///
    /// `InvalidValue`, without a call to the host, if the value has no JSON form: it contains a NaN
    /// or an infinity, a map key cannot be written as a string, two members have the same name (in
    /// a map, or because a field is flattened), or `Serialize` fails. `InvalidKey`, `InvalidValue`,
    /// `TooLarge`, `Denied`, `Unavailable` from the host.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), CacheError> {
        self.store.set(key, &json(key, value)?, None)
    }

    /// Stores a JSON text under `key`, byte for byte, without an expiry. Use this method for
    /// numbers that no Rust type represents, or to pass a value on without parsing it.
    ///
    /// # Errors
    ///
    /// `InvalidValue` if the text is not JSON, is nested more than 100 levels deep, or contains an
    /// unpaired escaped surrogate or a number outside the range of an `f64`. `InvalidKey`,
    /// `TooLarge`, `Denied`, `Unavailable` from the host.
    pub fn set_raw(&self, key: &str, text: &str) -> Result<(), CacheError> {
        self.store.set(key, text, None)
    }

    /// Like [`set_raw`](Cache::set_raw), with the expiry of
    /// [`set_with_expiry`](Cache::set_with_expiry).
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

    /// Like [`set`](Cache::set), but the entry expires after `expiry`. No operation sees an expired
    /// entry.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Cache::set). `InvalidExpiry`, without a call to the host, if `expiry` is
    /// not a whole number of seconds from 1 to 315,360,000 (ten years).
    pub fn set_with_expiry<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        expiry: Duration,
    ) -> Result<(), CacheError> {
        let seconds = whole_seconds(expiry)?;
        self.store.set(key, &json(key, value)?, Some(seconds))
    }

    /// Removes the entry. Returns true if it existed and had not expired. Deleting a missing key is
    /// not an error.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn delete(&self, key: &str) -> Result<bool, CacheError> {
        self.store.delete(key)
    }

    /// Returns true if the entry exists and has not expired, even if its value is `null`. Unlike
    /// [`get`](Cache::get), `exists` does not count as a use of the entry.
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn exists(&self, key: &str) -> Result<bool, CacheError> {
        self.store.exists(key)
    }
}

/// Parses the JSON text that was stored under `key`.
fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, CacheError> {
    numbers::from_text(text).map_err(|error| does_not_read::<T>(key, &error))
}

/// Like [`read`], but returns `None` for `null`.
fn read_optional<T: DeserializeOwned>(key: &str, text: &str) -> Result<Option<T>, CacheError> {
    numbers::from_text(text).map_err(|error| does_not_read::<T>(key, &error))
}

fn does_not_read<T>(key: &str, error: &serde_json::Error) -> CacheError {
    let (key, kind) = (shortened(key), type_name::<T>());
    invalid_value(format!("the value under {key} cannot be read as {kind}: {error}"))
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

/// Returns the key in quotes, cut to 64 characters, for error messages.
fn shortened(key: &str) -> String {
    match key.char_indices().nth(64) {
        Some((end, _)) => format!("{:?}..", key.get(..end).unwrap_or_default()),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests;
