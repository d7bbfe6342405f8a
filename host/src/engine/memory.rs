//! The limit on memory: one sum over all memories and tables of a call.

use super::limits::Limits;
use wasmtime::ResourceLimiter;

/// Bytes that a table's element takes on the host.
const ELEMENT_BYTES: usize = size_of::<usize>();

/// Counts what a guest's memories and tables take together and refuses what is too much.
///
/// A refused growth is the guest's ordinary failure to grow, as WebAssembly has it; whether the
/// guest got over it shows in how the call ends.
pub(crate) struct MemoryLimiter {
    used: usize,
    most: usize,
    most_instances: usize,
    last_growth: usize,
    refused: bool,
}

impl MemoryLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        MemoryLimiter {
            used: 0,
            most: limits.memory,
            most_instances: limits.instances,
            last_growth: 0,
            refused: false,
        }
    }

    /// Begins a call in an instance that was kept: what it holds stays counted.
    pub(super) fn begin(&mut self) {
        self.refused = false;
    }

    /// What memories and tables take together.
    pub(super) fn used(&self) -> usize {
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
            self.refused = true;
        }
        allowed
    }

    /// Takes back what was counted for a growth that did not happen.
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

    fn limiter(most: usize) -> MemoryLimiter {
        MemoryLimiter::new(&Limits { memory: most, ..Limits::default() })
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
