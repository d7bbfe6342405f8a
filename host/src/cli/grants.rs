//! What a plugin is granted, for people and as JSON.

use crate::config::Callers;
use crate::{Instances, Limits, PluginName, PluginSettings};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a plugin is granted.
#[derive(Serialize)]
pub(super) struct PluginGrants {
    /// The grants by name; a private cache of a plugin without a name is null.
    #[serde(flatten)]
    grants: BTreeMap<&'static str, Option<String>>,
    #[serde(skip)]
    summary: Vec<(&'static str, String)>,
    instances: &'static str,
    /// With reused instances only.
    calls_per_instance: Option<u32>,
    /// Those that differ from the host's.
    limits: Vec<OwnLimit>,
    /// Calls under way, where the plugin says otherwise than the host.
    calls: Option<usize>,
    callers: String,
}

/// A limit and its value.
#[derive(Serialize)]
struct OwnLimit {
    name: &'static str,
    value: String,
}

impl PluginGrants {
    /// What a plugin of this name is granted by these settings, in a host of these limits.
    pub(super) fn new(
        name: Option<&PluginName>,
        settings: &PluginSettings,
        callers: &Callers,
        of_host: &Limits,
    ) -> Self {
        let (instances, calls_per_instance) = match settings.instances {
            Instances::Fresh => ("fresh", None),
            Instances::Reuse { calls } => ("reuse", Some(calls.get())),
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

    /// What is granted, a phrase each; the usual is not said.
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

    /// What is granted beside the limits, a row each: what, and how.
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

/// Who may call, as a configuration names them.
pub(super) fn show_callers(callers: &Callers) -> String {
    match callers {
        Callers::Open => "open".to_owned(),
        Callers::Group(name) => name.clone(),
    }
}
