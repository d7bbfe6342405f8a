//! The configuration of a cache on Redis.

use super::address::RedisAddress;
use super::names::{DEFAULT_PREFIX, KeyFormat, Names};
use hostel_cache::CacheName;
use std::time::Duration;

/// The address of a cache on Redis, and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisBackend {
    /// The servers, and the login.
    pub address: RedisAddress,
    /// Time limit of one operation, including the wait while too many other operations are running.
    /// It applies to each step of the operators' operations `list`, `clear` and `count`. The
    /// default is 250 ms.
    pub timeout: Duration,
    /// The prefix of the names of entries and leases. Entries' names in Zato's format do not have
    /// this prefix. The prefix must not contain braces. The default is `hostel`.
    pub prefix: String,
    /// The format of entries' names.
    pub key_format: KeyFormat,
}

impl RedisBackend {
    /// The default time limit of one operation.
    pub const TIMEOUT: Duration = Duration::from_millis(250);

    /// Creates the settings for an address, with the defaults.
    #[must_use]
    pub fn new(address: RedisAddress) -> Self {
        RedisBackend {
            address,
            timeout: Self::TIMEOUT,
            prefix: DEFAULT_PREFIX.to_owned(),
            key_format: KeyFormat::default(),
        }
    }

    /// Returns the names of the entries and leases of a cache.
    pub(in crate::backend) fn names(&self, cache: &CacheName) -> Names {
        Names::new(&self.prefix, cache, self.key_format)
    }
}
