//! The places for calls under way: so many in the host, so many in each plugin, given to the plugins
//! in turn.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

use crate::memory::{InstanceCharge, PluginMemory};

/// The calls of one plugin, and the memory of its instances.
pub(in crate::plugin) struct PluginCalls {
    most: usize,
    memory: Arc<PluginMemory>,
    /// Changes only while the places are locked.
    under_way: AtomicUsize,
}

impl PluginCalls {
    pub(super) fn new(most: usize, memory: Arc<PluginMemory>) -> Arc<Self> {
        Arc::new(PluginCalls { most, memory, under_way: AtomicUsize::new(0) })
    }

    /// Takes memory for a call, and makes room for it where that is needed.
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

/// All places of a host.
///
/// A place that becomes free goes to the plugin with the fewest calls under way of those that wait,
/// so that a plugin with few calls does not wait behind one with many.
pub(super) struct Places(Mutex<PlacesState>);

struct PlacesState {
    free: usize,
    waiting: usize,
    /// Those of plugins whose calls wait; none is empty. The one that was served last is last.
    lines: Vec<WaitingCalls>,
    next: u64,
}

struct WaitingCalls {
    calls: Arc<PluginCalls>,
    waiters: VecDeque<WaitingCall>,
}

struct WaitingCall {
    /// It rises from one call to the next.
    number: u64,
    /// Bytes of memory that it takes.
    memory: usize,
    place: oneshot::Sender<CallPlace>,
}

/// The place of a call, given back when it is dropped.
pub(in crate::plugin) struct CallPlace {
    places: Arc<Places>,
    calls: Arc<PluginCalls>,
    charge: Option<InstanceCharge>,
}

impl CallPlace {
    /// The memory that was taken for the call; none the second time.
    pub(in crate::plugin) fn take_charge(&mut self) -> Option<InstanceCharge> {
        self.charge.take()
    }
}

/// A call that waits for its place; it leaves the queue when it is dropped.
pub(super) struct Ticket {
    places: Arc<Places>,
    calls: Arc<PluginCalls>,
    number: u64,
    place: oneshot::Receiver<CallPlace>,
}

/// What a call finds.
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

    /// Calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Takes a place for a call of a plugin that takes so many bytes of memory, or else a place in the
    /// queue, which has room for `queue` calls. In a full queue, the last call of the plugin with the
    /// most makes way for one of a plugin with fewer.
    pub(super) fn enter(
        self: &Arc<Self>,
        calls: &Arc<PluginCalls>,
        memory: usize,
        queue: usize,
    ) -> Entered {
        // Before the lock, since making room takes time.
        let charge = calls.charge(memory);
        let mut state = self.state();
        if let Some(charge) = charge.filter(|_| state.free > 0 && calls.has_room()) {
            return Entered::Place(state.take(self, calls, charge));
        }
        let refused = if state.waiting < queue { None } else { state.make_room(calls) };
        if state.waiting >= queue {
            return Entered::Full;
        }
        let (place, receiver) = oneshot::channel();
        let number = state.wait(calls, memory, place);
        drop(state);
        drop(refused);
        let (places, calls) = (Arc::clone(self), Arc::clone(calls));
        Entered::Queue(Ticket { places, calls, number, place: receiver })
    }

    fn state(&self) -> MutexGuard<'_, PlacesState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a place back, to a call that waits if there is one.
    fn give_back(self: &Arc<Self>, calls: &PluginCalls) {
        let mut state = self.state();
        state.free += 1;
        calls.under_way.fetch_sub(1, Ordering::Relaxed);
        self.give_out(state);
    }

    /// Gives free places to calls that wait and for which there is memory by now.
    pub(super) fn look_again(self: &Arc<Self>) {
        self.give_out(self.state());
    }

    /// Gives a free place to a call that waits, if there are both.
    fn give_out(self: &Arc<Self>, mut state: MutexGuard<'_, PlacesState>) {
        if state.free == 0 {
            return;
        }
        let Some((waiter, calls, charge)) = state.next_waiter() else { return };
        let place = state.take(self, &calls, charge);
        drop(state);
        // Where the waiter is just leaving, the place is dropped, and so goes to the next.
        let _ = waiter.send(place);
    }
}

impl PlacesState {
    fn take(
        &mut self,
        places: &Arc<Places>,
        calls: &Arc<PluginCalls>,
        charge: InstanceCharge,
    ) -> CallPlace {
        self.free -= 1;
        calls.under_way.fetch_add(1, Ordering::Relaxed);
        let (places, calls, charge) = (Arc::clone(places), Arc::clone(calls), Some(charge));
        CallPlace { places, calls, charge }
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

    /// The call that gets the next place, with memory that was taken for it.
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

    /// Refuses the last call of the longest line, unless that of `calls` would be as long.
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
    /// Waits for the place; none where the call has to make way.
    pub(super) async fn place(&mut self) -> Option<CallPlace> {
        (&mut self.place).await.ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let left = self.places.state().leave(&self.calls, self.number);
        drop(left);
    }
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        // Before the place goes to another call, which may need this memory.
        drop(self.charge.take());
        self.places.give_back(&self.calls);
    }
}
