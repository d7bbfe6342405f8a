//! The storage of cache entries: the host's memory, or Redis.
//!
//! [`Caches`] opens and finds caches by name; [`CacheStore`] is a single cache. The operations of a
//! [`CacheStore`] are asynchronous, because the entries may be on a Redis server.
//! [`CacheStore::memory`] gives synchronous access to a cache in memory. This module is independent
//! of WebAssembly, WIT and HTTP.

mod error;
mod lease;
mod page;
mod reclaim;
mod redis;
mod registry;
mod stats;
mod store;

pub use error::CacheError;
pub(crate) use lease::{CallLeases, LeaseFound, LeaseWaits};
pub use page::Page;
pub(crate) use reclaim::start as start_reclaim;
pub use redis::{KeyFormat, RedisAddress, RedisAddressError, RedisBackend};
pub(crate) use registry::RedisState;
pub use registry::{Backend, Caches, OpenError};
pub use stats::{CacheStats, MemoryStats};
pub use store::CacheStore;
