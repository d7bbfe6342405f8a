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
    wasi: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(cache: CacheAccess, log: CallLog, limits: &Limits) -> Self {
        let wasi = wasi::context(&log, limits.random);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        State { cache, log, memory: MemoryLimiter::new(limits), wasi, table }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
