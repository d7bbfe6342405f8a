//! The table `[plugins.NAME]`.

use super::limits::RawLimits;
use super::sources::{RawHttp, RawSecret, RawValue};
use super::written::{At, Tables};
use crate::config::error::{Diagnostics, instead};
use crate::grants::{Access, CacheBinding, CacheGrant};
use hostel_cache::Name;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// A plugin.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawPlugin {
    /// A component (.wasm), a folder with a service's source, or a source file. Default:
    /// "NAME.wasm", or a source of that name, in `folder`, or in this file's folder if `folder` is
    /// not set.
    pub(in crate::config) path: Option<At<String>>,
    /// The cache in [caches] that the plugin uses. Default: a private cache.
    cache: Option<At<String>>,
    /// The plugin's access to this cache; "read-only" permits get, exists, get-many, ttl and keys.
    /// Default: "read-write".
    access: Option<RawAccess>,
    /// The other servers that the plugin may reach. Default: none.
    pub(in crate::config) http: Option<RawHttp>,
    /// The plugin's settings, by name. Default: none.
    pub(in crate::config) config: Option<Tables<RawValue>>,
    /// The plugin's secrets, by name. Default: none.
    pub(in crate::config) secrets: Option<Tables<RawSecret>>,
    /// The limits of the plugin's calls that differ from [limits].
    pub(in crate::config) limits: Option<RawLimits>,
    /// "fresh" for a new instance for each call, or "reuse". Default: "fresh".
    pub(in crate::config) instances: Option<RawInstances>,
    /// Maximum calls of one instance, with `instances = "reuse"`. Default: 1000.
    pub(in crate::config) calls_per_instance: Option<At<NonZeroU32>>,
    /// Maximum time that an idle instance is kept, with `instances = "reuse"`. Default: "60s".
    pub(in crate::config) idle_time: Option<At<String>>,
    /// The permitted callers: "open" for all, or a group of [callers]. Default: `callers` of
    /// [server].
    pub(in crate::config) callers: Option<At<String>>,
    /// Maximum concurrent calls. Default: `calls-per-plugin` of [admission].
    pub(in crate::config) calls: Option<At<NonZeroU32>>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawAccess {
    #[default]
    ReadWrite,
    ReadOnly,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawInstances {
    #[default]
    Fresh,
    Reuse,
}

impl RawPlugin {
    /// Returns the plugin's grant of a cache. `caches` are the names of the configured caches.
    /// Reports a fault if the plugin's cache is not among them.
    pub(in crate::config) fn cache_grant(
        &self,
        caches: &[String],
        diagnostics: &mut Diagnostics<'_>,
    ) -> CacheGrant {
        let access = match self.access.unwrap_or_default() {
            RawAccess::ReadWrite => Access::ReadWrite,
            RawAccess::ReadOnly => Access::ReadOnly,
        };
        let binding = binding(self.cache.as_ref(), caches, diagnostics);
        CacheGrant { binding, access }
    }
}

fn binding(
    cache: Option<&At<String>>,
    caches: &[String],
    diagnostics: &mut Diagnostics<'_>,
) -> CacheBinding {
    let Some(cache) = cache else { return CacheBinding::Private };
    match Name::new(cache.get()) {
        Ok(name) if caches.contains(cache.get()) => CacheBinding::Configured(name),
        _ => {
            let instead = instead(cache.get(), caches.iter().map(String::as_str));
            diagnostics.fault(
                cache.at(),
                format_args!("no cache `{}` is configured in [caches]; {instead}", cache.get()),
            );
            CacheBinding::Private
        }
    }
}
