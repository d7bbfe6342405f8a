//! Creates a command's host and loads plugins into the host: builds a source, then compiles and
//! checks the component.

use super::build;
use super::exit::Exit;
#[cfg(target_os = "linux")]
use crate::Launcher;
use crate::config::{Config, ConfigError, Configured, PluginConfig};
use crate::source::{self, FileError, Location};
use crate::telemetry::TimedStep;
use crate::{
    CacheName, Compiler, Host, HostError, Limit, Limits, LoadError, LogSink, PluginName,
    PluginSettings, ServiceInfo, Settings, toolchain,
};
use anyhow::{Context, anyhow};
use std::path::{Path, PathBuf};

/// How the program compiles components: on Linux each in a subprocess, elsewhere in this process.
pub(super) fn compiler() -> Compiler {
    #[cfg(target_os = "linux")]
    return Compiler::Process(Launcher::new(PathBuf::from(super::internal::PROGRAM)));
    #[cfg(not(target_os = "linux"))]
    Compiler::InProcess
}

/// Creates a host with the user's folder for compiled code, if there is one. If the folder is
/// unusable, warns and creates a host without it.
pub(super) fn host(settings: Settings, warn: &dyn Fn(&str)) -> Result<Host, Exit> {
    let code_folder = toolchain::code_folder();
    let without = Settings { code_folder: None, ..settings.clone() };
    let made = match Host::new(Settings { code_folder, ..settings }) {
        Err(error @ HostError::CodeFolder { .. }) => {
            warn(&format!("{:#}", anyhow::Error::new(error)));
            Host::new(without)
        }
        made => made,
    };
    made.map_err(Exit::usage)
}

/// The default configuration file: `hostel.toml` in the current folder, if it exists.
pub(super) fn usual_config() -> Option<PathBuf> {
    config_in(Path::new(""))
}

/// The file `hostel.toml` in a folder, if it exists.
pub(super) fn config_in(folder: &Path) -> Option<PathBuf> {
    Some(folder.join("hostel.toml")).filter(|file| file.exists())
}

/// Reads a configuration. Without a file, returns the default configuration for the current folder.
pub(super) fn configured(file: Option<&Path>) -> Result<Configured, ConfigError> {
    match file {
        Some(file) => Config::read(file, &|name| std::env::var(name)),
        None => Ok(Config::of_folder(Path::new(".")).into()),
    }
}

/// Creates a host for a configuration, with the caches of `[caches]` and no plugins. Warns as
/// [`host`] does.
pub(super) fn configured_host(
    config: &Config,
    log: LogSink,
    compiler: Compiler,
    warn: &dyn Fn(&str),
) -> Result<Host, Exit> {
    let (limits, admission) = (config.limits.clone(), config.admission.clone());
    let cache = config.private_cache;
    let (backend, memory) = (config.private_backend.clone(), config.server.memory);
    let settings = Settings {
        limits,
        admission,
        cache,
        backend,
        memory,
        log,
        compiler,
        ..Settings::default()
    };
    let host = host(settings, warn)?;
    for cache in &config.caches {
        let name = CacheName::Configured(cache.name.clone());
        host.caches().open_on(name, cache.limits, &cache.backend).map_err(Exit::usage)?;
    }
    Ok(host)
}

/// Builds and loads the plugin at a location, under this name or else under [`Location::name`].
pub(super) async fn load(
    host: &Host,
    name: Option<PluginName>,
    location: &Location,
    settings: PluginSettings,
) -> anyhow::Result<(PluginName, Vec<ServiceInfo>)> {
    let file = build::component(location)?;
    let doing = || format!("cannot load {}", location.path().display());
    let name = name.map_or_else(|| PluginName::new(&location.name()), Ok).with_context(doing)?;
    let limits = settings.limits.as_ref().unwrap_or(host.limits());
    let component = read(&file, limits).with_context(doing)?;
    let services = compiled(host, &name, component, settings).await.with_context(doing)?;
    Ok((name, services))
}

/// Loads a component. Shows the progress of the compilation, unless the code is cached.
pub(super) async fn compiled(
    host: &Host,
    name: &PluginName,
    component: Vec<u8>,
    settings: PluginSettings,
) -> Result<Vec<ServiceInfo>, LoadError> {
    let begin = || TimedStep::begin(format!("compiling {name}"));
    let step = (!host.has_code_of(&component)).then(begin);
    let services = host.load(name.clone(), component, settings).await?;
    if let Some(step) = step {
        step.done(&format!("compiled {name}"));
    }
    Ok(services)
}

/// The plugins of the configured folder, except those that the configuration names by path or by
/// name: these must not be served a second time with the default grants.
pub(super) fn unnamed(config: &Config) -> anyhow::Result<Vec<Location>> {
    let Some(folder) = &config.folder else { return Ok(Vec::new()) };
    let mut found = source::discover(folder)
        .with_context(|| format!("cannot read the folder of plugins {}", folder.display()))?;
    let is_named = |location: &Location| {
        let name = location.name();
        let named = |plugin: &PluginConfig| plugin.name.as_str() == name || is_at(plugin, location);
        config.plugins.iter().any(named)
    };
    found.retain(|location| !is_named(location));
    Ok(found)
}

/// True if the path of a configured plugin has the [`Location::place`] of this location.
pub(super) fn is_at(plugin: &PluginConfig, location: &Location) -> bool {
    let place = location.place();
    place.is_some() && place == source::place_of(&plugin.path)
}

/// The error for a configuration or a folder with nothing to serve.
pub(super) fn nothing_to_serve(config: &Config) -> anyhow::Error {
    let folder = config.folder.as_deref().unwrap_or(Path::new("."));
    anyhow!(
        "there is nothing to serve in {}: put a component (.wasm) or a service's source there; \
         `hostel new` makes one",
        folder.display()
    )
}

/// Reads a component. Refuses a file that is larger than these limits allow.
pub(super) fn read(file: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    match source::read(file, limits.component) {
        Ok((bytes, _)) => Ok(bytes),
        Err(FileError::TooLarge) => Err(Limit::Component.reached(limits).into()),
        Err(FileError::Gone) => Err(anyhow!("{}", source::absent(file))),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::VarError;

    #[test]
    fn what_is_named_is_served_once_and_as_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["my_users.py", "shop.wasm", "other.wasm"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let text = "folder = \".\"\n[plugins.my-users]\npath = \"gone.wasm\"\n\
                    [plugins.renamed]\npath = \"shop.wasm\"\n";
        let read =
            Config::parse(&folder.path().join("hostel.toml"), text, &|_| Err(VarError::NotPresent))
                .unwrap();
        let other = Location::Component(folder.path().join("other.wasm"));
        assert_eq!(unnamed(&read.config).unwrap(), [other]);
    }
}
