//! The service to which a request goes.

use super::loaded::Plugin;
use crate::name::PluginName;
use crate::service::ServiceInfo;
use std::sync::Arc;

/// A resolved service name: one service of one version of a plugin.
///
/// The target keeps that version in memory, so that a request is checked and handled by the same
/// version even if the plugin is replaced meanwhile.
pub struct Target {
    pub(super) plugin: Arc<Plugin>,
    /// The service's index in the version's list.
    pub(super) index: usize,
}

impl Target {
    /// The plugin's name.
    #[must_use]
    pub fn plugin(&self) -> &PluginName {
        &self.plugin.name
    }

    /// The service's name within its plugin.
    #[must_use]
    pub fn service(&self) -> &str {
        self.info().map_or("", |info| &info.name)
    }

    /// The maximum size of a request's body, in bytes.
    #[must_use]
    pub fn request_limit(&self) -> usize {
        self.plugin.version.component.limits().request
    }

    fn info(&self) -> Option<&ServiceInfo> {
        self.plugin.version.services.get(self.index)
    }
}
