//! A host for guests: WebAssembly components that contain untrusted services. Guests store JSON
//! values with an optional expiry in caches, which several guests can share.
//!
//! A [`Host`] holds plugins and their caches. By default each call runs in a fresh instance that
//! can access its plugin's cache, the log, clocks and random numbers, and nothing else. Limits
//! bound the resources of a call.
//!
//! ```no_run
//! use hostel::{Host, PluginName, PluginSettings, Request, Settings};
//! use std::sync::Arc;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::new(Settings {
//!     log: Arc::new(|line| eprintln!("{} {}", line.source(), line.message)),
//!     ..Settings::default()
//! })?;
//!
//! let component = std::fs::read("users.wasm")?;
//! host.load(PluginName::new("users")?, component, PluginSettings::default()).await?;
//!
//! let request = Request { body: br#"{"id": 123}"#.to_vec(), ..Request::default() };
//! let response = host.call("users.find", request).await?;
//! println!("{} {}", response.status, String::from_utf8_lossy(&response.body));
//!
//! for (name, stats) in host.caches().stats().await {
//!     println!("{name}: {} hits, {} misses", stats.hits, stats.misses);
//! }
//! # Ok(())
//! # }
//! ```

mod backend;
mod bindings;
mod blocking;
mod bounded;
pub mod config;
mod engine;
mod file;
mod grants;
mod hostcalls;
pub mod http;
mod memory;
mod name;
mod outbound;
mod plugin;
mod process;
mod service;
pub mod source;
mod telemetry;
pub mod toolchain;
mod trust;
mod units;
#[cfg(target_os = "linux")]
mod wall;
mod world;

#[doc(hidden)]
pub mod cli;

pub use backend::{
    Backend, CacheError, CacheStats, CacheStore, Caches, KeyFormat, MemoryStats, OpenError, Page,
    RedisAddress, RedisAddressError, RedisBackend,
};
pub use engine::{
    CallError, Compiler, ComponentError, ComponentInfo, Extent, FileKind, ImportInfo, Instances,
    Limit, LimitError, LimitReached, Limits, Producer,
};
pub use grants::{
    Access, AllowError, Allowed, Authority, CacheBinding, CacheGrant, ConfigGrant, Grants,
    HttpGrant, Secret, ValueError, check_value_name,
};
pub use hostel_cache::{
    Cache, CacheLimits, CacheName, Clock, EntryInfo, MockClock, Name, NameError, Value,
};
pub use name::PluginName;
pub use plugin::{
    Activity, Admission, Build, Built, Deployment, Digest, Host, HostError, LoadError, NamedPlugin,
    PluginFolder, PluginInfo, PluginSettings, PluginState, Readiness, Requirement, RolledBack,
    Settings, Stage, Target,
};
#[cfg(target_os = "linux")]
pub use process::Launcher;
pub use service::{Failure, FailureKind, HttpRequest, Request, Response, ServiceInfo, ServiceName};
pub use telemetry::{
    AccessLine, AccessSink, Level, LogLine, LogSink, TraceError, TraceSettings, Tracer,
};
pub use units::UnitError;
pub use world::{Offer, WorldMismatch};
