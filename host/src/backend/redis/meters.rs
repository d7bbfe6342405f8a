//! The counters of a cache on Redis, and the durations of its operations.

use super::super::error::CacheError;
use super::super::stats::OperationCounts;
use crate::telemetry::{OperationMeter, RedisMetrics};
use hostel_cache::CacheName;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

#[derive(Debug)]
pub(in crate::backend) struct Meters {
    pub(super) counts: OperationCounts,
    pub(super) get: Meter,
    pub(super) set: Meter,
    pub(super) delete: Meter,
    pub(super) exists: Meter,
    pub(super) set_if_absent: Meter,
    pub(super) increment: Meter,
    pub(super) compare_and_swap: Meter,
    pub(super) take: Meter,
    pub(super) get_many: Meter,
    pub(super) set_many: Meter,
    pub(super) delete_many: Meter,
    pub(super) ttl: Meter,
    pub(super) expire: Meter,
    pub(super) keys: Meter,
    pub(super) delete_prefix: Meter,
    pub(super) get_or_lease: Meter,
    pub(super) fill: Meter,
    pub(super) release: Meter,
}

impl Meters {
    pub(in crate::backend) fn new(metrics: &RedisMetrics, cache: &CacheName) -> Self {
        let cache: Arc<str> = cache.to_string().into();
        let meter = |operation| Meter {
            metrics: metrics.clone(),
            cache: Arc::clone(&cache),
            operation,
            found: OnceLock::new(),
        };
        let meters = Meters {
            counts: OperationCounts::default(),
            get: meter("get"),
            set: meter("set"),
            delete: meter("delete"),
            exists: meter("exists"),
            set_if_absent: meter("set-if-absent"),
            increment: meter("increment"),
            compare_and_swap: meter("compare-and-swap"),
            take: meter("take"),
            get_many: meter("get-many"),
            set_many: meter("set-many"),
            delete_many: meter("delete-many"),
            ttl: meter("ttl"),
            expire: meter("expire"),
            keys: meter("keys"),
            delete_prefix: meter("delete-prefix"),
            get_or_lease: meter("get-or-lease"),
            fill: meter("fill"),
            release: meter("release"),
        };
        for meter in [&meters.get, &meters.set, &meters.delete, &meters.exists] {
            meter.found();
        }
        meters
    }
}

/// The durations of one operation. Except for the four basic operations, the metric is created at
/// the first use: each metric adds about 30 lines of output per cache, and few plugins use all
/// operations.
#[derive(Debug)]
pub(super) struct Meter {
    metrics: RedisMetrics,
    cache: Arc<str>,
    operation: &'static str,
    found: OnceLock<OperationMeter>,
}

impl Meter {
    fn found(&self) -> &OperationMeter {
        self.found.get_or_init(|| self.metrics.operation(&self.cache, self.operation))
    }
}

/// Runs an operation, and records its duration and whether the servers were available. Records
/// nothing if the operation is cancelled.
pub(super) async fn timed<T>(
    meter: &Meter,
    operation: impl Future<Output = Result<T, CacheError>>,
) -> Result<T, CacheError> {
    let begun = Instant::now();
    let result = operation.await;
    let is_available = !matches!(result, Err(CacheError::Unavailable { .. }));
    meter.found().took(begun.elapsed(), is_available);
    result
}
