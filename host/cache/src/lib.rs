//! An in-memory, thread-safe map of JSON texts with expiry and a bound in bytes: the cache that a
//! Hostel host provides to its guests.
//!
//! Keys are short texts, values are JSON texts kept byte for byte, and an entry may have an expiry
//! in whole seconds. The crate does not depend on the host.
//!
//! ```
//! use hostel_cache::{Cache, CacheLimits, Clock};
//! use std::time::Duration;
//!
//! let (clock, time) = Clock::mock();
//! let cache = Cache::new(CacheLimits::default(), clock);
//!
//! cache.set("user:1", r#"{"name":"Ada"}"#, Some(60))?;
//! assert_eq!(cache.get("user:1")?.as_deref(), Some(r#"{"name":"Ada"}"#));
//!
//! time.advance(Duration::from_secs(60));
//! assert_eq!(cache.get("user:1")?, None);
//!
//! let error = cache.set("user:1", "{'name':'Ada'}", None).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "invalid value at byte 1: expected a member's name in double quotes, \
//!      found \"'name':'Ada'}\"",
//! );
//! # Ok::<(), hostel_cache::Error>(())
//! ```
//!
//! [`Key`], [`Json`], [`Integer`] and [`Expiry`] validate arguments. They are public so that other
//! backends apply the same rules.

mod budget;
mod cache;
mod name;

mod expiry;
mod integer;
mod key;
mod value;

mod clock;
mod error;
mod limits;
mod listing;
mod outcome;
mod stats;

mod directory;
mod entry;
mod eviction;
mod lease;
mod segment;
mod shard;
mod sweep;
mod sync;
mod table;
mod walk;

pub use budget::{BudgetCharge, BudgetPart, MemoryBudget};
pub use cache::Cache;
pub use clock::{Clock, MockClock};
pub use entry::Value;
pub use error::{Error, ErrorKind};
pub use expiry::Expiry;
pub use integer::Integer;
pub use key::Key;
pub use lease::{Found, Holder, LeaseEnd};
pub use limits::{
    CacheLimits, DEFAULT_CAPACITY, DEFAULT_VALUE_LIMIT, LimitsError, MAX_DEPTH, MAX_EXPIRY_SECONDS,
    MAX_INTEGER, MAX_KEY_BYTES, MAX_KEYS, MIN_CAPACITY, MIN_CAPACITY_IN_VALUES,
};
pub use listing::EntryInfo;
pub use name::{CacheName, Name, NameError};
pub use outcome::{KeyPage, Lifetime, RemovedPage, Swap, TimeLeft};
pub use stats::Stats;
pub use value::Json;
