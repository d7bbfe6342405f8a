//! From a path to a plugin of a host: built where it is source, then compiled and checked.

use super::build;
use super::exit::Exit;
use crate::config::{Config, ConfigError, Configured, PluginConfig, is_called};
use crate::telemetry::eprint_line;
use crate::{
    CacheName, Host, HostError, LogSink, PluginName, PluginSettings, ServiceInfo, Settings,
    toolchain,
};
use anyhow::Context;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A host that keeps compiled code, or one that does not where that is impossible.
pub(super) fn host(settings: Settings) -> Result<Host, Exit> {
    let code_folder = toolchain::code_folder();
    let without = Settings { code_folder: None, ..settings.clone() };
    let made = match Host::new(Settings { code_folder, ..settings }) {
        Err(error @ HostError::CodeFolder { .. }) => {
            eprint_line(format_args!("{:#}", anyhow::Error::new(error)));
            Host::new(without)
        }
        made => made,
    };
    made.map_err(Exit::usage)
}

/// The configuration that is meant where none is named, if it is there.
pub(super) fn usual_config() -> Option<PathBuf> {
    Some(PathBuf::from("hostel.toml")).filter(|file| file.exists())
}

/// What a file says; without one the current folder is served.
pub(super) fn configured(file: Option<&Path>) -> Result<Configured, ConfigError> {
    match file {
        Some(file) => Config::read(file, &|name| std::env::var(name).ok()),
        None => Ok(Configured { config: Config::of_folder(Path::new(".")), warnings: Vec::new() }),
    }
}

/// A host as configured, with every configured cache open and no plugins.
pub(super) fn configured_host(config: &Config, log: LogSink) -> Result<Host, Exit> {
    let (limits, admission) = (config.limits.clone(), config.admission.clone());
    let cache = config.private_cache;
    let host = host(Settings { limits, admission, cache, log, ..Settings::default() })?;
    for cache in &config.caches {
        let name = CacheName::Configured(cache.name.clone());
        host.caches().open(name, cache.limits).map_err(Exit::usage)?;
    }
    Ok(host)
}

/// Loads what is at a path, by this name or the one that its file gives it.
pub(super) async fn load(
    host: &Host,
    name: Option<PluginName>,
    path: &Path,
    settings: PluginSettings,
) -> anyhow::Result<(PluginName, Vec<ServiceInfo>)> {
    let file = component(path)?;
    let doing = || format!("cannot load {}", path.display());
    let name = name.map_or_else(|| PluginName::of_file(&file), Ok).with_context(doing)?;
    let component = read(&file, host.limits().component).with_context(doing)?;
    let services = host.load(name.clone(), component, settings).await.with_context(doing)?;
    Ok((name, services))
}

/// The component's file at a path: built where it is source.
pub(super) fn component(path: &Path) -> anyhow::Result<PathBuf> {
    std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    let is_component = path.is_file() && path.extension().is_some_and(|end| end == "wasm");
    if is_component { Ok(path.to_owned()) } else { Ok(build::build(path)?) }
}

/// What lies in the folder of plugins and is none of those that the configuration names: neither
/// by its path, nor by its name, so that nothing is served with less said of it than was meant.
pub(super) fn unnamed(config: &Config) -> anyhow::Result<Vec<PathBuf>> {
    let Some(folder) = &config.folder else { return Ok(Vec::new()) };
    let mut found = toolchain::services_in(folder)
        .with_context(|| format!("cannot read the folder of plugins {}", folder.display()))?;
    let same_path = |plugin: &PluginConfig, path: &Path| {
        path.canonicalize().ok().is_some_and(|path| plugin.path.canonicalize().ok() == Some(path))
    };
    found.retain(|(stem, path)| {
        let named =
            |plugin: &PluginConfig| is_called(&plugin.name, stem) || same_path(plugin, path);
        !config.plugins.iter().any(named)
    });
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Reads a component, and no more of a file than tells that it is larger than one may be.
pub(super) fn read(file: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_served_once_and_as_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["my_users.py", "shop.wasm", "other.wasm"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let text = "folder = \".\"\n[plugins.my-users]\npath = \"gone.wasm\"\n\
                    [plugins.renamed]\npath = \"shop.wasm\"\n";
        let read = Config::parse(&folder.path().join("hostel.toml"), text, &|_| None).unwrap();
        assert_eq!(unnamed(&read.config).unwrap(), [folder.path().join("other.wasm")]);
    }
}
