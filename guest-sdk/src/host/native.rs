//! The host of tests: the cache that a fake holds, and the log of this thread.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::error::{CacheError, CacheErrorKind};
use crate::level::Level;

thread_local! {
    static LOGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Empties the log of this thread.
pub(crate) fn start_log() {
    LOGS.take();
}

/// The lines logged on this thread: level, colon, message.
pub(crate) fn logged() -> Vec<String> {
    LOGS.with_borrow(Vec::clone)
}

/// Keeps the line, and prints it, so that a failing test shows its log.
pub(crate) fn log(level: Level, message: &str) {
    let line = format!("{level}: {message}");
    eprintln!("{line}");
    LOGS.with_borrow_mut(|lines| lines.push(line));
}

/// The cache of the fake: the four functions of the host's, with texts as they are.
pub(crate) struct Store {
    cache: Arc<hostel_cache::Cache>,
}

impl Store {
    pub(crate) fn new(cache: Arc<hostel_cache::Cache>) -> Store {
        Store { cache }
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(self.cache.get(key)?.map(|value| value.to_string()))
    }

    pub(crate) fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(self.cache.set(key, value, expiry)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.cache.delete(key)?)
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.cache.exists(key)?)
    }
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
