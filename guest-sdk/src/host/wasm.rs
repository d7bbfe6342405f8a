//! The real host: wraps the imports of `wit/` in the types of this crate.

mod sources;

pub(crate) use sources::{Sender, Settings};

use std::time::Duration;

use crate::bindings::hostel::cache::{atomics, batch, cache as host_cache, entries, lease};
use crate::bindings::hostel::log::log as host_log;
use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::whole_seconds;
use crate::level::Level;
use crate::outcome::{Found, Lifetime, Swap, TimeLeft};

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => host_log::Level::Debug,
        Level::Info => host_log::Level::Info,
        Level::Warn => host_log::Level::Warn,
        Level::Error => host_log::Level::Error,
    };
    host_log::log(level, message);
}

/// The host's cache functions. Values are JSON texts. A component imports only the functions that
/// it calls.
#[derive(Debug)]
pub(crate) struct Store;

impl Store {
    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(host_cache::get(key)?)
    }

    pub(crate) fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(host_cache::set(key, value, expiry)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(host_cache::delete(key)?)
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, CacheError> {
        Ok(host_cache::exists(key)?)
    }

    pub(crate) fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        Ok(atomics::set_if_absent(key, value, expiry)?)
    }

    /// `delta` and the sum are within ±(2^53 - 1), so an `f64` represents them exactly.
    pub(crate) fn increment(
        &self,
        key: &str,
        delta: i64,
        expiry: Option<u32>,
    ) -> Result<i64, CacheError> {
        Ok(atomics::increment(key, delta as f64, expiry)? as i64)
    }

    pub(crate) fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        let lifetime = match lifetime {
            Lifetime::Keep => atomics::Lifetime::Keep,
            Lifetime::Unlimited => atomics::Lifetime::Unlimited,
            Lifetime::After(expiry) => atomics::Lifetime::After(whole_seconds(expiry)?),
        };
        Ok(match atomics::compare_and_swap(key, expected, wanted, lifetime)? {
            atomics::Swap::Swapped => Swap::Swapped,
            atomics::Swap::Changed(text) => Swap::Changed(text),
        })
    }

    pub(crate) fn take(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(atomics::take(key)?)
    }

    pub(crate) fn get_or_lease(
        &self,
        key: &str,
        early: Option<u32>,
        wait_millis: u32,
    ) -> Result<Found, CacheError> {
        Ok(match lease::get_or_lease(key, early, wait_millis)? {
            lease::Found::Value(text) => Found::Value(text),
            lease::Found::Refresh(text) => Found::Refresh(text),
            lease::Found::Compute => Found::Compute,
            lease::Found::Busy => Found::Busy,
        })
    }

    pub(crate) fn fill(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        Ok(lease::fill(key, value, expiry)?)
    }

    pub(crate) fn release(&self, key: &str) -> Result<(), CacheError> {
        Ok(lease::release(key)?)
    }

    pub(crate) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<String>>, CacheError> {
        Ok(batch::get_many(keys)?)
    }

    pub(crate) fn set_many(
        &self,
        entries: &[(String, String)],
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(batch::set_many(entries, expiry)?)
    }

    pub(crate) fn delete_many(&self, keys: &[String]) -> Result<u32, CacheError> {
        Ok(batch::delete_many(keys)?)
    }

    pub(crate) fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        Ok(match entries::ttl(key)? {
            entries::TimeLeft::Missing => TimeLeft::Missing,
            entries::TimeLeft::Unlimited => TimeLeft::Unlimited,
            entries::TimeLeft::Seconds(left) => TimeLeft::Limited(Duration::from_secs(left.into())),
        })
    }

    pub(crate) fn expire(&self, key: &str, expiry: Option<u32>) -> Result<bool, CacheError> {
        Ok(entries::expire(key, expiry)?)
    }

    /// Returns a page of keys and the cursor of the next page.
    pub(crate) fn keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), CacheError> {
        let page = entries::keys(prefix, cursor)?;
        Ok((page.keys, page.cursor))
    }

    /// Removes a page of entries. Returns the number of removed entries and the cursor of the next
    /// page.
    pub(crate) fn delete_prefix(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(u32, Option<String>), CacheError> {
        Ok(entries::delete_prefix(prefix, cursor)?)
    }
}

impl From<host_cache::Error> for CacheError {
    fn from(error: host_cache::Error) -> CacheError {
        let kind = match error.kind {
            host_cache::ErrorKind::InvalidKey => CacheErrorKind::InvalidKey,
            host_cache::ErrorKind::InvalidValue => CacheErrorKind::InvalidValue,
            host_cache::ErrorKind::InvalidExpiry => CacheErrorKind::InvalidExpiry,
            host_cache::ErrorKind::TooLarge => CacheErrorKind::TooLarge,
            host_cache::ErrorKind::Denied => CacheErrorKind::Denied,
            host_cache::ErrorKind::Unavailable => CacheErrorKind::Unavailable,
        };
        CacheError { kind, message: error.message }
    }
}
