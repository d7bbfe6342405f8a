//! A plugin's live instances: one a call, or some that are kept for the calls to come.

use super::limits::Limits;
use super::state::State;
use super::{Compiled, TICKS_A_TURN, turns};
use crate::bindings::Service;
use crate::hostcalls::cache::CacheAccess;
use crate::telemetry::{CallLog, Origin, Retirement};
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
    /// It is kept for the next call, one call at a time: what a call leaves in the guest's memory,
    /// the next one finds. It is dropped after so many calls, after any error but a failure that
    /// the service itself answered, and when its memory has grown by a quarter of `limits.memory`.
    Reuse {
        /// Calls of one instance.
        calls: NonZeroU32,
    },
}

/// Instances of one plugin that wait for a call.
const IDLE_OF_A_PLUGIN: usize = 16;

/// Instances of all plugins of a host that wait for a call, where they have no slots.
const IDLE_OF_A_HOST: usize = 256;

/// The instances of all plugins of a host that wait for a call.
pub(super) struct HostIdle {
    count: AtomicUsize,
    most: usize,
}

impl HostIdle {
    /// A quarter of the slots of a pool may wait, so that those that do never keep a plugin from
    /// being called.
    pub(super) fn of(slots: u32) -> Self {
        let most = if slots == 0 { IDLE_OF_A_HOST } else { slots as usize / 4 };
        HostIdle { count: AtomicUsize::new(0), most }
    }
}

/// An instance and the store that it lives in.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    /// None until the first call, whose time making it is.
    service: Option<Service>,
    calls: u32,
    /// What its memories and tables took when its first call ended.
    memory: usize,
    /// Counts its end, where it may be kept.
    pub(super) retires: Option<Retirement>,
}

impl Instance {
    /// An empty store for one call, with every limit set.
    pub(super) fn new(
        engine: &wasmtime::Engine,
        limits: &Limits,
        cache: CacheAccess,
        log: CallLog,
    ) -> Self {
        let mut store = Store::new(engine, State::new(cache, log, limits));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.hostcall_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(TICKS_A_TURN);
        store.epoch_deadline_callback(|_| {
            Ok(UpdateDeadline::YieldCustom(TICKS_A_TURN, Box::pin(turns::give_way())))
        });
        Instance { store, service: None, calls: 0, memory: 0, retires: None }
    }

    /// Readies an instance that was kept for its next call.
    pub(super) fn begin(mut self, origin: Origin) -> Self {
        self.store.set_epoch_deadline(TICKS_A_TURN);
        let state = self.store.data_mut();
        state.memory.begin();
        state.log.begin(origin);
        self.would_retire(Retirement::ERROR);
        self
    }

    /// Says why it is dropped, should that be next.
    fn would_retire(&mut self, reason: &'static str) {
        if let Some(retires) = &mut self.retires {
            retires.reason = reason;
        }
    }

    /// The guest's export, and the store to call it in.
    ///
    /// # Errors
    ///
    /// When the instance cannot be made: its limits forbid it, or its start function traps.
    pub(super) async fn service(
        &mut self,
        component: &Compiled,
    ) -> wasmtime::Result<(&Service, &mut Store<State>)> {
        let service = match self.service.take() {
            Some(service) => service,
            None => component.service.instantiate_async(&mut self.store).await?,
        };
        Ok((self.service.insert(service), &mut self.store))
    }
}

/// The instances of one plugin that wait for their next call; dropped with the plugin.
pub(super) struct Idle {
    calls: NonZeroU32,
    /// None while none are kept.
    waiting: Mutex<Option<Vec<Instance>>>,
    /// Those of all plugins of the host.
    of_the_host: Arc<HostIdle>,
}

impl Idle {
    pub(super) fn new(calls: NonZeroU32, of_the_host: &Arc<HostIdle>) -> Self {
        let waiting = Mutex::new(Some(Vec::new()));
        Idle { calls, waiting, of_the_host: Arc::clone(of_the_host) }
    }

    /// The instance that was used last, whose memory is most likely still near.
    pub(super) fn take(&self) -> Option<Instance> {
        let instance = self.waiting().as_mut()?.pop()?;
        self.of_the_host.count.fetch_sub(1, Ordering::Relaxed);
        Some(instance)
    }

    /// Says whether instances are kept from now on, and answers those that waited until now.
    pub(super) fn set_open(&self, open: bool) -> Option<Vec<Instance>> {
        let before = std::mem::replace(&mut *self.waiting(), open.then(Vec::new));
        let count = before.as_ref().map_or(0, Vec::len);
        self.of_the_host.count.fetch_sub(count, Ordering::Relaxed);
        before
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Vec<Instance>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an instance whose call has ended well, unless it has had its share.
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
        instance.store.data_mut().log.end();
        if self.of_the_host.count.fetch_add(1, Ordering::Relaxed) < self.of_the_host.most {
            instance.would_retire(Retirement::VERSION);
            match self.waiting().as_mut() {
                Some(waiting) if waiting.len() < IDLE_OF_A_PLUGIN => return waiting.push(instance),
                Some(_) => instance.would_retire(Retirement::ENOUGH),
                None => {}
            }
        } else {
            instance.would_retire(Retirement::ENOUGH);
        }
        self.of_the_host.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.set_open(false));
    }
}
