//! `[plugins]`: the path, the grants, the limits and the callers of each plugin.

use super::callers::CallerGroup;
use super::error::{Diagnostics, instead};
use super::groups::{Callers, callers};
use super::raw::{At, LimitValue, RawInstances, RawLimits, RawPlugin, RawZatoRest, Tables};
use super::sources;
use super::values::{Context, time};
use crate::engine::{Instances, Limits};
use crate::file;
use crate::grants::Grants;
use crate::name::PluginName;
use crate::plugin::{Admission, PluginSettings};
use crate::source::{self, Location};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// A configured plugin.
#[derive(Clone, Debug)]
pub struct PluginConfig {
    /// The plugin's name.
    pub name: PluginName,
    /// The path of the component, or of the file or folder with the service's source. It need not
    /// exist yet.
    pub path: PathBuf,
    /// The plugin's grants, and how the host runs the plugin. If the grants name a shared cache,
    /// that cache is configured.
    pub settings: PluginSettings,
    /// The callers who may call the plugin, unless a route sets other callers.
    pub callers: Callers,
}

/// Default calls per reused instance: enough to make creating the instance cheap, few enough to
/// bound the memory that a guest leaks.
const CALLS_PER_INSTANCE: NonZeroU32 = match NonZeroU32::new(1_000) {
    Some(calls) => calls,
    None => NonZeroU32::MIN,
};

/// Replaces the limits for which there is a setting, and returns all limits.
pub(super) fn limits(
    raw: Option<&RawLimits>,
    mut limits: Limits,
    diagnostics: &mut Diagnostics<'_>,
) -> Limits {
    for (name, value) in raw.into_iter().flat_map(|raw| &raw.0) {
        let text = match value.get() {
            LimitValue::Count(count) => count.to_string(),
            LimitValue::Text(text) => text.clone(),
        };
        if let Err(error) = limits.set(name.get(), &text) {
            diagnostics.fault(value.at(), format_args!("`limits.{}`: {error}", name.get()));
        }
    }
    limits
}

/// The context in which a plugin is validated.
pub(super) struct PluginContext<'a> {
    pub(super) place: &'a Context<'a>,
    pub(super) folder: Option<&'a Path>,
    pub(super) limits: &'a Limits,
    pub(super) admission: &'a Admission,
    pub(super) open_to: &'a Callers,
    pub(super) caches: &'a [String],
    pub(super) groups: &'a [CallerGroup],
    /// The outgoing connections of services that were written for Zato.
    pub(super) zato: Option<&'a Tables<RawZatoRest>>,
    /// True if the table `[limits]` sets `time`.
    pub(super) has_time: bool,
}

pub(super) fn plugins(
    raw: &Tables<RawPlugin>,
    context: &PluginContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<PluginConfig> {
    let mut plugins = Vec::new();
    for (name, plugin) in raw {
        match PluginName::new(name.get()) {
            Ok(known) => {
                let plugin = plugin.get();
                let config = plugin_config(known, plugin, context, diagnostics);
                let at = plugin.path.as_ref().map_or_else(|| name.at(), At::at);
                if let Some(message) = absent(&config, plugin.path.is_some()) {
                    diagnostics.absent(Some(&config.name), at, message);
                }
                plugins.push(config);
            }
            Err(error) => diagnostics.fault(name.at(), error),
        }
    }
    plugins
}

/// Returns why no plugin is at the path, or `None` if the path leads to a plugin.
fn absent(plugin: &PluginConfig, has_path: bool) -> Option<String> {
    let PluginConfig { name, path, .. } = plugin;
    let shown = path.display();
    if path.exists() {
        let error = Location::at(path).err()?;
        return Some(format!("the plugin `{name}` is missing: {error}"));
    }
    if path.is_symlink() {
        return Some(format!(
            "the plugin `{name}` is missing: {shown} is a link to a file that does not exist"
        ));
    }
    if has_path {
        let instead = file::instead_of(path).map(|it| format!("; {it}")).unwrap_or_default();
        return Some(format!("the plugin `{name}` is missing: {shown} does not exist{instead}"));
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let found = source::discover(folder).unwrap_or_default();
    let names: Vec<String> = found.iter().map(Location::name).collect();
    let instead = instead(name.as_str(), names.iter().map(String::as_str));
    Some(format!(
        "the plugin `{name}` is missing: neither {shown} nor a source of that name exists; {instead}"
    ))
}

/// Resolves the path of the folder of plugins, and reports if no folder is there.
pub(super) fn folder(
    written: &At<String>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> PathBuf {
    let folder = context.path(written.get());
    let shown = folder.display();
    if !folder.exists() {
        let instead = file::instead_of(&folder).map(|it| format!("; {it}")).unwrap_or_default();
        let message = format!("the folder of plugins {shown} does not exist{instead}");
        diagnostics.absent(None, written.at(), message);
    } else if !folder.is_dir() {
        let message = format!("{shown} is not a folder: `folder` must be the one with the plugins");
        diagnostics.absent(None, written.at(), message);
    }
    folder
}

fn plugin_config(
    name: PluginName,
    raw: &RawPlugin,
    context: &PluginContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> PluginConfig {
    if let Some((stack, _)) =
        raw.limits.iter().flat_map(|raw| &raw.0).find(|(name, _)| name.get() == "stack")
    {
        diagnostics.fault(stack.at(), "`stack` is the same for all plugins: set it in [limits]");
    }
    let calls = raw.calls.as_ref().map(|calls| {
        let most = context.admission.calls;
        let asked = calls.get().get() as usize;
        if asked > most {
            diagnostics.fault(
                calls.at(),
                format_args!(
                    "`calls` is {asked}, more than the {most} calls of the host: lower it, or raise \
                     `admission.calls`"
                ),
            );
        }
        asked
    });
    let grants = grants(&name, raw, context, diagnostics);
    let settings = PluginSettings {
        limits: own_limits(raw.limits.as_ref(), &grants, context, diagnostics),
        grants,
        instances: instances(raw, diagnostics),
        calls,
    };
    let path = match &raw.path {
        Some(path) => context.place.path(path.get()),
        None => path_by_name(&name, context),
    };
    let callers = callers(raw.callers.as_ref(), context.groups, diagnostics);
    let callers = callers.unwrap_or_else(|| context.open_to.clone());
    PluginConfig { name, path, settings, callers }
}

/// Returns the plugin's grants, including the grants for its connections in `[zato]`.
fn grants(
    name: &PluginName,
    raw: &RawPlugin,
    context: &PluginContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Grants {
    let place = context.place;
    let cache = raw.cache_grant(context.caches, diagnostics);
    let mut http = sources::http(raw.http.as_ref(), place, diagnostics);
    let (settings, secrets) = (raw.config.as_ref(), raw.secrets.as_ref());
    let mut config = sources::values(settings, secrets, place, diagnostics);
    let granted = (&mut http, &mut config);
    sources::add_zato(context.zato, name.as_str(), granted, place, diagnostics);
    Grants { cache, http, config }
}

/// Returns the plugin's limits, or `None` if the plugin has the host's limits. A plugin that may
/// reach remote servers has more time, unless `[limits]` or the plugin's own limits set `time`.
fn own_limits(
    raw: Option<&RawLimits>,
    grants: &Grants,
    context: &PluginContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Limits> {
    let has_sources = !grants.http.allow.is_empty() && !context.has_time;
    let base = context.limits.clone();
    let base = if has_sources { base.for_sources() } else { base };
    match raw {
        Some(_) => Some(limits(raw, base, diagnostics)),
        None => has_sources.then_some(base),
    }
}

/// Returns the path of the plugin with this name in the folder of plugins. If `folder` is not set,
/// this is the configuration's folder. If the plugin does not exist yet, returns the path of a
/// component.
fn path_by_name(name: &PluginName, context: &PluginContext<'_>) -> PathBuf {
    let folder = context.folder.map_or_else(|| context.place.path("."), Path::to_owned);
    let usual = || folder.join(format!("{name}.wasm"));
    let found = source::by_name(&folder, name.as_str()).ok().flatten();
    found.map_or_else(usual, |location| location.path().to_owned())
}

fn instances(raw: &RawPlugin, diagnostics: &mut Diagnostics<'_>) -> Instances {
    let (calls, idle_time) = (&raw.calls_per_instance, &raw.idle_time);
    match raw.instances.unwrap_or_default() {
        RawInstances::Fresh => {
            let calls = calls.as_ref().map(|it| (it.at(), "calls-per-instance"));
            let idle_time = idle_time.as_ref().map(|it| (it.at(), "idle-time"));
            for (at, name) in calls.into_iter().chain(idle_time) {
                let fault = format!(
                    "`{name}` needs `instances = \"reuse\"`: a fresh instance serves only one call"
                );
                diagnostics.fault(at, fault);
            }
            Instances::Fresh
        }
        RawInstances::Reuse => Instances::Reuse {
            calls: calls.as_ref().map_or(CALLS_PER_INSTANCE, |calls| *calls.get()),
            idle_time: time(idle_time.as_ref(), Instances::IDLE_TIME, diagnostics),
        },
    }
}
