//! Fair allocation of call places: limits calls per host and per plugin, and prefers the plugin
//! with the fewest running calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

use crate::memory::{InstanceCharge, PluginMemory};

/// The running calls of one plugin, and the memory of its running instances.
pub(in crate::plugin) struct PluginCalls {
    places: Arc<Places>,
    most: usize,
    memory: Arc<PluginMemory>,
    /// Changed only while the lock of `Places` is held.
    under_way: AtomicUsize,
}

impl PluginCalls {
    pub(super) fn new(places: &Arc<Places>, most: usize, memory: Arc<PluginMemory>) -> Arc<Self> {
        let (places, under_way) = (Arc::clone(places), AtomicUsize::new(0));
        Arc::new(PluginCalls { places, most, memory, under_way })
    }

    /// Reserves memory for a call, reclaiming memory if needed. Returns `None` if the plugin's
    /// share of the memory or the host's budget does not suffice.
    pub(super) fn charge(&self, memory: usize) -> Option<InstanceCharge> {
        InstanceCharge::make(&self.memory, memory)
    }

    fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        self.under_way() < self.most
    }
}

/// All call places of a host.
///
/// Of the plugins that have a waiting call and may run it, the plugin with the fewest running calls
/// gets a freed place. A plugin with few calls thus does not wait behind a plugin with many.
pub(super) struct Places(Mutex<PlacesState>);

struct PlacesState {
    free: usize,
    waiting: usize,
    /// One waiting line for each plugin with waiting calls. After a call of a line is admitted, the
    /// line moves to the end.
    lines: Vec<WaitingCalls>,
    next: u64,
}

struct WaitingCalls {
    calls: Arc<PluginCalls>,
    waiters: VecDeque<WaitingCall>,
}

struct WaitingCall {
    /// Increases from one call to the next, so that each line is sorted by number.
    number: u64,
    /// Bytes of memory that the call needs.
    memory: usize,
    place: oneshot::Sender<CallPlace>,
}

/// The place of a running call; released on drop.
pub(in crate::plugin) struct CallPlace {
    calls: Arc<PluginCalls>,
    charge: Option<InstanceCharge>,
}

impl CallPlace {
    /// Takes the memory reserved for the call, or returns `None` if it was already taken.
    pub(in crate::plugin) fn take_charge(&mut self) -> Option<InstanceCharge> {
        self.charge.take()
    }
}

/// A queued call; leaves the queue on drop.
pub(super) struct Ticket {
    calls: Arc<PluginCalls>,
    number: u64,
    place: oneshot::Receiver<CallPlace>,
}

/// The outcome of [`Places::enter`].
pub(super) enum Entered {
    Place(CallPlace),
    Queue(Ticket),
    /// The queue is full.
    Full,
}

impl Places {
    pub(super) fn new(free: usize) -> Arc<Self> {
        Arc::new(Places(Mutex::new(PlacesState { free, waiting: 0, lines: Vec::new(), next: 0 })))
    }

    pub(super) fn free(&self) -> usize {
        self.state().free
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Takes a place and reserves `memory` bytes for a call, or else adds the call to the queue of
    /// at most `queue` calls. In a full queue, the call replaces the last call of the plugin with
    /// the most queued calls, if the call's own plugin has at least two fewer queued calls.
    /// Otherwise the call is refused.
    pub(super) fn enter(&self, calls: &Arc<PluginCalls>, memory: usize, queue: usize) -> Entered {
        // Reserve memory before taking the lock, because reclaiming memory takes time.
        let charge = calls.charge(memory);
        let mut state = self.state();
        if let Some(charge) = charge.filter(|_| state.free > 0 && calls.has_room()) {
            return Entered::Place(state.take(calls, charge));
        }
        let refused = if state.waiting < queue { None } else { state.make_room(calls) };
        if state.waiting >= queue {
            return Entered::Full;
        }
        let (place, receiver) = oneshot::channel();
        let number = state.wait(calls, memory, place);
        drop(state);
        // Dropping the sender of the evicted call ends its wait.
        drop(refused);
        Entered::Queue(Ticket { calls: Arc::clone(calls), number, place: receiver })
    }

    fn state(&self) -> MutexGuard<'_, PlacesState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases a place, and passes it to the next call that may run, if any.
    fn give_back(&self, calls: &PluginCalls) {
        let mut state = self.state();
        state.free += 1;
        calls.under_way.fetch_sub(1, Ordering::Relaxed);
        self.give_out(state);
    }

    /// Tries again to admit a waiting call: memory may have been freed.
    pub(super) fn look_again(&self) {
        self.give_out(self.state());
    }

    /// Gives a free place to the next waiting call, if a place is free and a call may run.
    fn give_out(&self, mut state: MutexGuard<'_, PlacesState>) {
        if state.free == 0 {
            return;
        }
        let Some((waiter, calls, charge)) = state.next_waiter() else { return };
        let place = state.take(&calls, charge);
        // Unlock first: if the waiter has just left, the place is dropped here, and its `drop`
        // takes the lock again to pass the place to the next waiter.
        drop(state);
        let _ = waiter.send(place);
    }
}

impl PlacesState {
    fn take(&mut self, calls: &Arc<PluginCalls>, charge: InstanceCharge) -> CallPlace {
        self.free -= 1;
        calls.under_way.fetch_add(1, Ordering::Relaxed);
        CallPlace { calls: Arc::clone(calls), charge: Some(charge) }
    }

    fn wait(
        &mut self,
        calls: &Arc<PluginCalls>,
        memory: usize,
        place: oneshot::Sender<CallPlace>,
    ) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting += 1;
        let call = WaitingCall { number, memory, place };
        match self.lines.iter_mut().find(|line| Arc::ptr_eq(&line.calls, calls)) {
            Some(line) => line.waiters.push_back(call),
            None => {
                let waiters = VecDeque::from([call]);
                self.lines.push(WaitingCalls { calls: Arc::clone(calls), waiters });
            }
        }
        number
    }

    /// Removes and returns the call to admit next, and reserves its memory. Returns `None` if no
    /// waiting call may run.
    fn next_waiter(
        &mut self,
    ) -> Option<(oneshot::Sender<CallPlace>, Arc<PluginCalls>, InstanceCharge)> {
        let with_room = self.lines.iter().enumerate().filter(|(_, line)| line.calls.has_room());
        let mut order: Vec<_> = with_room.map(|(at, line)| (line.calls.under_way(), at)).collect();
        order.sort_unstable();
        let charged = |line: &WaitingCalls| {
            InstanceCharge::of_free(&line.calls.memory, line.waiters.front()?.memory)
        };
        let (at, charge) =
            order.into_iter().find_map(|(_, at)| Some((at, charged(self.lines.get(at)?)?)))?;
        let mut line = self.lines.remove(at);
        let waiter = line.waiters.pop_front()?;
        self.waiting -= 1;
        let calls = Arc::clone(&line.calls);
        if !line.waiters.is_empty() {
            self.lines.push(line);
        }
        Some((waiter.place, calls, charge))
    }

    /// Evicts the last call of the longest line, if this line is at least two calls longer than the
    /// line of `calls`. Returns the evicted call's sender, or `None` if no call was evicted.
    fn make_room(&mut self, calls: &Arc<PluginCalls>) -> Option<oneshot::Sender<CallPlace>> {
        let own = self.lines.iter().find(|line| Arc::ptr_eq(&line.calls, calls));
        let own = own.map_or(0, |line| line.waiters.len());
        let longest = self.lines.iter_mut().max_by_key(|line| line.waiters.len())?;
        if longest.waiters.len() <= own + 1 {
            return None;
        }
        let refused = longest.waiters.pop_back()?;
        self.waiting -= 1;
        Some(refused.place)
    }

    fn leave(
        &mut self,
        calls: &Arc<PluginCalls>,
        number: u64,
    ) -> Option<oneshot::Sender<CallPlace>> {
        let at = self.lines.iter().position(|line| Arc::ptr_eq(&line.calls, calls))?;
        let line = self.lines.get_mut(at)?;
        let in_line = line.waiters.binary_search_by_key(&number, |call| call.number).ok()?;
        let left = line.waiters.remove(in_line)?;
        if line.waiters.is_empty() {
            self.lines.remove(at);
        }
        self.waiting -= 1;
        Some(left.place)
    }
}

impl Ticket {
    /// Waits for the place. Returns `None` if the call was evicted.
    pub(super) async fn place(&mut self) -> Option<CallPlace> {
        (&mut self.place).await.ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let left = self.calls.places.state().leave(&self.calls, self.number);
        drop(left);
    }
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        // Release the memory before the place, because the next call may need the memory.
        drop(self.charge.take());
        self.calls.places.give_back(&self.calls);
    }
}
