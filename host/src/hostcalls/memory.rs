//! The memory limit: it bounds the total of all memories and tables of an instance. The engine asks
//! the limiter before a memory or a table grows.

use crate::memory::InstanceCharge;
use crate::telemetry::{CallLog, Level, MemoryMeter};
use wasmtime::ResourceLimiter;

/// Bytes of a table's element on the host.
const ELEMENT_BYTES: usize = size_of::<usize>();

/// Counts the bytes of a guest's memories and tables, and refuses growth beyond `limits.memory`,
/// the plugin's share of the host's budget, or the whole budget.
///
/// To the guest, a refused growth is an ordinary failure of `memory.grow` or `table.grow`. The
/// limiter logs and counts the first refusal of each call. If the guest then traps, the host
/// reports the last refusal as the cause.
pub(crate) struct MemoryLimiter {
    used: usize,
    most: usize,
    most_instances: usize,
    last_growth: usize,
    refused: Option<MemoryRefusal>,
    /// The instance's charge to the host's budget: at least the bytes in use.
    charge: InstanceCharge,
    log: CallLog,
    meter: MemoryMeter,
}

/// Why a guest was refused memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryRefusal {
    /// The growth would exceed `limits.memory`.
    Limit,
    /// The growth would exceed the plugin's share of the host's budget, or the whole budget.
    Budget,
}

impl MemoryLimiter {
    /// Creates a limiter that allows `most` bytes, and `most_instances` core instances, memories
    /// and tables, each counted separately.
    pub(crate) fn new(
        most: usize,
        most_instances: usize,
        charge: InstanceCharge,
        log: CallLog,
        meter: MemoryMeter,
    ) -> Self {
        let (used, last_growth, refused) = (0, 0, None);
        MemoryLimiter { used, most, most_instances, last_growth, refused, charge, log, meter }
    }

    /// Begins a call in a reused instance. The memory that the instance holds still counts.
    pub(crate) fn begin(&mut self) {
        self.refused = None;
        self.charge.resume();
    }

    /// Ends a call whose instance is kept for another call.
    pub(crate) fn end(&mut self) {
        self.charge.rest(self.used);
    }

    /// Returns the bytes of all memories and tables together.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Returns why the guest was last refused memory in this call; `None` if it was not.
    pub(crate) fn refused(&self) -> Option<MemoryRefusal> {
        self.refused
    }

    fn grow(&mut self, growth: usize) -> bool {
        if growth > self.most.saturating_sub(self.used) {
            self.refuse(growth, MemoryRefusal::Limit);
            return false;
        }
        if !self.charge.grow_to(self.used + growth) {
            self.refuse(growth, MemoryRefusal::Budget);
            return false;
        }
        self.used += growth;
        self.last_growth = growth;
        true
    }

    fn refuse(&mut self, growth: usize, why: MemoryRefusal) {
        if self.refused.replace(why).is_some() {
            return;
        }
        self.meter.refused();
        let (used, most) = (self.used, self.most);
        let rule = match why {
            MemoryRefusal::Limit => format!("`limits.memory` is {most} bytes"),
            MemoryRefusal::Budget => {
                "its plugin's share of `server.memory`, or all of it, is in use".to_owned()
            }
        };
        let message =
            format!("the guest has {used} bytes of memory and was refused {growth} more: {rule}");
        self.log.report(Level::Warn, &message);
    }

    /// Subtracts a growth that was allowed and then failed.
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
    use crate::memory::{HostMemory, PluginMemory};
    use crate::telemetry::{CallSink, LogBounds, Origin};
    use std::sync::Arc;

    fn limiter(most: usize) -> MemoryLimiter {
        let sink = CallSink::new(Arc::new(|_| {}));
        let origin =
            Origin { plugin: "p".into(), service: String::new(), request_id: String::new() };
        let bounds = LogBounds { lines: 1, bytes: 1, line_bytes: 1 };
        let log = CallLog::new(sink, origin, bounds, Arc::new([]));
        let charge = InstanceCharge::forced(&HostMemory::new(0));
        MemoryLimiter::new(most, 100, charge, log, MemoryMeter::default())
    }

    #[test]
    fn memories_and_tables_share_one_sum() {
        let mut limiter = limiter(200_000);
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.table_growing(0, 8_192, None).unwrap());
        assert!(limiter.memory_growing(65_536, 131_072, None).unwrap());
        assert_eq!(limiter.refused(), None);
        assert!(!limiter.table_growing(8_192, 9_192, None).unwrap());
        assert_eq!(limiter.refused(), Some(MemoryRefusal::Limit));
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

    #[test]
    fn what_the_budget_lacks_is_refused_and_what_was_taken_is_given_back() {
        let host = HostMemory::new(300_000);
        let charge = InstanceCharge::make(&PluginMemory::new(&host), 65_536).unwrap();
        let mut limiter = limiter(1_000_000);
        limiter.charge = charge;
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert_eq!(host.budget().taken(), 65_536, "the first bytes are those of the admission");
        assert!(limiter.memory_growing(65_536, 131_072, None).unwrap());
        assert!(!limiter.memory_growing(131_072, 300_001, None).unwrap());
        assert_eq!(limiter.refused(), Some(MemoryRefusal::Budget));
        assert_eq!(host.budget().taken(), 131_072);
        drop(limiter);
        assert_eq!(host.budget().taken(), 0);
    }
}
