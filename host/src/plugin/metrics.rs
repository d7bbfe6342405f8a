//! What a host counts of calls, and what it and its caches hold at the moment of asking.

use super::{Host, Plugin};
use crate::engine::CallError;
use crate::hostcalls::handler::Response;
use hostel_cache::Stats;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cache {
    cache: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// A count of a cache: its name, what it means, and where it stands.
type Count = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTS: [Count; 7] = [
    ("cache_hits", "Calls of get that found a live entry", |stats| stats.hits),
    ("cache_misses", "Calls of get that found none", |stats| stats.misses),
    ("cache_exists", "Calls of exists", |stats| stats.exists),
    ("cache_sets", "Calls of set that stored a value", |stats| stats.sets),
    ("cache_deletes", "Calls of delete that removed an entry", |stats| stats.deletes),
    ("cache_expirations", "Entries removed since their expiry had passed", |stats| stats.expired),
    ("cache_evictions", "Live entries removed to make room", |stats| stats.evicted),
];

const SIZES: [Count; 3] = [
    ("cache_entries", "Entries held", |stats| stats.entries),
    ("cache_bytes", "Bytes held", |stats| stats.bytes),
    ("cache_capacity_bytes", "Bytes that may be held", |stats| stats.capacity),
];

impl Host {
    /// What was counted since the host was made, and what it holds now, as text of OpenMetrics 1.0,
    /// which Prometheus reads. Every name begins with `hostel_`.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written, as none is known to.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        let mut now = Registry::with_prefix("hostel");
        let activity = self.activity();
        let mut gauge = |name: &str, help: &str, value: usize| {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            now.register(name, help, gauge);
        };
        gauge("calls_under_way", "Calls under way", activity.calls);
        gauge("calls_at_once", "Calls that are taken on at once", activity.most_calls);
        gauge("calls_waiting", "Calls that wait to begin", activity.waiting);
        gauge("instance_slots", "Instances with a place set aside", activity.slots as usize);
        gauge("versions", "Versions of plugins in memory", activity.versions);
        gauge("plugins", "Plugins that serve", self.plugins().len());
        now.register("log_lines_dropped", "Log lines dropped, by why", self.dropped_lines());
        let caches = self.caches().list();
        let label = |name: &dyn fmt::Display| Cache { cache: name.to_string() };
        for (name, help, count) in COUNTS {
            let family = Family::<Cache, Counter>::default();
            for (cache, stats) in &caches {
                family.get_or_create(&label(cache)).inc_by(count(stats));
            }
            now.register(name, help, family);
        }
        for (name, help, size) in SIZES {
            let family = Family::<Cache, Gauge>::default();
            for (cache, stats) in &caches {
                let size = i64::try_from(size(stats)).unwrap_or(i64::MAX);
                family.get_or_create(&label(cache)).set(size);
            }
            now.register(name, help, family);
        }
        self.counts().text(&now)
    }

    fn dropped_lines(&self) -> Family<Reason, Counter> {
        let dropped = Family::<Reason, Counter>::default();
        let (of_floods, unread) = self.counts().dropped_lines();
        let of_calls = self.engine().dropped_lines();
        for (reason, count) in [("call", of_calls), ("plugin", of_floods), ("unread", unread)] {
            dropped.get_or_create(&Reason { reason }).inc_by(count);
        }
        dropped
    }

    /// Counts a call of the plugin's service at this place.
    pub(super) fn count(
        &self,
        plugin: &Plugin,
        service: usize,
        answer: &Result<Response, CallError>,
        time: Duration,
    ) {
        let Some(meter) = plugin.version.meters.get(service) else { return };
        meter.took(time);
        let Err(error) = answer else { return meter.answered() };
        let service = plugin.version.services.get(service).map_or("", |info| &*info.name);
        let name = plugin.name.as_str();
        self.counts().failed(&format!("{name}.{service}"), error.outcome());
        match error {
            CallError::Trap { reason, .. } => self.counts().trapped(name, reason),
            CallError::Limit(reached) => self.counts().limit_reached(name, reached.limit.name()),
            _ => {}
        }
    }
}
