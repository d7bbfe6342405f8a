//! The state of a plugin that comes from a file, and of all of them.

use crate::engine::Instances;
use crate::grants::Grants;
use crate::name::PluginName;
use crate::plugin::Digest;
use crate::service::ServiceInfo;
use hostel_cache::Name;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How far a plugin has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Its file was found, and was neither loaded nor refused yet.
    Loading,
    /// It serves what was loaded last.
    Serving,
    /// It does not serve.
    Failed,
    /// It serves the version before the one that was loaded last, whose first calls failed.
    RolledBack,
}

impl Stage {
    /// The stage's name: `loading`, `serving`, `failed` or `rolled-back`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Loading => "loading",
            Stage::Serving => "serving",
            Stage::Failed => "failed",
            Stage::RolledBack => "rolled-back",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The state of a plugin that comes from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginState {
    /// The plugin's name; the file's, without its ending, where that is no plugin's name.
    pub name: String,
    /// Its component or source.
    pub path: PathBuf,
    /// The version that serves, if one does.
    pub version: Option<Digest>,
    /// How far it has come.
    pub stage: Stage,
    /// Since when that is so; while it serves, since this version does.
    pub since: SystemTime,
    /// What is wrong with what is at its path, though an old version may serve; or why its last
    /// version was thrown out. One line.
    pub reason: Option<String>,
    /// What loading took, building and compiling included, of the version that was loaded last.
    pub took: Option<Duration>,
    /// The services of the version that serves.
    pub services: Vec<ServiceInfo>,
    /// What it is granted.
    pub grants: Grants,
    /// What happens to its instances.
    pub instances: Instances,
}

/// What a deployment is not ready without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A plugin: it has to serve.
    Plugin(PluginName),
    /// A configured cache: what holds its entries has to respond.
    Cache(Name),
}

/// Whether a deployment is ready, and what of it does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// True when everything that was there at first has been loaded or refused, and what is required
    /// serves, and the server is not stopping.
    pub is_ready: bool,
    /// True from [`Deployment::stop`](crate::Deployment::stop) on.
    pub is_stopping: bool,
    /// The required plugins that do not serve.
    pub missing: Vec<String>,
    /// The required caches that do not respond.
    pub missing_caches: Vec<String>,
    /// All caches that do not respond.
    pub unavailable: Vec<String>,
    /// The plugins that do not serve, since they were refused.
    pub refused: Vec<String>,
}
