//! The limit on memory: one sum over all memories and tables of an instance. A guest that grows one
//! asks the host for it.

use crate::telemetry::{CallLog, Level, MemoryMeter};
use wasmtime::ResourceLimiter;

/// Bytes that a table's element takes on the host.
const ELEMENT_BYTES: usize = size_of::<usize>();

/// Counts the bytes of a guest's memories and tables and refuses growth beyond the limit.
///
/// To the guest a refused growth is the ordinary failure of `memory.grow`. A guest that cannot go on
/// without the memory ends its call with an error, which is then reported as this limit. One that
/// goes on leaves a log line and a count, once for each call.
pub(crate) struct MemoryLimiter {
    used: usize,
    most: usize,
    most_instances: usize,
    last_growth: usize,
    refused: bool,
    log: CallLog,
    meter: MemoryMeter,
}

impl MemoryLimiter {
    /// Allows `most` bytes, and so many core instances, memories and tables, each counted alone.
    pub(crate) fn new(
        most: usize,
        most_instances: usize,
        log: CallLog,
        meter: MemoryMeter,
    ) -> Self {
        let (used, last_growth, refused) = (0, 0, false);
        MemoryLimiter { used, most, most_instances, last_growth, refused, log, meter }
    }

    /// Begins a call in a reused instance: the memory that it holds stays counted.
    pub(crate) fn begin(&mut self) {
        self.refused = false;
    }

    /// Bytes of all memories and tables together.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Whether the guest was refused memory in this call.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    fn grow(&mut self, growth: usize) -> bool {
        let allowed = growth <= self.most.saturating_sub(self.used);
        if allowed {
            self.used += growth;
            self.last_growth = growth;
        } else {
            self.refuse(growth);
        }
        allowed
    }

    fn refuse(&mut self, growth: usize) {
        if !std::mem::replace(&mut self.refused, true) {
            self.meter.refused();
            let message = format!(
                "the guest has {} bytes of memory and was refused {growth} more: \
                 `limits.memory` is {} bytes",
                self.used, self.most
            );
            self.log.report(Level::Warn, &message);
        }
    }

    /// Undoes the count of a growth that did not happen.
    fn shrink(&mut self) {
        self.used = self.used.saturating_sub(std::mem::take(&mut self.last_growth));
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.shrink();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.shrink();
        Ok(())
    }

    fn instances(&self) -> usize {
        self.most_instances
    }

    fn memories(&self) -> usize {
        self.most_instances
    }

    fn tables(&self) -> usize {
        self.most_instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{CallSink, LogBounds, Origin};
    use std::sync::Arc;

    fn limiter(most: usize) -> MemoryLimiter {
        let sink = CallSink::new(Arc::new(|_| {}));
        let origin =
            Origin { plugin: "p".into(), service: String::new(), request_id: String::new() };
        let bounds = LogBounds { lines: 1, bytes: 1, line_bytes: 1 };
        let log = CallLog::new(sink, origin, bounds, Arc::new([]));
        MemoryLimiter::new(most, 100, log, MemoryMeter::default())
    }

    #[test]
    fn memories_and_tables_share_one_sum() {
        let mut limiter = limiter(200_000);
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.table_growing(0, 8_192, None).unwrap());
        assert!(limiter.memory_growing(65_536, 131_072, None).unwrap());
        assert!(!limiter.refused());
        assert!(!limiter.table_growing(8_192, 9_192, None).unwrap());
        assert!(limiter.refused());
    }

    #[test]
    fn a_growth_that_failed_is_not_counted() {
        let mut limiter = limiter(100_000);
        assert!(limiter.memory_growing(0, 65_536, Some(0)).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("over its maximum")).unwrap();
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
    }

    #[test]
    fn a_size_that_cannot_be_counted_is_refused() {
        let mut limiter = limiter(100_000);
        assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
    }
}
