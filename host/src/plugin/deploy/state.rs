//! The state of a plugin that comes from a file, and the readiness of a deployment.

use crate::engine::Instances;
use crate::grants::Grants;
use crate::name::PluginName;
use crate::plugin::Digest;
use crate::service::ServiceInfo;
use hostel_cache::Name;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The stage of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The plugin has not been loaded or refused yet.
    Loading,
    /// The plugin serves the version that was loaded last.
    Serving,
    /// The plugin does not serve, because it could not be loaded or its file is gone.
    Failed,
    /// The plugin serves its previous version, because the first calls of the new version failed.
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
    /// The plugin's name, or the file's name without its extension if the plugin's name is invalid.
    pub name: String,
    /// The path of the component or source, or of the folder that contains one of these.
    pub path: PathBuf,
    /// The serving version, if any.
    pub version: Option<Digest>,
    /// The plugin's stage.
    pub stage: Stage,
    /// When the plugin entered this stage. For a serving plugin, when the version began to serve;
    /// for a failed plugin, when the reason last changed.
    pub since: SystemTime,
    /// Why the file cannot be loaded, or why the last version was rolled back. May be set while an
    /// old version serves.
    pub reason: Option<String>,
    /// How long the last successful load took, including building and compiling; `None` if the
    /// plugin does not serve.
    pub took: Option<Duration>,
    /// The services of the serving version.
    pub services: Vec<ServiceInfo>,
    /// The plugin's grants.
    pub grants: Grants,
    /// What happens to the plugin's instances after a call.
    pub instances: Instances,
}

/// A plugin or a cache that must be available for a deployment to be ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A plugin that must serve.
    Plugin(PluginName),
    /// A configured cache that must be available.
    Cache(Name),
}

/// Whether a deployment is ready, and which plugins and caches are unavailable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// True if every initial plugin has been loaded or refused, everything required is available,
    /// and the server is not stopping.
    pub is_ready: bool,
    /// True after [`Deployment::stop`](crate::Deployment::stop).
    pub is_stopping: bool,
    /// The required plugins that do not serve.
    pub missing: Vec<String>,
    /// The required caches that are unavailable.
    pub missing_caches: Vec<String>,
    /// All unavailable caches.
    pub unavailable: Vec<String>,
    /// The plugins that do not serve, because they were refused or their files are gone.
    pub refused: Vec<String>,
}
