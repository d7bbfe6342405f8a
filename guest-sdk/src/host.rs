//! The host as the SDK calls it: a cache, a log, servers elsewhere and settings.
//!
//! In a plugin the host is the real one, behind the imports of `wit/`. Elsewhere it is the fake's,
//! in the test's own process.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::{FakeCache, FakeSources, Sender, Settings, Store, log, logged, start_log};
#[cfg(target_family = "wasm")]
pub(crate) use wasm::{Sender, Settings, Store, log};
