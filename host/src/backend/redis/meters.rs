//! What a cache on Redis counts, and how long its operations take.

use super::super::error::CacheError;
use super::super::stats::OperationCounts;
use crate::telemetry::{OperationMeter, RedisMetrics};
use hostel_cache::CacheName;
use std::future::Future;
use tokio::time::Instant;

/// The counts of a cache, and the times of its operations.
#[derive(Debug)]
pub(in crate::backend) struct Meters {
    pub(super) counts: OperationCounts,
    pub(super) get: OperationMeter,
    pub(super) set: OperationMeter,
    pub(super) delete: OperationMeter,
    pub(super) exists: OperationMeter,
}

impl Meters {
    pub(in crate::backend) fn new(metrics: &RedisMetrics, cache: &CacheName) -> Self {
        let cache = cache.to_string();
        let meter = |operation| metrics.operation(&cache, operation);
        Meters {
            counts: OperationCounts::default(),
            get: meter("get"),
            set: meter("set"),
            delete: meter("delete"),
            exists: meter("exists"),
        }
    }
}

/// Runs an operation and records its time. One that its caller gives up is not recorded.
pub(super) async fn timed<T>(
    meter: &OperationMeter,
    operation: impl Future<Output = Result<T, CacheError>>,
) -> Result<T, CacheError> {
    let begun = Instant::now();
    let result = operation.await;
    let is_available = !matches!(result, Err(CacheError::Unavailable { .. }));
    meter.took(begun.elapsed(), is_available);
    result
}
