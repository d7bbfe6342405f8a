//! What holds the entries of caches: the host's memory, or Redis.
//!
//! [`Caches`] finds a cache by name, [`CacheStore`] is one of them. Its functions are asynchronous,
//! since a store may be reached over a network; [`CacheStore::memory`] is the synchronous way to one
//! that is not. Nothing here knows WebAssembly, WIT or HTTP.

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
