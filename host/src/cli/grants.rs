//! The grants of a plugin, as text and as JSON.

use crate::config::Callers;
use crate::{Instances, Limits, PluginName, PluginSettings};
use serde::Serialize;
use std::collections::BTreeMap;

/// The grants and settings of a plugin.
#[derive(Serialize)]
pub(super) struct PluginGrants {
    /// The grants by name. The private cache of a plugin without a name is null.
    #[serde(flatten)]
    grants: BTreeMap<&'static str, Option<String>>,
    #[serde(skip)]
    summary: Vec<(&'static str, String)>,
    instances: &'static str,
    /// Set if instances are reused.
    calls_per_instance: Option<u32>,
    /// The limits that differ from the host's.
    limits: Vec<OwnLimit>,
    /// Maximum concurrent calls, if the plugin sets its own.
    calls: Option<usize>,
    callers: String,
}

#[derive(Serialize)]
struct OwnLimit {
    name: &'static str,
    value: String,
}

impl PluginGrants {
    /// The grants of a plugin with these settings, in a host with these limits.
    pub(super) fn new(
        name: Option<&PluginName>,
        settings: &PluginSettings,
        callers: &Callers,
        of_host: &Limits,
    ) -> Self {
        let (instances, calls_per_instance) = match settings.instances {
            Instances::Fresh => ("fresh", None),
            Instances::Reuse { calls, .. } => ("reuse", Some(calls.get())),
        };
        let own = settings.limits.as_ref();
        PluginGrants {
            grants: settings.grants.rows(name).into_iter().collect(),
            summary: settings.grants.summary(name),
            instances,
            calls_per_instance,
            limits: own.map(|own| differing(own, of_host)).unwrap_or_default(),
            calls: settings.calls,
            callers: show_callers(callers),
        }
    }

    /// True if the plugin may reach remote servers.
    pub(super) fn reaches_servers(&self) -> bool {
        self.grants.contains_key("http")
    }

    /// A phrase for each grant, a phrase for the callers, and a phrase for each of these that the
    /// plugin sets: the reuse of instances, its own limits, its own maximum of concurrent calls.
    pub(super) fn phrases(&self) -> Vec<String> {
        let mut phrases: Vec<_> =
            self.summary.iter().map(|(what, how)| format!("{what} {how}")).collect();
        phrases.extend(self.calls_per_instance.map(|calls| format!("{calls} calls an instance")));
        if !self.limits.is_empty() {
            let limits = self.limits.iter().map(|limit| format!("{} {}", limit.name, limit.value));
            phrases.push(format!("limits {}", limits.collect::<Vec<_>>().join(", ")));
        }
        phrases.extend(self.calls.map(|calls| format!("{calls} calls at once")));
        phrases.push(format!("callers {}", self.callers));
        phrases
    }

    /// The name and the value of each grant and setting, without the limits.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let row = |what: &str, how: String| vec![what.to_owned(), how];
        let instances = match self.calls_per_instance {
            Some(calls) => format!("{}, {calls} calls each", self.instances),
            None => self.instances.to_owned(),
        };
        let mut rows: Vec<_> =
            self.summary.iter().map(|(what, how)| row(what, how.clone())).collect();
        rows.push(row("instances", instances));
        rows.extend(self.calls.map(|calls| row("calls", format!("{calls} at once"))));
        rows.push(row("callers", self.callers.clone()));
        rows
    }
}

fn differing(own: &Limits, of_host: &Limits) -> Vec<OwnLimit> {
    let limits = Limits::names().filter(|name| own.show(name) != of_host.show(name));
    let limits = limits.map(|name| OwnLimit { name, value: own.show(name).unwrap_or_default() });
    limits.collect()
}

/// The callers, as named in the configuration.
pub(super) fn show_callers(callers: &Callers) -> String {
    match callers {
        Callers::Open => "open".to_owned(),
        Callers::Group(name) => name.clone(),
    }
}
