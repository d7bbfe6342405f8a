//! The state of a plugin that comes from a file.

use crate::engine::Instances;
use crate::grants::Grants;
use crate::plugin::Digest;
use crate::service::ServiceInfo;
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
