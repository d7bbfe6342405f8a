//! Plugins: loading them, calling their services, and the host that holds them.

mod admission;
mod call;
mod error;
mod host;
mod life;
mod limits;
mod loaded;
mod metrics;
mod probation;
mod services;
mod settings;
mod target;
mod version;

pub use admission::Admission;
pub use error::{HostError, LoadError};
pub use host::Host;
pub use life::{Build, Folder, Life, Named, PluginState, Stage};
pub use probation::RolledBack;
pub use settings::{Activity, PluginInfo, PluginSettings, Settings};
pub use target::Target;
pub use version::Digest;
