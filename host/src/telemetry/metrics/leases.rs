//! The metrics of leases: how often a value was computed, and how long calls waited for another
//! call to compute it.

use super::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the waiting times in seconds, from 1 ms to 30 s. Short waits occur because a
/// cache in memory wakes a waiting call as soon as the lease ends.
const WAIT_SECONDS: [f64; 10] = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabels {
    cache: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitLabels {
    cache: String,
}

/// The lease metrics of all caches. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct LeaseMetrics {
    leases: Family<LeaseLabels, Counter>,
    waits: Family<WaitLabels, Histogram, fn() -> Histogram>,
}

/// The lease metrics of one cache. They are looked up once, because a look-up takes a lock.
#[derive(Clone, Debug)]
pub(crate) struct LeaseMeter {
    computed: Counter,
    waited: Counter,
    busy: Counter,
    lost: Counter,
    waits: Histogram,
}

impl LeaseMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(&WAIT_SECONDS);
        let (leases, waits) = (Family::default(), Family::new_with_constructor(histogram));
        let help = "Leases of a key, by outcome: computed, waited for, busy or lost";
        registry.register("cache_leases", help, Family::clone(&leases));
        let help = "Time of waits for a value that another call computes";
        registry.register_with_unit("cache_lease_wait", help, Unit::Seconds, Family::clone(&waits));
        LeaseMetrics { leases, waits }
    }

    pub(crate) fn cache(&self, cache: &str) -> LeaseMeter {
        let counter = |outcome| {
            let labels = LeaseLabels { cache: cache.to_owned(), outcome };
            self.leases.get_or_create(&labels).clone()
        };
        let labels = WaitLabels { cache: cache.to_owned() };
        LeaseMeter {
            computed: counter("computed"),
            waited: counter("waited"),
            busy: counter("busy"),
            lost: counter("lost"),
            waits: self.waits.get_or_create(&labels).clone(),
        }
    }
}

impl LeaseMeter {
    /// Counts a call that got the lease and computes the value.
    pub(crate) fn computed(&self) {
        self.computed.inc();
    }

    /// Records a call that waited for another call's lease and got a value.
    pub(crate) fn waited(&self, time: Duration) {
        self.waited.inc();
        self.waits.observe(time);
    }

    /// Records a call that got no value within its waiting time, or was not allowed to wait.
    pub(crate) fn busy(&self, time: Duration) {
        self.busy.inc();
        self.waits.observe(time);
    }

    /// Counts a computed value that was not stored: its call had lost the lease, or another caller
    /// had changed the entry.
    pub(crate) fn lost(&self) {
        self.lost.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode_registry;

    #[test]
    fn leases_are_counted_by_cache_and_outcome_and_both_kinds_of_waits_are_timed() {
        let mut registry = Registry::default();
        let metrics = LeaseMetrics::new(&mut registry);
        let users = metrics.cache("users");
        users.computed();
        (0..2).for_each(|_| users.waited(Duration::from_millis(20)));
        (0..3).for_each(|_| users.busy(Duration::from_secs(2)));
        (0..4).for_each(|_| users.lost());
        metrics.cache("users").lost();
        metrics.cache("other").computed();
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        for line in [
            "cache_leases_total{cache=\"users\",outcome=\"computed\"} 1",
            "cache_leases_total{cache=\"users\",outcome=\"waited\"} 2",
            "cache_leases_total{cache=\"users\",outcome=\"busy\"} 3",
            "cache_leases_total{cache=\"users\",outcome=\"lost\"} 5",
            "cache_leases_total{cache=\"other\",outcome=\"computed\"} 1",
            "cache_leases_total{cache=\"other\",outcome=\"lost\"} 0",
            "cache_lease_wait_seconds_sum{cache=\"users\"} 6.04",
            "cache_lease_wait_seconds_bucket{le=\"0.03\",cache=\"users\"} 2",
            "cache_lease_wait_seconds_count{cache=\"users\"} 5",
            "cache_lease_wait_seconds_count{cache=\"other\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
