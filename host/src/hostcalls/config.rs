//! `hostel:config/config`: the plugin's settings and secrets.
//!
//! Grant: `config` of [`Grants`](crate::grants::Grants), by default empty. The interface is also
//! available while a plugin lists its services.

use super::linkage::Linkage;
use super::state::State;
use crate::telemetry::Level;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:config/config@0.1.0";

/// Links both functions. They never wait, with either linkage.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, _: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    import.func_wrap("get", |store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        let name = name.to_str(&store)?;
        let State { config, log, .. } = store.data();
        let value = config.get(&name);
        if value.is_none()
            && let Some(line) = config.miss(&name)
        {
            log.write(Level::Warn, &line);
        }
        Ok((value,))
    })?;
    import.func_wrap("names", |store: StoreContextMut<'_, State>, (): ()| {
        Ok((store.data().config.names(),))
    })
}
