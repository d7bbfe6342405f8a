//! `hostel:log/log`: writes a guest's lines, bounded and escaped, to the log of the current call.
//!
//! A plugin needs no grant for its log, which it can use even while it lists its services.

use super::linkage::Linkage;
use super::state::State;
use crate::bindings::hostel::log::log::Level as WitLevel;
use crate::telemetry::Level;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:log/log@0.1.0";

/// Links `log`, a synchronous function with either linkage: it does not use the cache.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, _: Linkage) -> wasmtime::Result<()> {
    linker.instance(IMPORT)?.func_wrap(
        "log",
        |store: StoreContextMut<'_, State>, (level, message): (WitLevel, WasmStr)| {
            store.data().log.write(level.into(), &message.to_str(&store)?);
            Ok(())
        },
    )
}

impl From<WitLevel> for Level {
    fn from(level: WitLevel) -> Self {
        match level {
            WitLevel::Debug => Level::Debug,
            WitLevel::Info => Level::Info,
            WitLevel::Warn => Level::Warn,
            WitLevel::Error => Level::Error,
        }
    }
}
