//! A loaded plugin: one version of a plugin, with its grants.

use super::admission::PluginCalls;
use super::probation::{Probation, RolledBack};
use super::settings::{PluginInfo, PluginSettings};
use super::version::Version;
use crate::hostcalls::Capabilities;
use crate::name::PluginName;
use hostel_cache::CacheName;
use std::sync::Arc;

/// A callable plugin: one version, with its grants. Each replacement and each rollback creates a
/// new value.
pub(super) struct Plugin {
    pub(super) name: PluginName,
    pub(super) version: Arc<Version>,
    pub(super) capabilities: Arc<Capabilities>,
    pub(super) cache_name: CacheName,
    pub(super) settings: PluginSettings,
    /// The running calls of all versions of the plugin, and the memory of their running instances.
    pub(super) calls: Arc<PluginCalls>,
    pub(super) probation: Probation,
    pub(super) rolled_back: Option<RolledBack>,
}

impl Plugin {
    /// Returns the same plugin with another version.
    pub(super) fn with(
        &self,
        version: Arc<Version>,
        probation: Probation,
        rolled_back: Option<RolledBack>,
    ) -> Self {
        Plugin {
            name: self.name.clone(),
            version,
            capabilities: Arc::clone(&self.capabilities),
            cache_name: self.cache_name.clone(),
            settings: self.settings.clone(),
            calls: Arc::clone(&self.calls),
            probation,
            rolled_back,
        }
    }

    pub(super) fn info(&self) -> PluginInfo {
        PluginInfo {
            name: self.name.clone(),
            version: self.version.digest,
            services: self.version.services.clone(),
            cache: self.cache_name.clone(),
            rolled_back: self.rolled_back.clone(),
        }
    }

    /// The full names of the plugin's services.
    pub(super) fn full_names(&self) -> impl Iterator<Item = String> {
        self.version.services.iter().map(|info| format!("{}.{}", self.name, info.name))
    }
}
