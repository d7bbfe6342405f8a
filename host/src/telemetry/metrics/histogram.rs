//! A histogram of durations that threads update without a lock.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A histogram of durations. Clones share the counts.
///
/// The histogram of `prometheus_client` takes a lock for each observation, and all calls of a
/// service would contend for it.
#[derive(Clone, Debug)]
pub(super) struct Histogram(Arc<Buckets>);

#[derive(Debug)]
struct Buckets {
    /// Upper bounds of the buckets in seconds, in ascending order.
    bounds: &'static [f64],
    /// One count for each bound, and a last one for durations above every bound.
    counts: Box<[AtomicU64]>,
    nanoseconds: AtomicU64,
}

impl Histogram {
    /// Creates an empty histogram with these upper bounds, in seconds and in ascending order.
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram(Arc::new(Buckets { bounds, counts, nanoseconds: AtomicU64::new(0) }))
    }

    pub(super) fn observe(&self, time: Duration) {
        let Buckets { bounds, counts, nanoseconds } = &*self.0;
        let seconds = time.as_secs_f64();
        let place = bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        nanoseconds.fetch_add(time, Ordering::Relaxed);
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let Buckets { bounds, counts, nanoseconds } = &*self.0;
        let bounds = bounds.iter().copied().chain([f64::INFINITY]);
        let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        // The count is the sum of the buckets. A separate counter, which would be read at another
        // time, could be less than a bucket.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = Duration::from_nanos(nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode_registry;
    use prometheus_client::registry::Registry;

    #[test]
    fn a_time_is_in_the_first_bucket_that_holds_it_and_in_all_above() {
        let histogram = Histogram::new(&[0.01, 0.1]);
        for milliseconds in [5, 10, 11, 100, 101, 2_000] {
            histogram.observe(Duration::from_millis(milliseconds));
        }
        let mut registry = Registry::default();
        registry.register("t", "T", histogram);
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "t_sum 2.227",
            "t_count 6",
            "t_bucket{le=\"0.01\"} 2",
            "t_bucket{le=\"0.1\"} 4",
            "t_bucket{le=\"+Inf\"} 6",
        ];
        assert_eq!(lines, expected);
    }
}
