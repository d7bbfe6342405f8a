//! Allows one password check at a time for each known client, group and name.

use super::throttle::FailureKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Locks by client, group and name. A lock exists as long as there is a handle to the lock.
#[derive(Default)]
pub(super) struct GuessLocks {
    by_key: Mutex<HashMap<FailureKey, Arc<tokio::sync::Mutex<()>>>>,
}

/// A request's handle to the lock for one key. Dropping the handle releases the lock if this handle
/// holds the lock. Dropping the last handle removes the lock.
pub(super) struct GuessLock {
    locks: Arc<GuessLocks>,
    key: FailureKey,
    lock: Arc<tokio::sync::Mutex<()>>,
    held: Option<OwnedMutexGuard<()>>,
}

impl GuessLocks {
    /// Returns a handle to the lock for a key. Takes the lock if no other request holds it.
    pub(super) fn enter(self: &Arc<Self>, key: FailureKey) -> GuessLock {
        let lock = Arc::clone(self.by_key().entry(key).or_default());
        let held = Arc::clone(&lock).try_lock_owned().ok();
        GuessLock { locks: Arc::clone(self), key, lock, held }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key().len()
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<FailureKey, Arc<tokio::sync::Mutex<()>>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuessLock {
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Waits until no other request holds the lock, and takes it.
    pub(super) async fn hold(&mut self) {
        if self.held.is_none() {
            self.held = Some(Arc::clone(&self.lock).lock_owned().await);
        }
    }
}

impl Drop for GuessLock {
    fn drop(&mut self) {
        let mut by_key = self.locks.by_key();
        // Drop this handle's references while the map is locked: otherwise, of two handles that are
        // dropped at once, each could count the other's, and neither would remove the lock.
        self.held = None;
        self.lock = Arc::default();
        if by_key.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::throttle::Throttle;
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};

    /// True if a future is ready at its first poll.
    fn is_ready(future: impl Future) -> bool {
        pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_lock_is_held_once_and_goes_with_its_last_request() {
        let locks = Arc::new(GuessLocks::default());
        let client = Some([10, 0, 0, 1].into());
        let guess = |name| Throttle::default().guess(client, "people", Some(name));
        let [ann, ben] = ["ann", "ben"].map(|name| guess(name).lock_key().unwrap());
        let first = locks.enter(ann);
        let mut second = locks.enter(ann);
        assert!(first.is_held() && !second.is_held() && locks.enter(ben).is_held());
        assert!(!is_ready(second.hold()));
        assert_eq!(locks.by_key().len(), 1);
        drop(first);
        assert!(is_ready(second.hold()));
        assert!(!locks.enter(ann).is_held());
        drop(second);
        assert_eq!(locks.by_key().len(), 0);
    }
}
