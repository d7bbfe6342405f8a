//! The memory of a host: one budget, divided by kind of memory.

mod plugin;
mod system;

pub(crate) use plugin::{InstanceCharge, PluginMemory};
pub(crate) use system::default_budget;

use hostel_cache::{BudgetPart, MemoryBudget};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A function that frees some dispensable memory. It returns false if no such memory is left.
type Freeing = Box<dyn Fn() -> bool + Send + Sync>;

/// The budget of a host, by kind of memory.
///
/// Caches get at most half of the budget, and messages at most a quarter. At least a quarter is
/// thus left for instances, even if entries never expire and clients are slow. Forced charges may
/// exceed these bounds: the minimum that [`Cache::within`](hostel_cache::Cache::within) describes,
/// and the instances that list services.
pub(crate) struct HostMemory {
    budget: Arc<MemoryBudget>,
    caches: Arc<BudgetPart>,
    messages: Arc<BudgetPart>,
    instances: Arc<BudgetPart>,
    /// Bytes of idle instances, which can be freed on demand.
    idle: AtomicUsize,
    freeing: OnceLock<Freeing>,
}

impl HostMemory {
    /// Creates a budget of this many bytes.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        let budget = MemoryBudget::new(bytes);
        let (caches, messages) = (budget.part(bytes / 2), budget.part(bytes / 4));
        let (instances, idle) = (budget.part(bytes), AtomicUsize::new(0));
        let freeing = OnceLock::new();
        Arc::new(HostMemory { budget, caches, messages, instances, idle, freeing })
    }

    /// Sets the function that frees dispensable memory. Only the first call has an effect.
    pub(crate) fn free_by(&self, freeing: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.freeing.set(Box::new(freeing));
    }

    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// Returns the part of the budget for cache entries in memory and their index.
    pub(crate) fn caches(&self) -> &Arc<BudgetPart> {
        &self.caches
    }

    /// Returns the part of the budget for the bodies of requests, for responses until they are
    /// sent, and for responses of remote servers.
    pub(crate) fn messages(&self) -> &Arc<BudgetPart> {
        &self.messages
    }

    /// Returns the part of the budget for memories and tables of running and idle instances.
    pub(crate) fn instances(&self) -> &Arc<BudgetPart> {
        &self.instances
    }

    /// Returns the bytes that are free or can be freed by dropping idle instances.
    fn available(&self) -> usize {
        self.budget.free().saturating_add(self.idle.load(Ordering::Relaxed))
    }

    /// Frees an idle instance, or else the cache of an unloaded plugin. Returns false if there is
    /// neither.
    pub(crate) fn make_room(&self) -> bool {
        self.freeing.get().is_some_and(|free| free())
    }

    /// Frees dispensable memory while nearly all of the budget is taken. Some parts of the host,
    /// such as the caches, cannot wait for free memory.
    pub(crate) fn keep_some_free(&self) {
        while self.budget.free() < self.budget.most() / 16 && self.make_room() {}
    }
}
