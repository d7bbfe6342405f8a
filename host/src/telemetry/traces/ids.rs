//! The ids of traces and spans.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Creates random ids: the hashes of a counter, with random keys from the system.
#[derive(Default)]
pub(super) struct TraceIds {
    count: AtomicU64,
    high: RandomState,
    low: RandomState,
}

impl TraceIds {
    pub(super) fn trace(&self) -> u128 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let id = u128::from(self.high.hash_one(count)) << 64 | u128::from(self.low.hash_one(count));
        // W3C Trace Context, section 3.2.2: an id of zero is invalid.
        id.max(1)
    }

    pub(super) fn span(&self) -> u64 {
        self.low.hash_one(self.count.fetch_add(1, Ordering::Relaxed)).max(1)
    }
}
