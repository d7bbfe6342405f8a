//! A plugin's live instances: one for each call, or some that are reused.

use super::limits::Limits;
use super::ticker::TICKS_PER_YIELD;
use crate::hostcalls::State;
use crate::telemetry::{Origin, Retirement};
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
    /// The instance is dropped: each call starts with the component's initial memory.
    #[default]
    Fresh,
    /// A later call reuses the instance, one call at a time, and finds the guest's memory as the
    /// previous call left it. The instance is dropped after `calls` calls, a cancelled call, or any
    /// error except a failure that the service returned. It is also dropped once its memory has
    /// grown by more than a quarter of `limits.memory` since the end of its first call, or if
    /// enough other instances are already idle. An idle instance is dropped after `idle_time`, if
    /// the host is short of memory, or when its version no longer serves.
    Reuse {
        /// Maximum calls before the instance is dropped.
        calls: NonZeroU32,
        /// How long an instance waits for its next call before it is dropped.
        idle_time: Duration,
    },
}

impl Instances {
    /// The default idle time of an instance before it is dropped.
    pub(crate) const IDLE_TIME: Duration = Duration::from_secs(60);

    /// Returns the setting to reuse an instance for this many calls, with the default idle time of
    /// one minute.
    pub fn reuse(calls: NonZeroU32) -> Self {
        Instances::Reuse { calls, idle_time: Self::IDLE_TIME }
    }
}

/// Maximum number of idle instances of one plugin version.
const MAX_IDLE_OF_PLUGIN: usize = 16;

/// Maximum number of idle instances of a host without pool slots.
const MAX_IDLE_OF_HOST: usize = 256;

/// The idle instances of all plugins of a host: their number, the maximum number, and the pool of
/// each plugin version.
pub(crate) struct HostIdle {
    count: AtomicUsize,
    most: usize,
    pools: Mutex<Vec<Weak<Idle>>>,
}

impl HostIdle {
    /// Creates the record of idle instances for a host with this many slots. The maximum number of
    /// idle instances is a quarter of the slots, because calls may need the other slots. Without
    /// slots, it is [`MAX_IDLE_OF_HOST`].
    pub(super) fn of(slots: u32) -> Arc<Self> {
        let most = if slots == 0 { MAX_IDLE_OF_HOST } else { slots as usize / 4 };
        Arc::new(HostIdle { count: AtomicUsize::new(0), most, pools: Mutex::default() })
    }

    /// Drops the instance that has been idle longest. Returns false if no instance was dropped.
    pub(crate) fn end_longest(&self) -> bool {
        let pools = self.pools();
        let longest =
            pools.iter().filter_map(|pool| Some((pool.since()?, pool))).min_by_key(|it| it.0);
        longest.is_some_and(|(_, pool)| pool.end_first(|_| true))
    }

    /// Drops the instances whose idle time is over.
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

/// An instance and its store.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    linked: Arc<Linked>,
    /// `None` until the first call: instantiation counts towards that call's time.
    guest: Option<Guest>,
    calls: u32,
    /// Bytes of the instance's memories and tables at the end of its first call.
    memory: usize,
    /// The time when the instance last became idle, or was created if it has never been idle.
    since: Instant,
    /// Counts the end of the instance when it is dropped. `None` if the instance is never reused.
    pub(super) retires: Option<Retirement>,
}

impl Instance {
    /// Creates a store that has its limits but no guest. The guest is instantiated later, during
    /// the first call.
    pub(super) fn new(
        engine: &wasmtime::Engine,
        limits: &Limits,
        linked: Arc<Linked>,
        state: State,
    ) -> Self {
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.hostcall_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(TICKS_PER_YIELD);
        // wasmtime's own yield would wake the task at once. After tokio's yield on a thread of the
        // runtime, the runtime first polls its I/O and timers.
        store.epoch_deadline_callback(|_| {
            let yielding = Box::pin(tokio::task::yield_now());
            Ok(UpdateDeadline::YieldCustom(TICKS_PER_YIELD, yielding))
        });
        let since = Instant::now();
        Instance { store, linked, guest: None, calls: 0, memory: 0, since, retires: None }
    }

    /// Resets an idle instance for its next call.
    pub(super) fn begin(mut self, origin: Origin) -> Self {
        self.store.set_epoch_deadline(TICKS_PER_YIELD);
        self.store.data_mut().begin(origin);
        self.would_retire(Retirement::ERROR);
        self
    }

    /// Sets the reason that is counted if the instance is dropped.
    fn would_retire(&mut self, reason: &'static str) {
        if let Some(retires) = &mut self.retires {
            retires.reason = reason;
        }
    }

    /// Returns the guest, instantiating it if necessary, and the store to call it in.
    ///
    /// # Errors
    ///
    /// When the guest cannot be instantiated: a limit forbids it, no slot or memory is free, a
    /// start function traps, or an exported function has the wrong type.
    pub(super) async fn guest(&mut self) -> wasmtime::Result<(&Guest, &mut Store<State>)> {
        let guest = match self.guest.take() {
            Some(guest) => guest,
            None => self.linked.instantiate(&mut self.store).await?,
        };
        Ok((self.guest.insert(guest), &mut self.store))
    }
}

/// The idle instances of one version of a plugin, dropped with that version.
pub(super) struct Idle {
    calls: NonZeroU32,
    idle_time: Duration,
    /// `None` while reuse is off. The instance that has been idle longest is first.
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

    /// True if an instance is idle.
    pub(super) fn has_any(&self) -> bool {
        self.waiting().as_ref().is_some_and(|waiting| !waiting.is_empty())
    }

    /// Returns the time when the first instance in `waiting` became idle, or `None` if no instance
    /// is idle.
    fn since(&self) -> Option<Instant> {
        Some(self.waiting().as_ref()?.front()?.since)
    }

    /// Drops the instance that has been idle longest, if `is_to_end` returns true for the time when
    /// that instance became idle. Returns false if no instance was dropped.
    fn end_first(&self, is_to_end: impl Fn(Instant) -> bool) -> bool {
        let take = |waiting: &mut VecDeque<Instance>| {
            is_to_end(waiting.front()?.since).then(|| waiting.pop_front())?
        };
        // Release the lock before the instance is dropped, which takes time.
        let first = self.waiting().as_mut().and_then(take);
        let Some(mut instance) = first else { return false };
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
        instance.would_retire(Retirement::IDLE);
        true
    }

    /// Takes the most recently used instance, because its memory is the most likely to be in a
    /// processor's cache. Returns `None` if no instance is idle.
    pub(super) fn take(&self) -> Option<Instance> {
        let instance = self.waiting().as_mut()?.pop_back()?;
        self.host_idle.count.fetch_sub(1, Ordering::Relaxed);
        Some(instance)
    }

    /// Turns reuse on or off. Returns the instances that were idle, or `None` if reuse was off.
    pub(super) fn set_open(&self, open: bool) -> Option<VecDeque<Instance>> {
        let before = std::mem::replace(&mut *self.waiting(), open.then(VecDeque::new));
        let count = before.as_ref().map_or(0, VecDeque::len);
        self.host_idle.count.fetch_sub(count, Ordering::Relaxed);
        before
    }

    fn waiting(&self) -> MutexGuard<'_, Option<VecDeque<Instance>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an instance for its next call, unless it has served its maximum of calls, its memory
    /// has grown too much, enough instances are idle, or reuse is off. Ends the current call before
    /// the instance becomes idle: this writes the call's unfinished log lines and releases its
    /// leases.
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
        // The instance is counted before the check, so that two threads cannot both take the last
        // place.
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
