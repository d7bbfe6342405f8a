//! A plugin's live instances: one for each call, or some that are reused.

use super::limits::Limits;
use super::ticker::TICKS_PER_YIELD;
use crate::hostcalls::{Capabilities, ConfigValues, State, StoreBounds};
use crate::memory::InstanceCharge;
use crate::telemetry::{CallLog, MemoryMeter, Origin, Retirement};
use crate::world::{Guest, Linked};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
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
        /// How long an instance waits for its next call before it is dropped.
        idle_time: Duration,
    },
}

impl Instances {
    /// How long an instance waits for its next call, unless it is configured otherwise.
    pub(crate) const IDLE_TIME: Duration = Duration::from_secs(60);

    /// Reuse for so many calls, of instances that wait for their next call for a minute at most.
    pub fn reuse(calls: NonZeroU32) -> Self {
        Instances::Reuse { calls, idle_time: Self::IDLE_TIME }
    }
}

/// Idle instances of one plugin.
const MAX_IDLE_OF_PLUGIN: usize = 16;

/// Idle instances of all plugins of a host whose instances have no slots.
const MAX_IDLE_OF_HOST: usize = 256;

/// The idle instances of all plugins of a host: their count, its bound, and where they are.
pub(crate) struct HostIdle {
    count: AtomicUsize,
    most: usize,
    pools: Mutex<Vec<Weak<Idle>>>,
}

impl HostIdle {
    /// At most a quarter of the pool's slots is for idle instances, so that they never keep a call
    /// from its slot.
    pub(super) fn of(slots: u32) -> Arc<Self> {
        let most = if slots == 0 { MAX_IDLE_OF_HOST } else { slots as usize / 4 };
        Arc::new(HostIdle { count: AtomicUsize::new(0), most, pools: Mutex::default() })
    }

    /// Ends the instance that has waited longest; false without idle instances.
    pub(crate) fn end_longest(&self) -> bool {
        let pools = self.pools();
        let longest =
            pools.iter().filter_map(|pool| Some((pool.since()?, pool))).min_by_key(|it| it.0);
        longest.is_some_and(|(_, pool)| pool.end_first(|_| true))
    }

    /// Ends the instances that have waited for their time.
    pub(super) fn end_overdue(&self, now: Instant) {
        for pool in self.pools() {
            while pool.end_first(|since| now.saturating_duration_since(since) >= pool.idle_time) {}
        }
    }

    fn pools(&self) -> Vec<Arc<Idle>> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.iter().filter_map(Weak::upgrade).collect()
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
    /// When its last call ended.
    since: Instant,
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
        charge: InstanceCharge,
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
        let mut store =
            Store::new(engine, State::new(capabilities, config, log, charge, memory, bounds));
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
        Instance { store, guest: None, calls: 0, memory: 0, since: Instant::now(), retires: None }
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
    idle_time: Duration,
    /// None while reuse is off. The one that has waited longest is first.
    waiting: Mutex<Option<VecDeque<Instance>>>,
    host_idle: Arc<HostIdle>,
}

impl Idle {
    pub(super) fn new(
        calls: NonZeroU32,
        idle_time: Duration,
        host_idle: &Arc<HostIdle>,
    ) -> Arc<Self> {
        let (waiting, host_idle) = (Mutex::new(Some(VecDeque::new())), Arc::clone(host_idle));
        let idle = Arc::new(Idle { calls, idle_time, waiting, host_idle });
        let mut pools = idle.host_idle.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.push(Arc::downgrade(&idle));
        drop(pools);
        idle
    }

    /// Whether an instance waits.
    pub(super) fn has_any(&self) -> bool {
        self.waiting().as_ref().is_some_and(|waiting| !waiting.is_empty())
    }

    /// Since when the first instance has waited; none when none waits.
    fn since(&self) -> Option<Instant> {
        Some(self.waiting().as_ref()?.front()?.since)
    }

    /// Ends the instance that has waited longest, if it is to end; false otherwise.
    fn end_first(&self, is_to_end: impl Fn(Instant) -> bool) -> bool {
        let take = |waiting: &mut VecDeque<Instance>| {
            is_to_end(waiting.front()?.since).then(|| waiting.pop_front())?
        };
        // The lock is given back before the instance is dropped, which takes time.
        let first = self.waiting().as_mut().and_then(take);
        let Some(mut instance) = first else { return false };
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
        instance.would_retire(Retirement::IDLE);
        true
    }

    /// Takes the instance that was used last: its memory is the most likely to be in a processor's
    /// cache.
    pub(super) fn take(&self) -> Option<Instance> {
        let instance = self.waiting().as_mut()?.pop_back()?;
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
        Some(instance)
    }

    /// Turns reuse on or off and returns the instances that were idle.
    pub(super) fn set_open(&self, open: bool) -> Option<VecDeque<Instance>> {
        let before = std::mem::replace(&mut *self.waiting(), open.then(VecDeque::new));
        let count = before.as_ref().map_or(0, VecDeque::len);
        self.host_idle.count.fetch_sub(count, Ordering::Relaxed);
        before
    }

    fn waiting(&self) -> MutexGuard<'_, Option<VecDeque<Instance>>> {
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
        instance.since = Instant::now();
        if self.host_idle.count.fetch_add(1, Ordering::Relaxed) < self.host_idle.most {
            instance.would_retire(Retirement::VERSION);
            match self.waiting().as_mut() {
                Some(waiting) if waiting.len() < MAX_IDLE_OF_PLUGIN => {
                    return waiting.push_back(instance);
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
