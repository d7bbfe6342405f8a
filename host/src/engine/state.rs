//! What belongs to one call: the data of its store.

use super::limits::Limits;
use super::memory::MemoryLimiter;
use crate::hostcalls::cache::CacheAccess;
use crate::hostcalls::wasi;
use crate::telemetry::CallLog;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// Everything that a guest's host calls find, made for one call and dropped with it.
pub(crate) struct State {
    pub(crate) cache: CacheAccess,
    pub(crate) log: CallLog,
    pub(crate) memory: MemoryLimiter,
    /// Made when the guest first asks for it: a call that only uses its cache never does.
    wasi: Option<WasiCtx>,
    random_bytes: u64,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(cache: CacheAccess, log: CallLog, limits: &Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let (memory, random_bytes) = (MemoryLimiter::new(limits), limits.random);
        State { cache, log, memory, wasi: None, random_bytes, table }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let State { log, wasi, random_bytes, table, .. } = self;
        let ctx = wasi.get_or_insert_with(|| wasi::context(log, *random_bytes));
        WasiCtxView { ctx, table }
    }
}
