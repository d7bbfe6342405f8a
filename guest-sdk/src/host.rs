//! The SDK's interface to the host: cache, log, HTTP client and settings.
//!
//! In a plugin, calls go to the real host through the imports of `wit/`. On other targets they go
//! to the fake host in the test's process.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::{FakeCache, FakeSources, Sender, Settings, Store, log, logged, start_log};
#[cfg(target_family = "wasm")]
pub(crate) use wasm::{Sender, Settings, Store, log};
