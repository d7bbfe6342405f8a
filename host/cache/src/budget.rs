//! The memory budget of a host, which limits its caches and other kinds of memory together.

use std::sync::Arc;

use crate::sync::{AtomicUsize, Ordering};

/// A limit in bytes, and the number of bytes taken from it.
#[derive(Debug)]
pub struct MemoryBudget {
    most: usize,
    taken: AtomicUsize,
}

/// A part of a budget, for one kind of memory, with an optional limit of its own. Bytes taken from
/// a part are also taken from its budget.
#[derive(Debug)]
pub struct BudgetPart {
    budget: Arc<MemoryBudget>,
    most: usize,
    taken: AtomicUsize,
}

impl MemoryBudget {
    /// Creates a budget of `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(MemoryBudget { most, taken: AtomicUsize::new(0) })
    }

    /// Creates a part with a limit of `most` bytes.
    #[must_use]
    pub fn part(self: &Arc<Self>, most: usize) -> Arc<BudgetPart> {
        Arc::new(BudgetPart { budget: Arc::clone(self), most, taken: AtomicUsize::new(0) })
    }

    /// Returns the limit of the budget in bytes.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// Returns the taken bytes. They may exceed [`most`](Self::most) if
    /// [`force`](BudgetPart::force) was called.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns the bytes that are not taken: 0 if more than the limit is taken.
    #[must_use]
    pub fn free(&self) -> usize {
        self.most.saturating_sub(self.taken())
    }
}

impl BudgetPart {
    /// Takes bytes. Returns false and takes nothing if the part or its budget has fewer left.
    #[must_use]
    pub fn take(&self, bytes: usize) -> bool {
        // Avoid needless writes to a cache line that all threads share.
        if bytes == 0 {
            return true;
        }
        if !take(&self.taken, bytes, self.most) {
            return false;
        }
        let has_room = take(&self.budget.taken, bytes, self.budget.most);
        if !has_room {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
        }
        has_room
    }

    /// Takes bytes even beyond the limits, for memory that the caller needs in any case.
    pub fn force(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
        self.budget.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back bytes that were taken.
    pub fn give_back(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns the limit of the part in bytes.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// Returns the bytes taken from this part.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns the budget to which this part belongs.
    #[must_use]
    pub fn budget(&self) -> &Arc<MemoryBudget> {
        &self.budget
    }
}

fn take(taken: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let more = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= most);
    taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

/// Bytes taken from a part, given back on drop.
#[derive(Debug)]
pub struct BudgetCharge {
    part: Arc<BudgetPart>,
    bytes: usize,
}

impl BudgetCharge {
    /// Creates a charge of zero bytes.
    #[must_use]
    pub fn new(part: &Arc<BudgetPart>) -> Self {
        BudgetCharge { part: Arc::clone(part), bytes: 0 }
    }

    /// Takes more bytes. Returns false and takes nothing if fewer are left.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let has_room = self.part.take(bytes);
        if has_room {
            self.bytes += bytes;
        }
        has_room
    }

    /// Takes more bytes even beyond the limits.
    pub fn force(&mut self, bytes: usize) {
        self.part.force(bytes);
        self.bytes += bytes;
    }

    /// Gives back all but `bytes` bytes. Has no effect if the charge holds fewer.
    pub fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        self.part.give_back(less);
        self.bytes -= less;
    }

    /// Returns the bytes that the charge holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the part that the bytes are taken from.
    #[must_use]
    pub fn part(&self) -> &Arc<BudgetPart> {
        &self.part
    }
}

impl Drop for BudgetCharge {
    fn drop(&mut self) {
        self.part.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_takes_no_more_than_it_or_its_budget_has() {
        let budget = MemoryBudget::new(100);
        let (one, other) = (budget.part(60), budget.part(usize::MAX));
        assert!(one.take(60) && !one.take(1) && !other.take(41) && other.take(40));
        assert_eq!((budget.free(), one.taken(), other.taken()), (0, 60, 40));
        assert!(!other.take(usize::MAX), "a sum that has no number is not taken");
        one.give_back(10);
        assert!(other.take(10) && !one.take(1));
        one.force(5);
        assert_eq!((budget.taken(), budget.free(), one.taken()), (105, 0, 55));
    }

    #[test]
    fn a_charge_gives_back_what_it_took() {
        let budget = MemoryBudget::new(100);
        let part = budget.part(100);
        let mut charge = BudgetCharge::new(&part);
        assert!(charge.grow(70) && !charge.grow(31));
        charge.force(40);
        charge.shrink_to(30);
        charge.shrink_to(50);
        assert_eq!((charge.bytes(), budget.taken()), (30, 30));
        drop(charge);
        assert_eq!((budget.taken(), part.taken()), (0, 0));
    }
}
