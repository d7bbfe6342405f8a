//! The configuration for the paths of the command line: the file in a folder, or a generated
//! configuration.

use crate::cli::exit::Exit;
use crate::cli::load;
use crate::config::{Callers, Config, PluginConfig};
use crate::source::{self, Location};
use crate::{PluginName, PluginSettings};
use anyhow::{Context, anyhow};
use std::path::{Path, PathBuf};

/// The configuration file in the folder that is the only path, or in the current folder if there
/// are no paths. `None` if the folder has no such file, or there are several paths.
pub(super) fn config_file(paths: &[PathBuf]) -> Option<PathBuf> {
    match paths {
        [] => load::usual_config(),
        [folder] => load::config_in(folder),
        _ => None,
    }
}

/// Creates a configuration for the plugins at these paths, or for the current folder if there are
/// no paths. Also returns warnings about missing components, which may be created later.
pub(super) fn config(paths: &[PathBuf]) -> Result<(Config, Vec<String>), Exit> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut config = Config::of_folder(Path::new("."));
    config.folder = None;
    for path in paths {
        let opening = || format!("cannot open {}", path.display());
        let found = source::discover(path).with_context(opening).map_err(Exit::no_plugin)?;
        let is_whole = found.iter().any(|location| location.path() == path);
        if path.is_dir() && !is_whole && paths.len() == 1 {
            // Serve the path as a folder of plugins, so that plugins added later are served too.
            return Ok((Config::of_folder(path), Vec::new()));
        }
        if found.is_empty() && !path.is_dir() {
            let none = anyhow!("{} is neither a component nor a source", path.display());
            return Err(Exit::no_plugin(none));
        }
        for location in &found {
            config.plugins.push(plugin(location)?);
        }
    }
    let paths = config.plugins.iter().map(|plugin| &plugin.path).filter(|path| !path.exists());
    let absent = |path: &PathBuf| format!("{}: {}", path.display(), source::absent(path));
    let warnings = paths.map(absent).collect();
    Ok((config, warnings))
}

fn plugin(location: &Location) -> Result<PluginConfig, Exit> {
    let path = location.path().to_owned();
    let naming = || format!("cannot name {}", path.display());
    let name = PluginName::new(&location.name()).with_context(naming).map_err(Exit::usage)?;
    let settings = PluginSettings::default();
    Ok(PluginConfig { name, path, settings, callers: Callers::Open })
}
