//! `hostel:cache/cache`: the plugin's one cache.
//!
//! Grant: see `access.rs`.
//!
//! With the synchronous linkage, values and long keys in UTF-8 are borrowed from the guest's
//! memory, and copied only into the cache's entry; most short keys are copied first. With either
//! linkage, the value of a hit is lowered into the guest without an intermediate copy. With the
//! feature `public-wasmtime-api`, short keys are borrowed too, and the value of a hit is copied
//! once more.

#[cfg(not(feature = "public-wasmtime-api"))]
mod lift;
#[cfg(not(feature = "public-wasmtime-api"))]
mod lower;
#[cfg(feature = "public-wasmtime-api")]
mod public;

#[cfg(feature = "public-wasmtime-api")]
use self::public::{GuestStr, get_result};
#[cfg(not(feature = "public-wasmtime-api"))]
use self::{lift::GuestStr, lower::get_result};

use super::access::{SmallError, in_memory, to_read, to_write, traced};
use super::linkage::Linkage;
use super::state::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, WasmStr};

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:cache/cache@0.1.1";

/// Links the four functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    let import = linker.instance(IMPORT)?;
    match linkage {
        Linkage::Synchronous => add_synchronous(import),
        Linkage::Asynchronous => add_asynchronous(import),
    }
}

/// Links the functions for a cache in memory, whose operations never wait.
fn add_synchronous(mut import: LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    import.func_wrap("get", |store: StoreContextMut<'_, State>, (key,): (GuestStr,)| {
        let key = key.to_str(&store)?;
        let cache = to_read(store.data()).and_then(in_memory);
        Ok((get_result(cache.and_then(|cache| Ok(cache.get(&key)?)).map_err(|error| *error)),))
    })?;
    import.func_wrap(
        "set",
        |store: StoreContextMut<'_, State>,
         (key, value, expiry): (GuestStr, WasmStr, Option<u32>)| {
            let key = key.to_str(&store)?;
            let value = value.to_str(&store)?;
            let cache = to_write(store.data()).and_then(in_memory);
            Ok((cache.and_then(|cache| Ok(cache.set(&key, &value, expiry)?)),))
        },
    )?;
    import.func_wrap("delete", |store: StoreContextMut<'_, State>, (key,): (GuestStr,)| {
        let key = key.to_str(&store)?;
        let cache = to_write(store.data()).and_then(in_memory);
        Ok((cache.and_then(|cache| Ok(cache.delete(&key)?)),))
    })?;
    import.func_wrap("exists", |store: StoreContextMut<'_, State>, (key,): (GuestStr,)| {
        let key = key.to_str(&store)?;
        let cache = to_read(store.data()).and_then(in_memory);
        Ok((cache.and_then(|cache| Ok(cache.exists(&key)?)),))
    })?;
    Ok(())
}

/// Links the functions for a cache whose operations may wait. The arguments are copied, because
/// nothing can be borrowed from a suspended guest.
fn add_asynchronous(mut import: LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    import.func_wrap_async("get", |store: StoreContextMut<'_, State>, (key,): (WasmStr,)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            let (cache, span) = (to_read(store.data()).cloned(), store.data().redis_span("get"));
            let found = traced(span, async { Ok(cache?.get(&key).await?) }).await;
            Ok((get_result(found.map_err(|error: SmallError| *error)),))
        })
    })?;
    import.func_wrap_async(
        "set",
        |store: StoreContextMut<'_, State>,
         (key, value, expiry): (WasmStr, WasmStr, Option<u32>)| {
            Box::new(async move {
                let key = key.to_str(&store)?.into_owned();
                let value = value.to_str(&store)?.into_owned();
                let cache = to_write(store.data()).cloned();
                let span = store.data().redis_span("set");
                Ok((traced(span, async { Ok(cache?.set(&key, &value, expiry).await?) }).await,))
            })
        },
    )?;
    import.func_wrap_async("delete", |store: StoreContextMut<'_, State>, (key,): (WasmStr,)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            let (cache, span) =
                (to_write(store.data()).cloned(), store.data().redis_span("delete"));
            Ok((traced(span, async { Ok(cache?.delete(&key).await?) }).await,))
        })
    })?;
    import.func_wrap_async("exists", |store: StoreContextMut<'_, State>, (key,): (WasmStr,)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            let (cache, span) = (to_read(store.data()).cloned(), store.data().redis_span("exists"));
            Ok((traced(span, async { Ok(cache?.exists(&key).await?) }).await,))
        })
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
