//! `hostel:config/config`: the plugin's settings and secrets.
//!
//! Grant: `config` of [`Grants`](crate::grants::Grants), by default empty. It is open while a plugin
//! lists its services as well.

use super::linkage::Linkage;
use super::state::State;
use crate::grants::{ConfigGrant, check_value_name};
use crate::telemetry::{Level, excerpt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

/// The name of the import, version included.
pub(crate) const IMPORT: &str = "hostel:config/config@0.1.0";

/// Names without a value of which it is remembered that the log has them.
const MAX_MISSING: usize = 64;

/// Bytes of a name in the log.
const MAX_SHOWN: usize = 128;

/// What one version of a plugin may read.
pub(crate) struct ConfigValues {
    plugin: String,
    /// By name, the secrets included.
    values: BTreeMap<String, String>,
    /// Texts that the log does not have.
    masks: Arc<[String]>,
    /// Names that were asked for in vain: the log has each once.
    missing: Mutex<BTreeSet<String>>,
}

impl ConfigValues {
    pub(crate) fn new(plugin: &str, grant: &ConfigGrant) -> Self {
        let settings = grant.settings.iter().map(|(name, value)| (name.clone(), value.clone()));
        let secrets =
            grant.secrets.iter().map(|(name, value)| (name.clone(), value.text().to_owned()));
        ConfigValues {
            plugin: plugin.to_owned(),
            values: settings.chain(secrets).collect(),
            masks: grant.secrets.values().map(|secret| secret.text().to_owned()).collect(),
            missing: Mutex::default(),
        }
    }

    /// Texts that the log of the plugin does not have.
    pub(crate) fn masks(&self) -> Arc<[String]> {
        Arc::clone(&self.masks)
    }

    /// The log line about a name without a value, unless there has been one.
    fn miss(&self, name: &str) -> Option<String> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if missing.len() >= MAX_MISSING || missing.contains(name) {
            return None;
        }
        missing.insert(name.chars().take(MAX_SHOWN).collect());
        let plugin = &self.plugin;
        Some(match check_value_name(name) {
            Ok(()) => format!(
                "there is no setting {name:?}: write it in [plugins.{plugin}.config], or as a secret in \
                 [plugins.{plugin}.secrets]; `hostel run` takes --config {name}=VALUE"
            ),
            Err(error) => excerpt(&error.to_string()),
        })
    }
}

/// Offers both functions, which never wait, whatever the linkage.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, _: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    import.func_wrap("get", |store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        let name = name.to_str(&store)?;
        let State { config, log, .. } = store.data();
        let value = config.values.get(&*name).cloned();
        if value.is_none()
            && let Some(line) = config.miss(&name)
        {
            log.write(Level::Warn, &line);
        }
        Ok((value,))
    })?;
    import.func_wrap("names", |store: StoreContextMut<'_, State>, (): ()| {
        Ok((store.data().config.values.keys().cloned().collect::<Vec<_>>(),))
    })
}
