//! Caches and plugins: what each may hold and use up, and who may call it.

use super::callers::CallerGroup;
use super::error::{Notes, instead};
use super::raw::{self, At, LimitValue, Named, RawAccess, RawInstances, RawLimits};
use super::read::{Here, callers, size};
use super::{CacheConfig, Callers, PluginConfig};
use crate::{
    Access, Admission, CacheBinding, CacheLimits, Instances, Limits, Name, PluginName,
    PluginSettings, source,
};
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Calls of an instance that is kept: often enough that making it costs little, and seldom enough
/// that what a guest leaks is given back.
const CALLS_PER_INSTANCE: NonZeroU32 = match NonZeroU32::new(1_000) {
    Some(calls) => calls,
    None => NonZeroU32::MIN,
};

/// Sets what is written of the limits.
pub(super) fn limits(raw: Option<&RawLimits>, mut limits: Limits, notes: &mut Notes<'_>) -> Limits {
    for (name, value) in raw.into_iter().flat_map(|raw| &raw.0) {
        let text = match value.get() {
            LimitValue::Count(count) => count.to_string(),
            LimitValue::Text(text) => text.clone(),
        };
        if let Err(error) = limits.set(name.get(), &text) {
            notes.fault(value.at(), format_args!("`limits.{}`: {error}", name.get()));
        }
    }
    limits
}

pub(super) fn private_cache(
    raw: Option<&At<raw::PrivateCache>>,
    notes: &mut Notes<'_>,
) -> CacheLimits {
    let Some(raw) = raw else { return CacheLimits::default() };
    let raw::PrivateCache { capacity, value_limit, entries } = raw.get();
    cache_limits((capacity.as_ref(), value_limit.as_ref(), entries.as_ref()), raw.at(), notes)
}

pub(super) fn caches(raw: &Named<raw::Cache>, notes: &mut Notes<'_>) -> Vec<CacheConfig> {
    let mut caches = Vec::new();
    for (name, cache) in raw {
        let raw::Cache { capacity, value_limit, entries, .. } = cache.get();
        let written = (capacity.as_ref(), value_limit.as_ref(), entries.as_ref());
        let limits = cache_limits(written, name.at(), notes);
        match Name::new(name.get()) {
            Ok(name) => caches.push(CacheConfig { name, limits }),
            Err(error) => notes.fault(name.at(), error),
        }
    }
    caches
}

/// What is written of a cache: its capacity, its value limit and its number of entries.
type Written<'a> = (Option<&'a At<String>>, Option<&'a At<String>>, Option<&'a At<NonZeroU32>>);

/// The limits of a cache; a fault of several together stands at the capacity where it is written.
fn cache_limits(
    (capacity, value_limit, entries): Written<'_>,
    at: Range<usize>,
    notes: &mut Notes<'_>,
) -> CacheLimits {
    let default = CacheLimits::default();
    let at = capacity.or(value_limit).map_or(at, At::at);
    let faults = notes.faults.len();
    let capacity = size(capacity, default.capacity(), notes);
    let value_limit = size(value_limit, default.value_limit(), notes);
    if notes.faults.len() > faults {
        return default;
    }
    let with_entries = |limits: CacheLimits| match entries {
        Some(entries) => limits.with_entries(entries.get().get() as usize),
        None => Ok(limits),
    };
    CacheLimits::new(capacity, value_limit).and_then(with_entries).unwrap_or_else(|error| {
        notes.fault(at, error);
        default
    })
}

/// What a plugin is checked against.
pub(super) struct Around<'a> {
    pub(super) here: &'a Here<'a>,
    pub(super) folder: Option<&'a Path>,
    pub(super) limits: &'a Limits,
    pub(super) admission: &'a Admission,
    pub(super) open_to: &'a Callers,
    pub(super) caches: &'a [String],
    pub(super) groups: &'a [CallerGroup],
}

pub(super) fn plugins(
    raw: &Named<raw::Plugin>,
    around: &Around<'_>,
    notes: &mut Notes<'_>,
) -> Vec<PluginConfig> {
    let mut plugins = Vec::new();
    for (name, plugin) in raw {
        match PluginName::new(name.get()) {
            Ok(name) => plugins.push(plugin_config(name, plugin.get(), around, notes)),
            Err(error) => notes.fault(name.at(), error),
        }
    }
    plugins
}

fn plugin_config(
    name: PluginName,
    raw: &raw::Plugin,
    around: &Around<'_>,
    notes: &mut Notes<'_>,
) -> PluginConfig {
    if let Some((stack, _)) =
        raw.limits.iter().flat_map(|raw| &raw.0).find(|(name, _)| name.get() == "stack")
    {
        notes.fault(stack.at(), "`stack` is one for all plugins of a host: set it in [limits]");
    }
    let calls = raw.calls.as_ref().map(|calls| {
        let most = around.admission.calls;
        let asked = calls.get().get() as usize;
        if asked > most {
            notes.fault(
                calls.at(),
                format_args!(
                    "`calls` is {asked}, and the host takes {most} in all: lower it, or raise \
                     `admission.calls`"
                ),
            );
        }
        asked
    });
    let settings = PluginSettings {
        cache: binding(raw.cache.as_ref(), around.caches, notes),
        access: match raw.access.unwrap_or_default() {
            RawAccess::ReadWrite => Access::ReadWrite,
            RawAccess::ReadOnly => Access::ReadOnly,
        },
        limits: raw.limits.as_ref().map(|raw| limits(Some(raw), around.limits.clone(), notes)),
        instances: instances(raw, notes),
        calls,
    };
    let path = match &raw.path {
        Some(path) => around.here.path(path.get()),
        None => path_by_name(&name, around),
    };
    let callers = callers(raw.callers.as_ref(), around.groups, notes);
    let callers = callers.unwrap_or_else(|| around.open_to.clone());
    PluginConfig { name, path, settings, callers }
}

/// The path of the plugin of this name in the folder of plugins; of a component where there is none
/// yet.
fn path_by_name(name: &PluginName, around: &Around<'_>) -> PathBuf {
    let folder = around.folder.map_or_else(|| around.here.path("."), Path::to_owned);
    let usual = || folder.join(format!("{name}.wasm"));
    let found = source::by_name(&folder, name.as_str()).ok().flatten();
    found.map_or_else(usual, |location| location.path().to_owned())
}

fn binding(cache: Option<&At<String>>, caches: &[String], notes: &mut Notes<'_>) -> CacheBinding {
    let Some(cache) = cache else { return CacheBinding::Private };
    match Name::new(cache.get()) {
        Ok(name) if caches.contains(cache.get()) => CacheBinding::Configured(name),
        _ => {
            let instead = instead(cache.get(), caches.iter().map(String::as_str));
            notes.fault(
                cache.at(),
                format_args!("no cache `{}` is configured in [caches]; {instead}", cache.get()),
            );
            CacheBinding::Private
        }
    }
}

fn instances(raw: &raw::Plugin, notes: &mut Notes<'_>) -> Instances {
    match (raw.instances.unwrap_or_default(), &raw.calls_per_instance) {
        (RawInstances::Fresh, None) => Instances::Fresh,
        (RawInstances::Fresh, Some(calls)) => {
            notes.fault(
                calls.at(),
                "`calls-per-instance` is for `instances = \"reuse\"`: a fresh one has one call",
            );
            Instances::Fresh
        }
        (RawInstances::Reuse, calls) => Instances::Reuse {
            calls: calls.as_ref().map_or(CALLS_PER_INSTANCE, |calls| *calls.get()),
        },
    }
}
