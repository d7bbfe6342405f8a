//! The memory that a host may take: one budget, and the part of each kind of memory.

mod plugin;
mod system;

pub(crate) use plugin::{InstanceCharge, PluginMemory};
pub(crate) use system::default_budget;

use hostel_cache::{BudgetPart, MemoryBudget};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Frees some memory that can be done without; false without such memory.
type Freeing = Box<dyn Fn() -> bool + Send + Sync>;

/// The budget of a host, by kind.
///
/// Caches have at most half of it and messages a quarter, so that at least a quarter is always left
/// for instances, however long entries stay and however slow clients are.
pub(crate) struct HostMemory {
    budget: Arc<MemoryBudget>,
    caches: Arc<BudgetPart>,
    messages: Arc<BudgetPart>,
    instances: Arc<BudgetPart>,
    /// Bytes of idle instances. They become free when others need them.
    idle: AtomicUsize,
    freeing: OnceLock<Freeing>,
}

impl HostMemory {
    /// A budget of so many bytes.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        let budget = MemoryBudget::new(bytes);
        let (caches, messages) = (budget.part(bytes / 2), budget.part(bytes / 4));
        let (instances, idle) = (budget.part(bytes), AtomicUsize::new(0));
        let freeing = OnceLock::new();
        Arc::new(HostMemory { budget, caches, messages, instances, idle, freeing })
    }

    /// Sets how memory is freed that can be done without. Only the first one counts.
    pub(crate) fn free_by(&self, freeing: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.freeing.set(Box::new(freeing));
    }

    /// All of it.
    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// Entries of caches in memory, with what it takes to find them.
    pub(crate) fn caches(&self) -> &Arc<BudgetPart> {
        &self.caches
    }

    /// Bodies of requests, and responses until they are sent; also those of servers elsewhere.
    pub(crate) fn messages(&self) -> &Arc<BudgetPart> {
        &self.messages
    }

    /// Memories and tables of instances, live and idle.
    pub(crate) fn instances(&self) -> &Arc<BudgetPart> {
        &self.instances
    }

    /// Bytes that are free, or become free when instances that are idle end.
    fn available(&self) -> usize {
        self.budget.free().saturating_add(self.idle.load(Ordering::Relaxed))
    }

    /// Frees some memory that can be done without: an idle instance, or else the cache of a plugin
    /// that is gone. False without either.
    pub(crate) fn make_room(&self) -> bool {
        self.freeing.get().is_some_and(|free| free())
    }

    /// Frees memory that can be done without, as long as nearly all of the budget is taken: what takes
    /// from it and cannot wait, such as a cache, then finds some.
    pub(crate) fn keep_some_free(&self) {
        while self.budget.free() < self.budget.most() / 16 && self.make_room() {}
    }
}
