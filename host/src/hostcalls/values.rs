//! The configuration values of one version of a plugin.

use crate::grants::{ConfigGrant, check_value_name};
use crate::telemetry::excerpt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum number of missing names that are logged, and remembered so that each is logged once.
const MAX_MISSING: usize = 64;

/// Maximum characters of a remembered name.
const MAX_SHOWN: usize = 128;

/// The values that one version of a plugin may read.
pub(crate) struct ConfigValues {
    plugin: String,
    /// The settings and secrets, by name.
    values: BTreeMap<String, String>,
    /// Texts that are masked in the log.
    masks: Arc<[String]>,
    /// Requested names without a value, each of which is logged once.
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

    /// Returns the texts that are masked in the plugin's log.
    pub(crate) fn masks(&self) -> Arc<[String]> {
        Arc::clone(&self.masks)
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// Returns the names, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    /// Returns the log line about a name without a value, or `None` if this name or too many other
    /// names have been logged before.
    pub(super) fn miss(&self, name: &str) -> Option<String> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let start: String = name.chars().take(MAX_SHOWN).collect();
        if missing.len() >= MAX_MISSING || !missing.insert(start) {
            return None;
        }
        let plugin = &self.plugin;
        Some(match check_value_name(name) {
            Ok(()) => format!(
                "the setting {name:?} does not exist: write it in [plugins.{plugin}.config], or as \
                 a secret in [plugins.{plugin}.secrets]; for `hostel run`, use --config {name}=VALUE \
                 or --secret {name}=env:VARIABLE"
            ),
            Err(error) => excerpt(&error.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_value_is_reported_once_with_a_fix() {
        let mut grant = ConfigGrant::default();
        grant.settings.insert("there".to_owned(), "1".to_owned());
        let values = ConfigValues::new("rates", &grant);
        assert_eq!(
            (values.get("there"), values.names()),
            (Some("1".to_owned()), vec!["there".to_owned()])
        );
        let line = values.miss("api-key").unwrap();
        assert!(line.contains("write it in [plugins.rates.config]"), "{line}");
        assert_eq!(values.miss("api-key"), None);
        assert!(values.miss("a\nb").unwrap().contains("is not a valid setting name"));
        let long = "a".repeat(MAX_SHOWN + 1);
        assert!(values.miss(&long).is_some());
        assert_eq!(values.miss(&long), None);
        let told = (0..1_000).filter_map(|at| values.miss(&format!("n{at}"))).count();
        assert_eq!(told, MAX_MISSING - 3);
    }
}
