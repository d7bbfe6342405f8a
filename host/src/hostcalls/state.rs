//! The data of a store: what the host calls of one call find.

use super::memory::MemoryLimiter;
use super::wasi;
use crate::backend::{CacheStore, CallLeases, LeaseWaits};
use crate::grants::Grants;
use crate::telemetry::{CallLog, LeaseMeter, Origin, RedisSpan, SpanParent};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// What a plugin's grants open, made when the plugin is loaded and shared by all of its calls.
pub(crate) struct Capabilities {
    pub(crate) grants: Grants,
    /// The cache that the plugin is bound to.
    pub(crate) cache: CacheStore,
    /// How many of the plugin's calls may wait for a lease.
    pub(crate) lease_waits: LeaseWaits,
    pub(crate) lease_meter: LeaseMeter,
}

/// What a store may hold on the host.
#[derive(Clone, Copy)]
pub(crate) struct StoreBounds {
    /// Bytes of all memories and tables together.
    pub(crate) memory: usize,
    /// Core instances, memories and tables, each counted alone.
    pub(crate) instances: usize,
    /// Live handles.
    pub(crate) handles: usize,
    /// Random bytes of one host call.
    pub(crate) random_bytes: u64,
}

/// What the host calls of one call find. It is made for the call and dropped with it, or reset for
/// the next call where the plugin reuses instances.
pub(crate) struct State {
    /// None while the plugin lists its services: then only its log is open.
    pub(super) capabilities: Option<Arc<Capabilities>>,
    pub(crate) log: CallLog,
    /// None where the call is not traced.
    pub(crate) span: Option<SpanParent>,
    pub(crate) memory: MemoryLimiter,
    /// When the call ends at the latest.
    until: Instant,
    /// Made when the guest first asks for a lease.
    leases: Option<CallLeases>,
    /// Made when the guest first uses WASI: a call that only uses its cache never does.
    wasi: Option<WasiCtx>,
    random_bytes: u64,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(
        capabilities: Option<Arc<Capabilities>>,
        log: CallLog,
        bounds: StoreBounds,
    ) -> Self {
        let StoreBounds { memory, instances, handles, random_bytes } = bounds;
        let mut table = ResourceTable::new();
        table.set_max_capacity(handles);
        let memory = MemoryLimiter::new(memory, instances);
        State {
            capabilities,
            log,
            span: None,
            memory,
            until: Instant::now(),
            leases: None,
            wasi: None,
            random_bytes,
            table,
        }
    }

    /// Begins a call in an instance that has had others.
    pub(crate) fn begin(&mut self, origin: Origin) {
        self.memory.begin();
        self.log.begin(origin);
    }

    /// Sets how long the call may run.
    pub(crate) fn may_run(&mut self, time: Duration) {
        self.until = Instant::now() + time;
    }

    /// Ends a call whose instance is kept: its log, and its leases.
    pub(crate) fn end(&mut self) {
        self.log.end();
        self.leases = None;
    }

    /// The leases of the call, and what bounds and counts them; none while the plugin lists its
    /// services.
    pub(super) fn leases(&mut self) -> Option<(&mut CallLeases, &Capabilities)> {
        let State { capabilities, leases, until, .. } = self;
        let capabilities = capabilities.as_deref()?;
        let new = || CallLeases::new(capabilities.cache.clone(), *until);
        Some((leases.get_or_insert_with(new), capabilities))
    }

    /// Starts the span of an operation on Redis, where the call is traced.
    pub(super) fn redis_span(&self, operation: &'static str) -> Option<RedisSpan> {
        Some(self.span.as_ref()?.redis(operation))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let State { log, wasi, random_bytes, table, .. } = self;
        let ctx = wasi.get_or_insert_with(|| wasi::context(log, *random_bytes));
        WasiCtxView { ctx, table }
    }
}
