//! Leases: when several callers miss a key at the same time, only one of them computes its value.
//!
//! A shard keeps its leases under the same lock as its entries, so each operation sees a consistent
//! pair of lease and entry.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::entry::{Entry, Value};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// Identifies the holder of leases, such as one call of a guest. A holder has at most one lease of
/// each key.
///
/// The code that creates a holder must end each of the holder's leases, with
/// [`Cache::fill`](crate::Cache::fill) or [`Cache::release`](crate::Cache::release).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder(u64);

impl Holder {
    /// Creates a new, unique holder.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        Self(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

/// The result of [`Cache::get_or_lease`](crate::Cache::get_or_lease).
#[derive(Debug)]
pub enum Found {
    /// The value of a live entry.
    Value(Value),
    /// The value of a live entry that expires soon. The caller now has the lease and must recompute
    /// the value.
    Refresh(Value),
    /// There is no live entry. The caller now has the lease and must compute the value.
    Compute,
    /// There is no live entry, and another holder has the lease: retry once that lease has ended.
    Held(LeaseEnd),
}

/// The leases of one shard, by key. The map is nearly always empty.
///
/// Methods that end a lease return it. The caller must drop it after releasing the shard's lock,
/// because dropping it wakes the waiters.
#[derive(Debug, Default)]
pub(crate) struct Leases(BTreeMap<Box<str>, Lease>);

/// One lease. Dropping it wakes all callers that wait for its end.
#[derive(Debug)]
#[must_use = "it is dropped outside the shard's lock"]
pub(crate) struct Lease {
    holder: Holder,
    /// The value that its holder saw last, or `None` if there was no live entry. If there is
    /// another value now, the key was set since then.
    seen: Option<Value>,
    waiters: Arc<Waiters>,
}

impl Leases {
    /// Ends the lease of a key, regardless of its holder.
    #[inline]
    pub(crate) fn end(&mut self, key: &str) -> Option<Lease> {
        if self.0.is_empty() { None } else { self.0.remove(key) }
    }

    /// Ends the lease of a key if it belongs to this holder.
    pub(crate) fn release(&mut self, key: &str, holder: Holder) -> Option<Lease> {
        let is_its = self.0.get(key).is_some_and(|lease| lease.holder == holder);
        if is_its { self.0.remove(key) } else { None }
    }

    /// Ends the leases of all keys that begin with the prefix, including keys without an entry.
    pub(crate) fn end_all(&mut self, prefix: &str) -> Vec<Lease> {
        self.0.extract_if(.., |key, _| key.starts_with(prefix)).map(|(_, lease)| lease).collect()
    }

    /// Grants the holder the lease of a key, unless another holder has it. `seen` is the key's live
    /// entry.
    ///
    /// # Errors
    ///
    /// If another holder has the lease: a future that completes when that lease ends.
    pub(crate) fn begin(
        &mut self,
        key: &str,
        holder: Holder,
        seen: Option<&Entry>,
    ) -> Result<(), LeaseEnd> {
        if let Some(lease) = self.0.get_mut(key) {
            if lease.holder != holder {
                return Err(LeaseEnd::of(&lease.waiters));
            }
            // The holder computes again: from now on, its fill may replace only the entry `seen`.
            lease.seen = seen.map(Entry::share);
            return Ok(());
        }
        let lease = Lease { holder, seen: seen.map(Entry::share), waiters: Arc::default() };
        self.0.insert(key.into(), lease);
        Ok(())
    }

    /// Returns true if the holder has the lease of the key, and `entry`, the live entry, is the
    /// entry that the holder saw. Also accepts a missing entry: it may have expired or been
    /// evicted.
    pub(crate) fn is_valid(&self, key: &str, holder: Holder, entry: Option<&Entry>) -> bool {
        self.0.get(key).is_some_and(|lease| {
            let is_as_seen = match (&lease.seen, entry) {
                (_, None) => true,
                (Some(seen), Some(entry)) => seen.is_of(entry),
                (None, Some(_)) => false,
            };
            lease.holder == holder && is_as_seen
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let wakers = self.waiters.lock().end();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The callers that wait for the end of one lease.
#[derive(Debug, Default)]
struct Waiters {
    state: Mutex<WaitersState>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct WaitersState {
    has_ended: bool,
    /// Keyed by [`LeaseEnd::number`].
    wakers: HashMap<u64, Waker>,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, WaitersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitersState {
    fn end(&mut self) -> Vec<Waker> {
        self.has_ended = true;
        std::mem::take(&mut self.wakers).into_values().collect()
    }
}

/// A future that completes when another holder's lease ends: the holder stored the value or
/// released the lease, or another operation ended the lease.
#[derive(Debug)]
pub struct LeaseEnd {
    waiters: Arc<Waiters>,
    number: u64,
}

impl LeaseEnd {
    fn of(waiters: &Arc<Waiters>) -> Self {
        let number = waiters.next.fetch_add(1, Ordering::Relaxed);
        Self { waiters: Arc::clone(waiters), number }
    }
}

impl Future for LeaseEnd {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.waiters.lock();
        if state.has_ended {
            return Poll::Ready(());
        }
        state.wakers.insert(self.number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for LeaseEnd {
    fn drop(&mut self) {
        let waker = self.waiters.lock().wakers.remove(&self.number);
        // Drop the waker outside the lock: its `drop` runs code of the async runtime.
        drop(waker);
    }
}

#[cfg(test)]
mod tests;
