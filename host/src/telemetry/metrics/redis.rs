//! The metrics of caches on Redis.

use super::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the durations in seconds: from 30 µs, less than a round trip within a machine,
/// to 3 s.
const OPERATION_SECONDS: [f64; 11] =
    [3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.25, 1.0, 3.0];

/// Some attributes of OpenTelemetry's `db.client.operation.duration`, and the cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    db_system_name: &'static str,
    db_operation_name: &'static str,
    cache: String,
    error_type: &'static str,
}

/// The durations of operations on Redis. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct RedisMetrics(Family<OperationLabels, Histogram, fn() -> Histogram>);

/// The durations of one operation on one cache. They are looked up once, because a look-up takes a
/// lock.
#[derive(Clone, Debug)]
pub(crate) struct OperationMeter {
    succeeded: Histogram,
    failed: Histogram,
}

impl RedisMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(&OPERATION_SECONDS);
        let seconds = Family::new_with_constructor(histogram);
        let help = "Time of operations on Redis, including the wait in the queue";
        let name = "db_client_operation_duration";
        registry.register_with_unit(name, help, Unit::Seconds, Family::clone(&seconds));
        RedisMetrics(seconds)
    }

    /// Returns the meter of an operation, such as `get`, on a cache.
    pub(crate) fn operation(&self, cache: &str, operation: &'static str) -> OperationMeter {
        let histogram = |error_type| {
            let labels = OperationLabels {
                db_system_name: "redis",
                db_operation_name: operation,
                cache: cache.to_owned(),
                error_type,
            };
            self.0.get_or_create(&labels).clone()
        };
        OperationMeter { succeeded: histogram(""), failed: histogram("unavailable") }
    }
}

impl OperationMeter {
    /// Records the duration of an operation. `is_available` is false if the operation failed
    /// because Redis was unavailable.
    pub(crate) fn took(&self, time: Duration, is_available: bool) {
        let histogram = if is_available { &self.succeeded } else { &self.failed };
        histogram.observe(time);
    }
}
