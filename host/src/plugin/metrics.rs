//! Counts calls, and returns all metrics of a host as text. The values of the host, its caches and
//! Redis are read when the text is requested.

use super::host::Host;
use super::target::Target;
use crate::backend::{CacheStats, MemoryStats, RedisState};
use crate::engine::CallError;
use crate::service::Response;
use hostel_cache::CacheName;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Instant;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabel {
    cache: String,
}

impl CacheLabel {
    fn new(cache: &CacheName) -> Self {
        CacheLabel { cache: cache.to_string() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServerLabels {
    cache: String,
    server: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// A metric of a cache: its name, its help text, and the function that returns its value.
type CacheMetric<T> = (&'static str, &'static str, fn(&T) -> u64);

const OPERATIONS: [CacheMetric<CacheStats>; 9] = [
    ("cache_hits", "Calls of get that found a live entry", |stats| stats.hits),
    ("cache_misses", "Calls of get that found no live entry", |stats| stats.misses),
    ("cache_exists", "Calls of exists", |stats| stats.exists),
    ("cache_sets", "Calls of set that stored a value", |stats| stats.sets),
    ("cache_deletes", "Calls of delete that removed an entry", |stats| stats.deletes),
    ("cache_increments", "Calls of increment that stored a sum", |stats| stats.increments),
    ("cache_swaps", "Calls of compare-and-swap that changed an entry", |stats| stats.swaps),
    ("cache_takes", "Calls of take that removed an entry", |stats| stats.takes),
    ("cache_expires", "Calls of expire that found a live entry", |stats| stats.expires),
];

const REMOVALS: [CacheMetric<MemoryStats>; 2] = [
    ("cache_expirations", "Entries removed since their expiry had passed", |stats| stats.expired),
    ("cache_evictions", "Live entries removed to make room", |stats| stats.evicted),
];

const SIZES: [CacheMetric<MemoryStats>; 3] = [
    ("cache_entries", "Entries held", |stats| stats.entries),
    ("cache_bytes", "Bytes held", |stats| stats.bytes),
    ("cache_capacity_bytes", "Bytes that may be held", |stats| stats.capacity),
];

impl Host {
    /// Returns the metrics of the host and its process as OpenMetrics 1.0 text, which Prometheus
    /// reads. Names begin with `hostel_`, or with `process_` for the metrics of the process.
    ///
    /// # Errors
    ///
    /// If a metric cannot be formatted. No such case is known.
    pub async fn metrics(&self) -> Result<String, fmt::Error> {
        let mut now = Registry::with_prefix("hostel");
        let activity = self.activity();
        let mut gauge = |name: &str, help: &str, value: usize| {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            now.register(name, help, gauge);
        };
        gauge("calls_under_way", "Active calls", activity.calls);
        let help = "Connections of plugins to servers elsewhere, idle ones included";
        gauge("http_client_connections_open", help, activity.http_connections);
        gauge("calls_at_once", "Maximum concurrent calls", activity.most_calls);
        gauge("calls_waiting", "Calls that wait to begin", activity.waiting);
        gauge(
            "instance_slots",
            "Instances for which address space is reserved",
            activity.slots as usize,
        );
        gauge("versions", "Versions of plugins in memory", activity.versions);
        gauge("plugins", "Plugins that serve", self.plugins().len());
        let (loading, refused) = self.pending.counts();
        gauge("plugins_loading", "Plugins loaded for the first time at this moment", loading);
        gauge("plugins_refused", "Plugins that do not serve, since they were refused", refused);
        self.register_memory(&mut now);
        self.register_dropped_lines(&mut now);
        register_caches(&mut now, &self.caches().stats().await);
        register_redis(&mut now, &self.caches().redis());
        self.counts().text(&now)
    }

    fn register_memory(&self, registry: &mut Registry) {
        let memory = self.memory();
        let gauge = |bytes: usize| ConstGauge::new(i64::try_from(bytes).unwrap_or(i64::MAX));
        let help = "Maximum bytes of caches, messages and instances together";
        registry.register("memory_budget_bytes", help, gauge(memory.budget().most()));
        let family = Family::<KindLabel, Gauge>::default();
        let parts = [memory.caches(), memory.messages(), memory.instances()];
        for (kind, part) in ["caches", "messages", "instances"].into_iter().zip(parts) {
            let bytes = i64::try_from(part.taken()).unwrap_or(i64::MAX);
            family.get_or_create(&KindLabel { kind }).set(bytes);
        }
        registry.register("memory_bytes", "Bytes taken of the budget, by kind", family);
    }

    fn register_dropped_lines(&self, registry: &mut Registry) {
        let lines = Family::<ReasonLabel, Counter>::default();
        let bytes = Family::<ReasonLabel, Counter>::default();
        let (of_floods, unread) = self.counts().dropped_lines();
        let of_calls = self.engine().dropped_lines();
        for (reason, count) in [("call", of_calls), ("plugin", of_floods), ("unread", unread)] {
            let label = ReasonLabel { reason };
            lines.get_or_create(&label).inc_by(count.lines);
            bytes.get_or_create(&label).inc_by(count.bytes);
        }
        registry.register("log_lines_dropped", "Log lines dropped, by reason", lines);
        registry.register("log_bytes_dropped", "Bytes of the log lines dropped, by reason", bytes);
    }
}

/// Counts a call once, when it ends. Dropping this value before the call has a result counts the
/// call as cancelled.
pub(super) struct CallCount<'a> {
    host: &'a Host,
    target: &'a Target,
    begun: Instant,
    has_ended: bool,
}

impl<'a> CallCount<'a> {
    /// Starts timing a call.
    pub(super) fn begin(host: &'a Host, target: &'a Target) -> Self {
        CallCount { host, target, begun: Instant::now(), has_ended: false }
    }

    /// Counts the call by its result.
    pub(super) fn end(mut self, result: &Result<Response, CallError>) {
        self.has_ended = true;
        let Some(meter) = self.target.plugin.version.meters.get(self.target.index) else { return };
        meter.took(self.begun.elapsed());
        let Err(error) = result else { return meter.answered() };
        self.failed(error.outcome());
        let (counts, plugin) = (self.host.counts(), self.target.plugin().as_str());
        match error {
            CallError::Trap { reason, .. } => counts.trapped(plugin, reason),
            CallError::Limit(reached) => counts.limit_reached(plugin, reached.limit.name()),
            _ => {}
        }
    }

    fn failed(&self, outcome: &'static str) {
        let (plugin, service) = (self.target.plugin(), self.target.service());
        self.host.counts().failed(&format!("{plugin}.{service}"), outcome);
    }
}

impl Drop for CallCount<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if let Some(meter) = self.target.plugin.version.meters.get(self.target.index) {
            meter.took(self.begun.elapsed());
            self.failed("cancelled");
        }
    }
}

fn register_caches(registry: &mut Registry, caches: &[(CacheName, CacheStats)]) {
    for (name, help, count) in OPERATIONS {
        let values = caches.iter().map(|(cache, stats)| (cache, count(stats)));
        registry.register(name, help, counters(values));
    }
    let in_memory = || caches.iter().filter_map(|(cache, stats)| Some((cache, stats.memory?)));
    for (name, help, count) in REMOVALS {
        registry.register(name, help, counters(in_memory().map(|(cache, it)| (cache, count(&it)))));
    }
    for (name, help, size) in SIZES {
        let family = Family::<CacheLabel, Gauge>::default();
        for (cache, stats) in in_memory() {
            let size = i64::try_from(size(&stats)).unwrap_or(i64::MAX);
            family.get_or_create(&CacheLabel::new(cache)).set(size);
        }
        registry.register(name, help, family);
    }
}

/// Reports the state of the Redis servers of each configured address and timeout. The label `cache`
/// is the first cache with this address and timeout. The label `server` would not be enough: the
/// same server may occur with several addresses and timeouts.
fn register_redis(registry: &mut Registry, addresses: &[RedisState]) {
    let in_flight = Family::<CacheLabel, Gauge>::default();
    let circuits = Family::<ServerLabels, Gauge>::default();
    let reconnects = Family::<ServerLabels, Counter>::default();
    for address in addresses {
        let Some(cache) = address.caches.first().map(CacheName::to_string) else { continue };
        let count = i64::try_from(address.in_flight).unwrap_or(i64::MAX);
        in_flight.get_or_create(&CacheLabel { cache: cache.clone() }).set(count);
        for server in &address.servers {
            let labels = ServerLabels { cache: cache.clone(), server: server.server.clone() };
            circuits.get_or_create(&labels).set(server.is_circuit_open.into());
            reconnects.get_or_create(&labels).inc_by(server.reconnects);
        }
    }
    let help = "Active operations on Redis, by the first cache of the address";
    registry.register("redis_in_flight", help, in_flight);
    let help = "1 while operations are kept away from a server that does not respond";
    registry.register("redis_circuit_open", help, circuits);
    let help = "Connections made to a server after the first";
    registry.register("redis_reconnects", help, reconnects);
}

fn counters<'a>(values: impl Iterator<Item = (&'a CacheName, u64)>) -> Family<CacheLabel, Counter> {
    let family = Family::<CacheLabel, Counter>::default();
    for (cache, value) in values {
        family.get_or_create(&CacheLabel::new(cache)).inc_by(value);
    }
    family
}
