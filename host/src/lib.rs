//! A host for guests: services that nobody has to trust, each a WebAssembly component, with a
//! shared JSON cache with expiry.
//!
//! A [`Host`] holds plugins and their caches. Each call runs in a fresh instance that sees its
//! plugin's cache and its log, and nothing else; limits end what would run away.
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
//! for (name, stats) in host.caches().list() {
//!     println!("{name}: {} hits, {} misses", stats.hits, stats.misses);
//! }
//! # Ok(())
//! # }
//! ```

mod bindings;
mod bounded;
pub mod config;
mod engine;
mod hostcalls;
pub mod http;
mod plugin;
pub mod source;
mod telemetry;
pub mod toolchain;
mod units;

#[doc(hidden)]
pub mod cli;

pub use engine::{
    Anatomy, CallError, ComponentError, Extent, Import, Instances, Kind, Limit, LimitError,
    LimitReached, Limits, Offer, Producer, WorldMismatch,
};
pub use hostcalls::handler::{Failure, FailureKind, HttpRequest, Request, Response, ServiceInfo};
pub use hostel_cache::{
    Cache, CacheLimits, CacheName, Caches, Clock, MockClock, Name, NameError, OpenError, Stats,
};
pub use plugin::{
    Access, Activity, Admission, Build, CacheBinding, Deployment, Digest, Host, HostError,
    LoadError, NamedPlugin, PluginFolder, PluginInfo, PluginName, PluginSettings, PluginState,
    RolledBack, Settings, Stage,
};
pub use telemetry::{
    AccessLine, AccessSink, Level, LogLine, LogSink, TraceError, TraceSettings, Traces,
};
pub use units::UnitError;
