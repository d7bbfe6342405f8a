//! Plugins: loading, calls to their services, and the host that runs them.

mod admission;
mod call;
mod deploy;
mod error;
mod host;
mod limits;
mod loaded;
mod metrics;
mod pending;
mod probation;
mod services;
mod settings;
mod target;
mod version;

pub use admission::Admission;
pub use deploy::{
    Build, Built, Deployment, NamedPlugin, PluginFolder, PluginState, Readiness, Requirement, Stage,
};
pub use error::{HostError, LoadError};
pub use host::Host;
pub use probation::RolledBack;
pub use settings::{Activity, PluginInfo, PluginSettings, Settings};
pub use target::Target;
pub use version::Digest;
