//! `hostel.toml`: its format and its meaning.
//!
//! [`Config::read`] validates a file and fills in the defaults, so other modules need not validate
//! the [`Config`] again.

mod admin;
mod backend;
mod caches;
mod callers;
mod cors;
mod direct;
mod error;
mod files;
mod groups;
mod listeners;
mod method;
mod plugins;
mod private_file;
mod proxies;
mod raw;
mod read;
mod routes;
mod secret;
mod server;
mod shape;
mod sources;
mod telemetry;
mod values;

pub use admin::Admin;
pub use caches::CacheConfig;
pub(crate) use callers::is_caller;
pub use callers::{CallerGroup, Credential, Scheme};
pub use cors::{Cors, CorsOrigins, RouteCors};
pub use direct::DirectCallers;
pub use error::{Absent, ConfigError, Fault, Place};
pub(crate) use error::{first_lines, instead};
pub use files::FileRoute;
pub use groups::Callers;
pub use listeners::{AdminListener, Listeners, TokenSource};
pub use method::Method;
pub use plugins::PluginConfig;
pub use proxies::{ClientHeader, ProxyNetwork, ProxyNetworkError};
pub use read::{Config, Configured};
pub use routes::{PathPattern, PatternError, Route, Segment};
pub(crate) use secret::{MAX_SECRET_BYTES, PasswordMemory, token_digest};
pub use secret::{SecretError, SecretHash};
pub use server::{Server, Tls, Wall};
pub use shape::schema;
pub use telemetry::{LogFormat, Traces};
pub(crate) use values::{no_variable, parse_address};

#[cfg(test)]
mod tests;
