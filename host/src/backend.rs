//! What holds the entries of caches: today the host's memory.
//!
//! [`Caches`] finds a cache by name, [`CacheStore`] is one of them. Its functions are asynchronous,
//! since a store may be reached over a network; [`CacheStore::memory`] is the synchronous way to one
//! that is not. Nothing here knows WebAssembly, WIT or HTTP.

mod error;
mod reclaim;
mod registry;
mod store;

pub use error::CacheError;
pub(crate) use reclaim::start as start_reclaim;
pub use registry::{Caches, OpenError};
pub use store::{CacheStats, CacheStore, MemoryStats, Page};
