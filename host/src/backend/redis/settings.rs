//! What the configuration says about a cache on Redis.

use super::address::RedisAddress;
use super::names::{DEFAULT_PREFIX, KeyFormat, Names};
use hostel_cache::CacheName;
use std::time::Duration;

/// A cache's place on Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisBackend {
    /// Where Redis is, and as whom the host logs in.
    pub address: RedisAddress,
    /// The most time that one operation takes, the wait for its turn included. 250 ms.
    pub timeout: Duration,
    /// What the names of all entries begin with; no braces. `hostel`.
    pub prefix: String,
    /// How entries are named.
    pub key_format: KeyFormat,
}

impl RedisBackend {
    /// The default time of one operation.
    pub const TIMEOUT: Duration = Duration::from_millis(250);

    /// Caches at this address, with the defaults.
    #[must_use]
    pub fn new(address: RedisAddress) -> Self {
        RedisBackend {
            address,
            timeout: Self::TIMEOUT,
            prefix: DEFAULT_PREFIX.to_owned(),
            key_format: KeyFormat::default(),
        }
    }

    /// How the entries of this cache are named.
    pub(in crate::backend) fn names(&self, cache: &CacheName) -> Names {
        Names::new(&self.prefix, cache, self.key_format)
    }
}
