//! Leases: of the callers that miss a key at the same time, one is told to compute its value.
//!
//! A shard keeps the leases of its keys under its own lock, beside the entries: so each operation
//! sees a lease and the entry as they are at one moment.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::entry::{Entry, Value};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// Who holds leases: a call, which holds at most one of each key.
///
/// Its owner ends its leases by [`Cache::release`](crate::Cache::release).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder(u64);

impl Holder {
    /// A holder that is no other.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        Self(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

/// What [`Cache::get_or_lease`](crate::Cache::get_or_lease) found.
#[derive(Debug)]
pub enum Found {
    /// The value of a live entry.
    Value(Value),
    /// The value of a live entry that soon expires, and the caller is the one to compute it anew.
    Refresh(Value),
    /// There is no live entry, and the caller is the one to compute it.
    Compute,
    /// There is no live entry, and another holder computes it: ask again once its lease has ended.
    Held(LeaseEnd),
}

/// The leases of one shard, by key. There are none almost always.
///
/// What ends a lease returns it, to be dropped where the shard's lock is no longer held: that wakes
/// who waits.
#[derive(Debug, Default)]
pub(crate) struct Leases(BTreeMap<Box<str>, Lease>);

/// One lease. All callers that wait for its end are woken when it is dropped.
#[derive(Debug)]
#[must_use = "it is dropped outside the shard's lock"]
pub(crate) struct Lease {
    holder: Holder,
    /// The value that was there when it began: where another is there, it was set since.
    seen: Option<Value>,
    waiters: Arc<Waiters>,
}

impl Leases {
    /// Ends the lease of a key, of any holder.
    #[inline]
    pub(crate) fn end(&mut self, key: &str) -> Option<Lease> {
        if self.0.is_empty() { None } else { self.0.remove(key) }
    }

    /// Ends the lease of a key, if it is this holder's.
    pub(crate) fn release(&mut self, key: &str, holder: Holder) -> Option<Lease> {
        let is_its = self.0.get(key).is_some_and(|lease| lease.holder == holder);
        if is_its { self.0.remove(key) } else { None }
    }

    /// Ends the leases of all keys that begin with the prefix, also of those without an entry.
    pub(crate) fn end_all(&mut self, prefix: &str) -> Vec<Lease> {
        self.0.extract_if(.., |key, _| key.starts_with(prefix)).map(|(_, lease)| lease).collect()
    }

    /// Gives the holder the lease of a key, whose live entry is this one, unless another holds it.
    ///
    /// # Errors
    ///
    /// With the end of the other's lease.
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
            lease.seen = seen.map(Entry::share);
            return Ok(());
        }
        let lease = Lease { holder, seen: seen.map(Entry::share), waiters: Arc::default() };
        self.0.insert(key.into(), lease);
        Ok(())
    }

    /// True when the holder has the lease of a key whose live entry, if there is one, is still the
    /// one that was there when the lease began. It may be gone by itself: expired or evicted.
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

/// Who waits for the end of one lease.
#[derive(Debug, Default)]
struct Waiters {
    state: Mutex<WaitersState>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct WaitersState {
    has_ended: bool,
    /// By the number of the one who waits.
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

/// The end of another holder's lease, to wait for: the value was filled in, the key was set or
/// deleted, or the lease was given back.
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
        // Dropped outside the lock, since it may do whatever its runtime does.
        drop(waker);
    }
}

#[cfg(test)]
mod tests;
