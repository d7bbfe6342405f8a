//! A host's metrics, for Prometheus. This module contains the metrics of calls and the program's
//! version. Other metrics are in the submodules and in `plugin::metrics`.

mod histogram;
mod http;
mod http_client;
mod leases;
mod plugins;
mod process;
mod redis;

pub(crate) use http::{HttpMeter, RequestKind};
pub(crate) use http_client::{HttpClientMeter, HttpClientMetrics};
pub(crate) use leases::{LeaseMeter, LeaseMetrics};
pub(crate) use plugins::{InstanceMeter, LoadOutcome, MemoryMeter, Retirement};
pub(crate) use redis::{OperationMeter, RedisMetrics};

use super::dropped::{DroppedLines, LineCount};
use histogram::Histogram;
use http::ListenerMetrics;
use plugins::PluginMetrics;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Upper bounds of the call durations in seconds: from 10 µs, for a call in a reused instance, to
/// 10 s.
const CALL_SECONDS: [f64; 13] =
    [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0];

/// The metrics of a host.
pub(crate) struct Metrics {
    registry: Registry,
    started: SystemTime,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<ServiceLabels, Histogram, fn() -> Histogram>,
    traps: Family<TrapLabels, Counter>,
    limits: Family<LimitLabels, Counter>,
    plugins: PluginMetrics,
    http: ListenerMetrics,
    redis: RedisMetrics,
    leases: LeaseMetrics,
    http_client: HttpClientMetrics,
    dropped_lines: OnceLock<Arc<DroppedLines>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TrapLabels {
    plugin: String,
    trap: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    plugin: String,
    limit: &'static str,
}

/// The metrics of one service's calls. They are looked up when the plugin is loaded, because a
/// look-up by name in every call would take a lock.
pub(crate) struct ServiceMeter {
    answered: Counter,
    seconds: Histogram,
}

impl ServiceMeter {
    /// Counts a call that ended with a response.
    pub(crate) fn answered(&self) {
        self.answered.inc();
    }

    /// Records the duration of a call with any outcome.
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
            plugins: PluginMetrics::new(&mut registry),
            http: ListenerMetrics::new(&mut registry),
            redis: RedisMetrics::new(&mut registry),
            leases: LeaseMetrics::new(&mut registry),
            http_client: HttpClientMetrics::new(&mut registry),
            dropped_lines: OnceLock::new(),
            registry,
        };
        metrics.with_calls()
    }

    fn with_calls(mut self) -> Self {
        let Metrics { registry, calls, call_seconds, traps, limits, .. } = &mut self;
        registry.register("calls", "Calls, by service and outcome", calls.clone());
        let help = "Time of calls, including the wait for admission";
        registry.register_with_unit("call", help, Unit::Seconds, call_seconds.clone());
        registry.register("traps", "Calls that ended in a trap, by the trap", traps.clone());
        let help = "Calls that a limit ended, by the limit";
        registry.register("limits_reached", help, limits.clone());
        self
    }

    /// Returns the meter of a service, by its full name.
    pub(crate) fn service(&self, service: &str) -> ServiceMeter {
        let labels = ServiceLabels { service: service.to_owned() };
        ServiceMeter {
            answered: self.calls(service, "answered"),
            seconds: self.call_seconds.get_or_create(&labels).clone(),
        }
    }

    /// Counts a call that ended without a response.
    pub(crate) fn failed(&self, service: &str, outcome: &'static str) {
        self.calls(service, outcome).inc();
    }

    pub(crate) fn trapped(&self, plugin: &str, trap: &str) {
        let labels = TrapLabels { plugin: plugin.to_owned(), trap: trap.to_owned() };
        self.traps.get_or_create(&labels).inc();
    }

    pub(crate) fn limit_reached(&self, plugin: &str, limit: &'static str) {
        let labels = LimitLabels { plugin: plugin.to_owned(), limit };
        self.limits.get_or_create(&labels).inc();
    }

    pub(crate) fn instances(&self, plugin: &str) -> InstanceMeter {
        self.plugins.instances(plugin)
    }

    pub(crate) fn load(&self, plugin: &str, outcome: LoadOutcome) {
        self.plugins.load(plugin, outcome);
    }

    /// Records the time to compile a plugin or to read its cached code, also if compiling fails.
    pub(crate) fn compiled(&self, plugin: &str, time: Duration) {
        self.plugins.compiled(plugin, time);
    }

    pub(crate) fn listener(&self, listener: &'static str) -> HttpMeter {
        self.http.listener(listener)
    }

    pub(crate) fn leases(&self) -> LeaseMetrics {
        self.leases.clone()
    }

    /// Returns the meter of the requests that a plugin sends to other servers.
    pub(crate) fn http_client(&self, plugin: &str) -> HttpClientMeter {
        self.http_client.plugin(plugin)
    }

    pub(crate) fn redis(&self) -> RedisMetrics {
        self.redis.clone()
    }

    /// Makes the metrics report the lines that this log drops. Only the first call has an effect.
    pub(crate) fn dropped_lines_of(&self, log: Arc<DroppedLines>) {
        // The metric has no label for the log, so it can report only one log.
        let _ = self.dropped_lines.set(log);
    }

    /// Returns the counts of lines that the log has dropped: because of the rate limit, and because
    /// of a slow or failed output. Both counts are zero without a log.
    pub(crate) fn dropped_lines(&self) -> (LineCount, LineCount) {
        let dropped = self.dropped_lines.get();
        dropped.map_or_else(Default::default, |log| (log.of_floods(), log.unread()))
    }

    /// Returns all metrics, including those in `now`, as OpenMetrics 1.0 text.
    ///
    /// # Errors
    ///
    /// When a metric cannot be encoded. No such metric is known.
    pub(crate) fn text(&self, now: &Registry) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode_registry(&mut text, &self.registry)?;
        text::encode_registry(&mut text, now)?;
        text::encode_registry(&mut text, &process::registry(self.started))?;
        text::encode_eof(&mut text)?;
        Ok(text)
    }

    fn calls(&self, service: &str, outcome: &'static str) -> Counter {
        let labels = CallLabels { service: service.to_owned(), outcome };
        self.calls.get_or_create(&labels).clone()
    }
}
