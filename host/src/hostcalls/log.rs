//! `hostel:log/log`: a guest's lines, bounded and escaped, into the log of its call.

use crate::bindings::hostel::log::log::Level as WitLevel;
use crate::telemetry::{CallLog, Level};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

/// The name of the import, version included.
pub(crate) const IMPORT: &str = "hostel:log/log@0.1.0";

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

/// Offers `log`; `call_log` finds a call's log in the store's data.
pub(crate) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    call_log: fn(&T) -> &CallLog,
) -> wasmtime::Result<()> {
    linker.instance(IMPORT)?.func_wrap(
        "log",
        move |store: StoreContextMut<'_, T>, (level, message): (WitLevel, WasmStr)| {
            call_log(store.data()).write(level.into(), &message.to_str(&store)?);
            Ok(())
        },
    )
}
