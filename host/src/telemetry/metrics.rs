//! What a host counts, as metrics that Prometheus reads: the names and labels of calls here, those of
//! plugins, of listeners and of the process in a file each.

mod histogram;
mod http;
mod plugins;
mod process;

pub(crate) use http::{HttpMeter, RequestKind};
pub(crate) use plugins::{InstanceMeter, Loading, Retirement};

use super::Dropped;
use histogram::Histogram;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Upper bounds of the times of calls, in seconds: from 10 µs, which a call in a kept instance
/// takes, to 10 s.
const CALL_SECONDS: [f64; 13] =
    [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0];

/// The counts of a host.
pub(crate) struct Metrics {
    registry: Registry,
    started: SystemTime,
    calls: Family<Outcome, Counter>,
    call_seconds: Family<Service, Histogram, fn() -> Histogram>,
    traps: Family<Trap, Counter>,
    limits: Family<LimitReached, Counter>,
    plugins: plugins::Plugins,
    http: http::Http,
    dropped_lines: OnceLock<Arc<Dropped>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    service: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Service {
    service: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Trap {
    plugin: String,
    trap: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitReached {
    plugin: String,
    limit: &'static str,
}

/// What is counted of each call of one service: found once, and not by name each time.
pub(crate) struct ServiceMeter {
    answered: Counter,
    seconds: Histogram,
}

impl ServiceMeter {
    /// Counts a call that ended with a response.
    pub(crate) fn answered(&self) {
        self.answered.inc();
    }

    /// Notes the time that a call took, however it ended.
    pub(crate) fn took(&self, time: Duration) {
        self.seconds.observe(time);
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("hostel");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", version);
        let histogram: fn() -> Histogram = || Histogram::new(&CALL_SECONDS);
        let metrics = Metrics {
            started: SystemTime::now(),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(histogram),
            traps: Family::default(),
            limits: Family::default(),
            plugins: plugins::Plugins::new(&mut registry),
            http: http::Http::new(&mut registry),
            dropped_lines: OnceLock::new(),
            registry,
        };
        metrics.with_calls()
    }

    fn with_calls(mut self) -> Self {
        let Metrics { registry, calls, call_seconds, traps, limits, .. } = &mut self;
        registry.register("calls", "Calls by service and how they ended", calls.clone());
        let help = "Time of calls, waiting included";
        registry.register_with_unit("call", help, Unit::Seconds, call_seconds.clone());
        registry.register("traps", "Calls that ended in a trap, by what it was", traps.clone());
        let help = "Calls that a limit ended, by its name";
        registry.register("limits_reached", help, limits.clone());
        self
    }

    /// The meter of a service, by its full name.
    pub(crate) fn service(&self, service: &str) -> ServiceMeter {
        let label = Service { service: service.to_owned() };
        ServiceMeter {
            answered: self.calls(service, "answered"),
            seconds: self.call_seconds.get_or_create(&label).clone(),
        }
    }

    /// Counts a call that ended without a response.
    pub(crate) fn failed(&self, service: &str, outcome: &'static str) {
        self.calls(service, outcome).inc();
    }

    pub(crate) fn trapped(&self, plugin: &str, trap: &str) {
        let label = Trap { plugin: plugin.to_owned(), trap: trap.to_owned() };
        self.traps.get_or_create(&label).inc();
    }

    pub(crate) fn limit_reached(&self, plugin: &str, limit: &'static str) {
        let label = LimitReached { plugin: plugin.to_owned(), limit };
        self.limits.get_or_create(&label).inc();
    }

    /// The meter of a plugin's instances.
    pub(crate) fn instances(&self, plugin: &str) -> InstanceMeter {
        self.plugins.instances(plugin)
    }

    /// Counts what loading a plugin came to.
    pub(crate) fn load(&self, plugin: &str, loading: Loading) {
        self.plugins.load(plugin, loading);
    }

    /// Notes the time that compiling a plugin took, whatever came of it.
    pub(crate) fn compiled(&self, plugin: &str, time: Duration) {
        self.plugins.compiled(plugin, time);
    }

    /// The meter of a listener.
    pub(crate) fn listener(&self, listener: &'static str) -> HttpMeter {
        self.http.listener(listener)
    }

    /// Counts the lines that this log drops; the first is the one.
    pub(crate) fn dropped_lines_of(&self, log: Arc<Dropped>) {
        // Who sets a second one has two logs, of which one can be told of.
        let _ = self.dropped_lines.set(log);
    }

    /// The lines dropped by the log: of floods, and unread.
    pub(crate) fn dropped_lines(&self) -> (u64, u64) {
        self.dropped_lines.get().map_or((0, 0), |log| (log.of_floods(), log.unread()))
    }

    /// All counts, and what `now` holds besides, as text of OpenMetrics 1.0.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written, as none of ours is known to.
    pub(crate) fn text(&self, now: &Registry) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode_registry(&mut text, &self.registry)?;
        text::encode_registry(&mut text, now)?;
        text::encode_registry(&mut text, &process::registry(self.started))?;
        text::encode_eof(&mut text)?;
        Ok(text)
    }

    fn calls(&self, service: &str, outcome: &'static str) -> Counter {
        let label = Outcome { service: service.to_owned(), outcome };
        self.calls.get_or_create(&label).clone()
    }
}
