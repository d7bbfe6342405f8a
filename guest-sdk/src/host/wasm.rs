//! The real host: the imports of `wit/`, with the types of this crate.

use crate::bindings::hostel::cache::cache as host_cache;
use crate::bindings::hostel::log::log as host_log;
use crate::error::{CacheError, CacheErrorKind};
use crate::level::Level;

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => host_log::Level::Debug,
        Level::Info => host_log::Level::Info,
        Level::Warn => host_log::Level::Warn,
        Level::Error => host_log::Level::Error,
    };
    host_log::log(level, message);
}

/// The cache of the host: its four functions, with texts as they are.
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
