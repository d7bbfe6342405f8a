//! A plugin's live instances: one for each call, or some that are reused.

use super::limits::Limits;
use super::ticker::TICKS_PER_YIELD;
use crate::hostcalls::{Capabilities, ConfigValues, State, StoreBounds};
use crate::telemetry::{CallLog, MemoryMeter, Origin, Retirement};
use crate::world::{Guest, Linked};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::{Store, UpdateDeadline};

/// What happens to an instance when its call ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instances {
    /// It is dropped: each call begins with the memory that the component was built with.
    #[default]
    Fresh,
    /// It is reused by the next call, one call at a time: what a call leaves in the guest's memory,
    /// the next one finds. It is dropped after so many calls, after any error but a failure that
    /// the service itself returned, and when its memory has grown by a quarter of `limits.memory`.
    Reuse {
        /// Calls of one instance.
        calls: NonZeroU32,
    },
}

/// Idle instances of one plugin.
const MAX_IDLE_OF_PLUGIN: usize = 16;

/// Idle instances of all plugins of a host whose instances have no slots.
const MAX_IDLE_OF_HOST: usize = 256;

/// The count of idle instances of all plugins of a host, and its bound.
pub(super) struct HostIdle {
    count: AtomicUsize,
    most: usize,
}

impl HostIdle {
    /// At most a quarter of the pool's slots is for idle instances, so that they never keep a call
    /// from its slot.
    pub(super) fn of(slots: u32) -> Self {
        let most = if slots == 0 { MAX_IDLE_OF_HOST } else { slots as usize / 4 };
        HostIdle { count: AtomicUsize::new(0), most }
    }
}

/// An instance and the store that it lives in.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    /// None until the first call, since instantiation counts as its time.
    guest: Option<Guest>,
    calls: u32,
    /// Bytes of its memories and tables when its first call ended.
    memory: usize,
    /// Counts its end, where it may be kept.
    pub(super) retires: Option<Retirement>,
}

impl Instance {
    /// An empty store for one call, with every limit set.
    pub(super) fn new(
        engine: &wasmtime::Engine,
        limits: &Limits,
        capabilities: Option<Arc<Capabilities>>,
        config: Arc<ConfigValues>,
        log: CallLog,
        memory: MemoryMeter,
    ) -> Self {
        let bounds = StoreBounds {
            memory: limits.memory,
            instances: limits.instances,
            handles: limits.handles,
            random_bytes: limits.random,
            http_requests: limits.http_requests,
            http_response: limits.http_response,
        };
        let mut store = Store::new(engine, State::new(capabilities, config, log, memory, bounds));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.hostcall_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(TICKS_PER_YIELD);
        // Not wasmtime's own yield, which wakes the task at once: tokio's runtime polls its I/O and
        // timers first.
        store.epoch_deadline_callback(|_| {
            let yielding = Box::pin(tokio::task::yield_now());
            Ok(UpdateDeadline::YieldCustom(TICKS_PER_YIELD, yielding))
        });
        Instance { store, guest: None, calls: 0, memory: 0, retires: None }
    }

    /// Resets an idle instance for its next call.
    pub(super) fn begin(mut self, origin: Origin) -> Self {
        self.store.set_epoch_deadline(TICKS_PER_YIELD);
        self.store.data_mut().begin(origin);
        self.would_retire(Retirement::ERROR);
        self
    }

    /// Sets the reason that is counted if the instance is dropped from here on.
    fn would_retire(&mut self, reason: &'static str) {
        if let Some(retires) = &mut self.retires {
            retires.reason = reason;
        }
    }

    /// The guest, instantiated if it is not yet, and the store to call it in.
    ///
    /// # Errors
    ///
    /// When the instance cannot be made: a limit forbids it, or its start function traps.
    pub(super) async fn guest(
        &mut self,
        linked: &Linked,
    ) -> wasmtime::Result<(&Guest, &mut Store<State>)> {
        let guest = match self.guest.take() {
            Some(guest) => guest,
            None => linked.instantiate(&mut self.store).await?,
        };
        Ok((self.guest.insert(guest), &mut self.store))
    }
}

/// The idle instances of one plugin; dropped with the plugin.
pub(super) struct Idle {
    calls: NonZeroU32,
    /// None while reuse is off.
    waiting: Mutex<Option<Vec<Instance>>>,
    host_idle: Arc<HostIdle>,
}

impl Idle {
    pub(super) fn new(calls: NonZeroU32, host_idle: &Arc<HostIdle>) -> Self {
        let waiting = Mutex::new(Some(Vec::new()));
        Idle { calls, waiting, host_idle: Arc::clone(host_idle) }
    }

    /// Takes the instance that was used last: its memory is the most likely to be in a processor's
    /// cache.
    pub(super) fn take(&self) -> Option<Instance> {
        let instance = self.waiting().as_mut()?.pop()?;
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
        Some(instance)
    }

    /// Turns reuse on or off and returns the instances that were idle.
    pub(super) fn set_open(&self, open: bool) -> Option<Vec<Instance>> {
        let before = std::mem::replace(&mut *self.waiting(), open.then(Vec::new));
        let count = before.as_ref().map_or(0, Vec::len);
        self.host_idle.count.fetch_sub(count, Ordering::Relaxed);
        before
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Vec<Instance>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an instance whose call succeeded, unless it has had its calls, its memory has grown, or
    /// enough are idle. The call ends here, so that the last line of its log is written and its
    /// leases are given back before the instance waits.
    pub(super) fn keep(&self, mut instance: Instance, limits: &Limits) {
        let memory = instance.store.data().memory.used();
        instance.calls += 1;
        if instance.calls == 1 {
            instance.memory = memory;
        }
        let grown = memory.saturating_sub(instance.memory);
        if instance.calls >= self.calls.get() {
            return instance.would_retire(Retirement::CALLS);
        }
        if grown > limits.memory / 4 {
            return instance.would_retire(Retirement::MEMORY);
        }
        instance.store.data_mut().end();
        if self.host_idle.count.fetch_add(1, Ordering::Relaxed) < self.host_idle.most {
            instance.would_retire(Retirement::VERSION);
            match self.waiting().as_mut() {
                Some(waiting) if waiting.len() < MAX_IDLE_OF_PLUGIN => {
                    return waiting.push(instance);
                }
                Some(_) => instance.would_retire(Retirement::ENOUGH),
                None => {}
            }
        } else {
            instance.would_retire(Retirement::ENOUGH);
        }
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.set_open(false));
    }
}
