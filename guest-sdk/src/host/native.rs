//! The host's functions in tests: the fake's cache, HTTP servers and settings, and the log of this
//! thread.

mod sources;

pub(crate) use sources::{FakeSources, Sender, Settings};

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hostel_cache::Holder;

use crate::error::{CacheError, CacheErrorKind};
use crate::expiry::whole_seconds;
use crate::level::Level;
use crate::limits::MAX_EXPIRY_SECONDS;
use crate::outcome::{Found, Lifetime, Swap, TimeLeft};

thread_local! {
    static LOGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Empties the log of this thread.
pub(crate) fn start_log() {
    LOGS.take();
}

/// Returns the lines that this thread has logged, each as `level: message`.
pub(crate) fn logged() -> Vec<String> {
    LOGS.with_borrow(Vec::clone)
}

/// Records the line, and prints it so that a failing test shows its log.
pub(crate) fn log(level: Level, message: &str) {
    let line = format!("{level}: {message}");
    eprintln!("{line}");
    LOGS.with_borrow_mut(|lines| lines.push(line));
}

/// The cache of a fake, with two lease holders: the test's own calls, and a simulated other call.
#[derive(Debug)]
pub(crate) struct FakeCache {
    pub(crate) cache: hostel_cache::Cache,
    own: Holder,
    other: Holder,
}

impl FakeCache {
    pub(crate) fn new(cache: hostel_cache::Cache) -> FakeCache {
        FakeCache { cache, own: Holder::new(), other: Holder::new() }
    }

    /// Gives the lease of a key to the simulated other call. Gives no lease if the key has an entry
    /// without an expiry.
    pub(crate) fn hold(&self, key: &str) -> Result<(), hostel_cache::Error> {
        self.cache.release(key, self.own)?;
        // With the longest `early`, the cache also gives the lease of an entry that expires sooner.
        self.cache.get_or_lease(key, Some(MAX_EXPIRY_SECONDS), self.other).map(drop)
    }

    /// Releases the other call's lease of a key.
    pub(crate) fn let_go(&self, key: &str) -> Result<(), hostel_cache::Error> {
        self.cache.release(key, self.other)
    }
}

/// Implements the host's cache functions on the fake's cache. Values are JSON texts.
pub(crate) struct Store(Arc<FakeCache>);

impl Store {
    pub(crate) fn new(cache: Arc<FakeCache>) -> Store {
        Store(cache)
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(text(self.0.cache.get(key)?))
    }

    pub(crate) fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(self.0.cache.set(key, value, expiry)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.0.cache.delete(key)?)
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.0.cache.exists(key)?)
    }

    pub(crate) fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        Ok(self.0.cache.set_if_absent(key, value, expiry)?)
    }

    pub(crate) fn increment(
        &self,
        key: &str,
        delta: i64,
        expiry: Option<u32>,
    ) -> Result<i64, CacheError> {
        Ok(self.0.cache.increment(key, delta, expiry)?)
    }

    pub(crate) fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        let lifetime = match lifetime {
            Lifetime::Keep => hostel_cache::Lifetime::Keep,
            Lifetime::Unlimited => hostel_cache::Lifetime::Unlimited,
            Lifetime::After(expiry) => hostel_cache::Lifetime::After(whole_seconds(expiry)?),
        };
        match self.0.cache.compare_and_swap(key, expected, wanted, lifetime)? {
            hostel_cache::Swap::Swapped => Ok(Swap::Swapped),
            hostel_cache::Swap::Changed(value) => Ok(Swap::Changed(text(value))),
        }
    }

    pub(crate) fn take(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(text(self.0.cache.take(key)?))
    }

    /// Never waits: the simulated other call never stores a value.
    pub(crate) fn get_or_lease(
        &self,
        key: &str,
        early: Option<u32>,
        _wait_millis: u32,
    ) -> Result<Found, CacheError> {
        Ok(match self.0.cache.get_or_lease(key, early, self.0.own)? {
            hostel_cache::Found::Value(value) => Found::Value(value.to_string()),
            hostel_cache::Found::Refresh(value) => Found::Refresh(value.to_string()),
            hostel_cache::Found::Compute => Found::Compute,
            hostel_cache::Found::Held(_) => Found::Busy,
        })
    }

    pub(crate) fn fill(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        Ok(self.0.cache.fill(key, value, expiry, self.0.own)?)
    }

    pub(crate) fn release(&self, key: &str) -> Result<(), CacheError> {
        Ok(self.0.cache.release(key, self.0.own)?)
    }

    pub(crate) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<String>>, CacheError> {
        Ok(self.0.cache.get_many(&borrowed(keys))?.into_iter().map(text).collect())
    }

    pub(crate) fn set_many(
        &self,
        entries: &[(String, String)],
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        let texts: Vec<_> = entries.iter().map(|(key, value)| (&**key, &**value)).collect();
        Ok(self.0.cache.set_many(&texts, expiry)?)
    }

    pub(crate) fn delete_many(&self, keys: &[String]) -> Result<u32, CacheError> {
        Ok(self.0.cache.delete_many(&borrowed(keys))?)
    }

    pub(crate) fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        Ok(match self.0.cache.ttl(key)? {
            hostel_cache::TimeLeft::Missing => TimeLeft::Missing,
            hostel_cache::TimeLeft::Unlimited => TimeLeft::Unlimited,
            hostel_cache::TimeLeft::Seconds(left) => {
                TimeLeft::Limited(Duration::from_secs(left.into()))
            }
        })
    }

    pub(crate) fn expire(&self, key: &str, expiry: Option<u32>) -> Result<bool, CacheError> {
        Ok(self.0.cache.expire(key, expiry)?)
    }

    /// Returns a page of keys and the cursor of the next page.
    pub(crate) fn keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), CacheError> {
        let page = self.0.cache.keys(prefix, cursor)?;
        Ok((page.keys, page.cursor))
    }

    /// Removes a page of entries. Returns the number of removed entries and the cursor of the next
    /// page.
    pub(crate) fn delete_prefix(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(u32, Option<String>), CacheError> {
        let page = self.0.cache.delete_prefix(prefix, cursor)?;
        Ok((page.removed, page.cursor))
    }
}

fn text(value: Option<hostel_cache::Value>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn borrowed(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl From<hostel_cache::Error> for CacheError {
    fn from(error: hostel_cache::Error) -> CacheError {
        let kind = match error.kind() {
            hostel_cache::ErrorKind::InvalidKey => CacheErrorKind::InvalidKey,
            hostel_cache::ErrorKind::InvalidValue => CacheErrorKind::InvalidValue,
            hostel_cache::ErrorKind::InvalidExpiry => CacheErrorKind::InvalidExpiry,
            hostel_cache::ErrorKind::TooLarge => CacheErrorKind::TooLarge,
        };
        CacheError { kind, message: error.to_string() }
    }
}
