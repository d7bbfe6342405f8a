//! The data of a store: the state that the host calls of one call use.

use super::memory::MemoryLimiter;
use super::values::ConfigValues;
use super::wasi;
use crate::backend::{CacheStore, CallLeases, LeaseWaits};
use crate::grants::Grants;
use crate::memory::InstanceCharge;
use crate::outbound::{Outbound, Sending, SendingCall};
use crate::telemetry::{CallLog, LeaseMeter, MemoryMeter, Origin, RedisSpan, SpanParent};
use std::sync::Arc;
use tokio::time::Instant;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// The capabilities that a plugin's grants give, created when the plugin is loaded and shared by
/// all of its calls.
pub(crate) struct Capabilities {
    pub(crate) grants: Grants,
    /// The cache of the plugin.
    pub(crate) cache: CacheStore,
    /// Limits how many calls, of this plugin and of all plugins, wait for leases at the same time.
    pub(crate) lease_waits: LeaseWaits,
    pub(crate) lease_meter: LeaseMeter,
    /// The client that sends the plugin's requests to other servers.
    pub(crate) outbound: Arc<Outbound>,
}

/// Bounds on the host resources of a store.
#[derive(Clone, Copy)]
pub(crate) struct StoreBounds {
    /// Bytes of all memories and tables together.
    pub(crate) memory: usize,
    /// Core instances, memories and tables, each counted separately.
    pub(crate) instances: usize,
    /// Live handles to resources of the host.
    pub(crate) handles: usize,
    /// Random bytes of one host call.
    pub(crate) random_bytes: u64,
    /// Requests to other servers during one call.
    pub(crate) http_requests: usize,
    /// Bytes of all responses from other servers to the requests of one host call.
    pub(crate) http_response: usize,
}

/// The state that the host calls of one call use. It is created for the call and dropped at the end
/// of the call, or reset for the next call if the plugin reuses instances.
pub(crate) struct State {
    /// `None` while the plugin lists its services: then only its log, its configuration and WASI
    /// are available.
    pub(super) capabilities: Option<Arc<Capabilities>>,
    /// The plugin's settings and secrets.
    pub(super) config: Arc<ConfigValues>,
    pub(crate) log: CallLog,
    /// `None` if the call is not traced.
    pub(crate) span: Option<SpanParent>,
    pub(crate) memory: MemoryLimiter,
    /// The deadline of the call.
    until: Instant,
    /// Created when the guest first calls a function of leases.
    leases: Option<CallLeases>,
    /// Created when the guest first sends a request to another server.
    sending: Option<SendingCall>,
    /// Created when the guest first uses WASI, because many calls do not use it.
    wasi: Option<WasiCtx>,
    bounds: StoreBounds,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(
        capabilities: Option<Arc<Capabilities>>,
        config: Arc<ConfigValues>,
        log: CallLog,
        charge: InstanceCharge,
        memory: MemoryMeter,
        bounds: StoreBounds,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(bounds.handles);
        let StoreBounds { memory: most, instances, .. } = bounds;
        let memory = MemoryLimiter::new(most, instances, charge, log.clone(), memory);
        State {
            capabilities,
            config,
            log,
            span: None,
            memory,
            until: Instant::now(),
            leases: None,
            sending: None,
            wasi: None,
            bounds,
            table,
        }
    }

    /// Begins a call in a reused instance.
    pub(crate) fn begin(&mut self, origin: Origin) {
        self.memory.begin();
        self.log.begin(origin);
    }

    /// Sets the deadline of the call.
    pub(crate) fn may_run_until(&mut self, until: Instant) {
        self.until = until;
    }

    /// Ends a call whose instance is kept. Marks the instance's memory as idle, ends the log of the
    /// call, releases its leases, and resets the count of requests to other servers.
    pub(crate) fn end(&mut self) {
        self.memory.end();
        self.log.end();
        self.leases = None;
        self.sending = None;
    }

    /// Returns the leases of the call with the capabilities that bound and count them, or `None`
    /// while the plugin lists its services.
    pub(super) fn leases(&mut self) -> Option<(&mut CallLeases, &Capabilities)> {
        let State { capabilities, leases, until, .. } = self;
        let capabilities = capabilities.as_deref()?;
        let new = || CallLeases::new(capabilities.cache.clone(), *until);
        Some((leases.get_or_insert_with(new), capabilities))
    }

    /// Returns the context of a host call that sends requests.
    pub(super) fn sending(&mut self) -> Sending {
        let StoreBounds { http_requests, http_response, .. } = self.bounds;
        let new = || SendingCall::new(http_requests, http_response, self.until);
        Sending {
            call: self.sending.get_or_insert_with(new).clone(),
            request_id: self.log.request_id(),
            span: self.span.clone(),
        }
    }

    /// Starts the span of an operation on Redis, if the call is traced.
    pub(super) fn redis_span(&self, operation: &'static str) -> Option<RedisSpan> {
        Some(self.span.as_ref()?.redis(operation))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let State { log, wasi, bounds, table, .. } = self;
        let ctx = wasi.get_or_insert_with(|| wasi::context(log, bounds.random_bytes));
        WasiCtxView { ctx, table }
    }
}
