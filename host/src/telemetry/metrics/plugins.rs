//! The metrics of a plugin's loads and instances.

use super::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds of the compile times in seconds: from 1 ms, the time to read cached code, to 100 s,
/// because the largest language runtimes may take longer than 30 s on a slow machine.
const COMPILE_SECONDS: [f64; 11] = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    plugin: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RetirementLabels {
    plugin: String,
    reason: &'static str,
}

/// The outcome of loading a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadOutcome {
    /// The plugin serves, without replacing another version.
    Loaded,
    /// A new version of the plugin replaced an old one.
    Reloaded,
    /// The plugin could not be read, built, compiled or validated, or failed to list its services.
    Refused,
    /// The first calls of the new version failed, so the previous version serves again.
    RolledBack,
}

/// The metrics of the loads and instances of all plugins.
pub(super) struct PluginMetrics {
    loads: Family<LoadLabels, Counter>,
    compile_seconds: Family<PluginLabels, Histogram, fn() -> Histogram>,
    made: Family<PluginLabels, Counter>,
    reused: Family<PluginLabels, Counter>,
    retired: Family<RetirementLabels, Counter>,
    refused_memory: Family<PluginLabels, Counter>,
}

impl PluginMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(&COMPILE_SECONDS);
        let plugins = PluginMetrics {
            loads: Family::default(),
            compile_seconds: Family::new_with_constructor(histogram),
            made: Family::default(),
            reused: Family::default(),
            retired: Family::default(),
            refused_memory: Family::default(),
        };
        let help = "Loads of plugins, by outcome";
        registry.register("loads", help, plugins.loads.clone());
        let help = "Time to compile a component, or to read its cached code";
        registry.register_with_unit(
            "compile",
            help,
            Unit::Seconds,
            plugins.compile_seconds.clone(),
        );
        registry.register("instances_made", "Instances created for calls", plugins.made.clone());
        let help = "Calls in a reused instance";
        registry.register("instances_reused", help, plugins.reused.clone());
        let help = "Reusable instances that were dropped, by reason";
        registry.register("instances_retired", help, plugins.retired.clone());
        let help = "Calls whose guest requested memory beyond `limits.memory` or the budget and was refused";
        registry.register("calls_refused_memory", help, plugins.refused_memory.clone());
        plugins
    }

    pub(super) fn load(&self, plugin: &str, loading: LoadOutcome) {
        let outcome = match loading {
            LoadOutcome::Loaded => "loaded",
            LoadOutcome::Reloaded => "reloaded",
            LoadOutcome::Refused => "refused",
            LoadOutcome::RolledBack => "rolled-back",
        };
        let labels = LoadLabels { plugin: plugin.to_owned(), outcome };
        self.loads.get_or_create(&labels).inc();
    }

    pub(super) fn compiled(&self, plugin: &str, time: Duration) {
        let labels = PluginLabels { plugin: plugin.to_owned() };
        self.compile_seconds.get_or_create(&labels).observe(time);
    }

    pub(super) fn instances(&self, plugin: &str) -> InstanceMeter {
        let labels = PluginLabels { plugin: plugin.to_owned() };
        InstanceMeter {
            made: self.made.get_or_create(&labels).clone(),
            reused: self.reused.get_or_create(&labels).clone(),
            memory: MemoryMeter(self.refused_memory.get_or_create(&labels).clone()),
            retired: Arc::new((plugin.to_owned(), self.retired.clone())),
        }
    }
}

/// The metrics of one plugin's instances. Their counters are looked up once, because a look-up by
/// name in every call would take a lock. Only the end of a reusable instance needs a look-up.
#[derive(Clone)]
pub(crate) struct InstanceMeter {
    made: Counter,
    reused: Counter,
    memory: MemoryMeter,
    retired: Arc<(String, Family<RetirementLabels, Counter>)>,
}

impl InstanceMeter {
    /// Counts an instance that is created for a call.
    pub(crate) fn made(&self) {
        self.made.inc();
    }

    /// Counts a call that starts in a reused instance.
    pub(crate) fn reused(&self) {
        self.reused.inc();
    }

    /// Returns the meter of refused memory.
    pub(crate) fn memory(&self) -> MemoryMeter {
        self.memory.clone()
    }

    /// Returns a guard that counts the end of an instance that may be reused.
    pub(crate) fn retirement(&self) -> Retirement {
        Retirement { reason: Retirement::ERROR, of: Arc::clone(&self.retired) }
    }
}

/// Counts the calls of one plugin whose guest was refused memory.
#[derive(Clone, Default)]
pub(crate) struct MemoryMeter(Counter);

impl MemoryMeter {
    /// Counts a call whose guest was refused memory.
    pub(crate) fn refused(&self) {
        self.0.inc();
    }
}

/// A guard that counts the end of a reusable instance when dropped.
pub(crate) struct Retirement {
    /// The reason that is counted on drop.
    pub(crate) reason: &'static str,
    of: Arc<(String, Family<RetirementLabels, Counter>)>,
}

impl Retirement {
    /// A call in the instance was cancelled, or ended with an error other than the service's own
    /// failure.
    pub(crate) const ERROR: &'static str = "error";
    /// The instance has served its maximum number of calls.
    pub(crate) const CALLS: &'static str = "calls";
    /// The instance's memory has grown too much.
    pub(crate) const MEMORY: &'static str = "memory";
    /// Enough other instances are idle.
    pub(crate) const ENOUGH: &'static str = "enough";
    /// The instance was idle for too long, or its memory is needed.
    pub(crate) const IDLE: &'static str = "idle";
    /// The instance's version no longer serves.
    pub(crate) const VERSION: &'static str = "version";
}

impl Drop for Retirement {
    fn drop(&mut self) {
        let (plugin, retired) = &*self.of;
        let labels = RetirementLabels { plugin: plugin.clone(), reason: self.reason };
        retired.get_or_create(&labels).inc();
    }
}
