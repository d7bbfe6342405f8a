//! The data of a store: what the host calls of one call find.

use super::memory::MemoryLimiter;
use super::wasi;
use crate::backend::CacheStore;
use crate::grants::Grants;
use crate::telemetry::{CallLog, RedisSpan, SpanParent};
use std::sync::Arc;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// What a plugin's grants open, made when the plugin is loaded and shared by all of its calls.
pub(crate) struct Capabilities {
    pub(crate) grants: Grants,
    /// The cache that the plugin is bound to.
    pub(crate) cache: CacheStore,
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
        State { capabilities, log, span: None, memory, wasi: None, random_bytes, table }
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
