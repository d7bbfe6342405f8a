//! What is counted of a plugin beside its calls: what loading it came to, and its instances.

use super::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds of the times of compiling, in seconds: from 1 ms, which reading kept code takes, to
/// the minutes that the largest runtimes take on a slow machine.
const COMPILE_SECONDS: [f64; 11] = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Plugin {
    plugin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    plugin: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    plugin: String,
    reason: &'static str,
}

/// What loading a plugin came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loading {
    /// It serves, where nothing of its name did.
    Loaded,
    /// It serves in the place of another version.
    Reloaded,
    /// It is no plugin, or could not be built.
    Refused,
    /// Its first calls failed, and the version before it serves again.
    RolledBack,
}

/// The counts of all plugins.
pub(super) struct Plugins {
    loads: Family<Outcome, Counter>,
    compile_seconds: Family<Plugin, Histogram, fn() -> Histogram>,
    made: Family<Plugin, Counter>,
    reused: Family<Plugin, Counter>,
    retired: Family<Reason, Counter>,
}

impl Plugins {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(&COMPILE_SECONDS);
        let plugins = Plugins {
            loads: Family::default(),
            compile_seconds: Family::new_with_constructor(histogram),
            made: Family::default(),
            reused: Family::default(),
            retired: Family::default(),
        };
        let help = "Versions of plugins, by what loading them came to";
        registry.register("loads", help, plugins.loads.clone());
        let help = "Time to compile a component, or to read its code where that was kept";
        registry.register_with_unit(
            "compile",
            help,
            Unit::Seconds,
            plugins.compile_seconds.clone(),
        );
        registry.register("instances_made", "Instances made for calls", plugins.made.clone());
        let help = "Calls in an instance that was kept";
        registry.register("instances_reused", help, plugins.reused.clone());
        let help = "Instances that could have been kept and were dropped, by why";
        registry.register("instances_retired", help, plugins.retired.clone());
        plugins
    }

    pub(super) fn load(&self, plugin: &str, loading: Loading) {
        let outcome = match loading {
            Loading::Loaded => "loaded",
            Loading::Reloaded => "reloaded",
            Loading::Refused => "refused",
            Loading::RolledBack => "rolled-back",
        };
        let label = Outcome { plugin: plugin.to_owned(), outcome };
        self.loads.get_or_create(&label).inc();
    }

    pub(super) fn compiled(&self, plugin: &str, time: Duration) {
        let label = Plugin { plugin: plugin.to_owned() };
        self.compile_seconds.get_or_create(&label).observe(time);
    }

    pub(super) fn instances(&self, plugin: &str) -> InstanceMeter {
        let label = Plugin { plugin: plugin.to_owned() };
        InstanceMeter {
            made: self.made.get_or_create(&label).clone(),
            reused: self.reused.get_or_create(&label).clone(),
            retired: Arc::new((plugin.to_owned(), self.retired.clone())),
        }
    }
}

/// What is counted of the instances of one plugin: found once, and not by name each time.
#[derive(Clone)]
pub(crate) struct InstanceMeter {
    made: Counter,
    reused: Counter,
    retired: Arc<(String, Family<Reason, Counter>)>,
}

impl InstanceMeter {
    /// Counts an instance that is made for a call.
    pub(crate) fn made(&self) {
        self.made.inc();
    }

    /// Counts a call that begins in an instance that was kept.
    pub(crate) fn reused(&self) {
        self.reused.inc();
    }

    /// What an instance that may be kept holds, to be counted when it is dropped.
    pub(crate) fn retirement(&self) -> Retirement {
        Retirement { reason: Retirement::ERROR, of: Arc::clone(&self.retired) }
    }
}

/// Counts the end of an instance that could have been kept, when it is dropped.
pub(crate) struct Retirement {
    /// Why it is dropped, should that be now.
    pub(crate) reason: &'static str,
    of: Arc<(String, Family<Reason, Counter>)>,
}

impl Retirement {
    /// A call in it ended in an error, or was dropped.
    pub(crate) const ERROR: &'static str = "error";
    /// It has had its calls.
    pub(crate) const CALLS: &'static str = "calls";
    /// Its memory has grown.
    pub(crate) const MEMORY: &'static str = "memory";
    /// Enough others wait already.
    pub(crate) const ENOUGH: &'static str = "enough";
    /// Its version no longer serves.
    pub(crate) const VERSION: &'static str = "version";
}

impl Drop for Retirement {
    fn drop(&mut self) {
        let (plugin, retired) = &*self.of;
        let label = Reason { plugin: plugin.clone(), reason: self.reason };
        retired.get_or_create(&label).inc();
    }
}
