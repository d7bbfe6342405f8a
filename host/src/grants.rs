//! Grants: the capabilities of a plugin besides its log and WASI.
//!
//! Each host call that needs a grant checks it. The commands and the admin listener print the
//! grants with the functions of this module. Each capability is one field of [`Grants`].

mod address;
mod values;

pub use address::{AllowError, Allowed, Authority};
pub(crate) use address::{has_credentials, without_user};
pub use values::{ConfigGrant, Secret, ValueError, check_value_name};

use crate::name::PluginName;
use hostel_cache::{CacheName, Name};
use std::fmt;

/// The capabilities of a plugin. The default grants only the plugin's own cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The plugin's cache, and the access to it.
    pub cache: CacheGrant,
    /// The remote servers that the plugin may reach; by default none.
    pub http: HttpGrant,
    /// The plugin's settings and secrets; by default none.
    pub config: ConfigGrant,
}

/// The grant of `hostel:http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpGrant {
    /// The servers that the plugin may reach.
    pub allow: Vec<Allowed>,
    /// Maximum requests that the plugin sends at once, at most 512; further requests wait. The
    /// plugin may have up to twice as many open connections, idle ones included.
    pub connections: usize,
}

impl Default for HttpGrant {
    fn default() -> Self {
        HttpGrant { allow: Vec::new(), connections: 64 }
    }
}

/// The grant of `hostel:cache`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheGrant {
    /// The cache that the plugin is bound to; by default its own.
    pub binding: CacheBinding,
    /// The permitted operations; by default read and write.
    pub access: Access,
}

/// Which cache a plugin is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CacheBinding {
    /// The plugin's own cache, `plugin/<name>`, which no other plugin can access.
    #[default]
    Private,
    /// The configured cache of this name, shared by all plugins that are bound to it.
    Configured(Name),
}

/// The access of a plugin to its cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// The plugin may call all functions of the cache.
    #[default]
    ReadWrite,
    /// The plugin may call `get`, `exists`, `get-many`, `ttl` and `keys`. All other functions of
    /// the cache return `denied`.
    ReadOnly,
}

impl Access {
    /// Returns the access's name in the configuration: `read-write` or `read-only`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Access::ReadWrite => "read-write",
            Access::ReadOnly => "read-only",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl CacheBinding {
    /// Returns the cache that a plugin with this name is bound to.
    #[must_use]
    pub fn cache_of(&self, plugin: &PluginName) -> CacheName {
        match self {
            CacheBinding::Private => CacheName::Private(plugin.as_name().clone()),
            CacheBinding::Configured(name) => CacheName::Configured(name.clone()),
        }
    }
}

/// Creates the default grants with this grant of the cache.
impl From<CacheGrant> for Grants {
    fn from(cache: CacheGrant) -> Self {
        Grants { cache, ..Grants::default() }
    }
}

impl Grants {
    /// Returns the grants as rows: the name of each row in JSON output, and the row's value. A
    /// private cache has the value `None` unless the plugin's name is given. Empty lists have no
    /// row. Of settings and secrets, only the names are shown.
    #[must_use]
    pub fn rows(&self, plugin: Option<&PluginName>) -> Vec<(&'static str, Option<String>)> {
        let CacheGrant { binding, access } = &self.cache;
        let cache = match (binding, plugin) {
            (CacheBinding::Private, None) => None,
            (CacheBinding::Configured(name), None) => Some(name.to_string()),
            (binding, Some(plugin)) => Some(binding.cache_of(plugin).to_string()),
        };
        let mut rows = vec![("cache", cache), ("access", Some(access.to_string()))];
        let list = |values: Vec<String>| Some(values.join(", ")).filter(|text| !text.is_empty());
        let http = list(self.http.allow.iter().map(ToString::to_string).collect());
        rows.extend(http.map(|http| ("http", Some(http))));
        let ConfigGrant { settings, secrets } = &self.config;
        rows.extend(list(settings.keys().cloned().collect()).map(|names| ("config", Some(names))));
        rows.extend(list(secrets.keys().cloned().collect()).map(|names| ("secrets", Some(names))));
        rows
    }

    /// Returns the grants as text for people: the rows of [`Grants::rows`], but the cache and the
    /// access to the cache are one row.
    #[must_use]
    pub fn summary(&self, plugin: Option<&PluginName>) -> Vec<(&'static str, String)> {
        let (of_cache, others): (Vec<_>, Vec<_>) = self
            .rows(plugin)
            .into_iter()
            .partition(|(name, _)| matches!(*name, "cache" | "access"));
        let of_cache: Vec<_> = of_cache.into_iter().filter_map(|(_, value)| value).collect();
        let others = others.into_iter().filter_map(|(name, value)| Some((name, value?)));
        std::iter::once(("cache", of_cache.join(", "))).chain(others).collect()
    }
}
