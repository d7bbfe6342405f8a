//! `hostel:cache/cache`: the one cache that a plugin is bound to.
//!
//! Grant: `cache` of [`Grants`](crate::grants::Grants), which every plugin has; `access` may forbid
//! writes. No grant opens it while a plugin lists its services.
//!
//! Values and long keys are borrowed from the guest's memory, validated and only then copied; a
//! short key is copied first. The value of a hit is lowered into the guest from where the cache
//! holds it, with no copy in between.

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

use super::linkage::Linkage;
use super::state::{Capabilities, State};
use crate::backend::{CacheError, CacheStore};
use crate::bindings::hostel::cache::cache::{Error, ErrorKind};
use crate::grants::Access;
use crate::telemetry::RedisSpan;
use hostel_cache::Cache;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, WasmStr};

/// The name of the import, version included.
pub(crate) const IMPORT: &str = "hostel:cache/cache@0.1.0";

/// An error in a box, so that a result is no larger for it.
type SmallError = Box<Error>;

/// Offers the four functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    let import = linker.instance(IMPORT)?;
    match linkage {
        Linkage::Synchronous => add_synchronous(import),
        Linkage::Asynchronous => add_asynchronous(import),
    }
}

/// For a cache in memory, whose operations never wait.
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

/// For a cache whose operations may wait. The arguments are copied and the store is not held
/// meanwhile, since nothing of the guest can be borrowed while it is suspended.
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

/// Runs an operation within its span.
async fn traced<T>(
    span: Option<RedisSpan>,
    operation: impl Future<Output = Result<T, SmallError>>,
) -> Result<T, SmallError> {
    let result = operation.await;
    if let Some(span) = span {
        span.end(!matches!(&result, Err(error) if error.kind == ErrorKind::Unavailable));
    }
    result
}

/// The plugin's cache, if this call may read it.
fn to_read(state: &State) -> Result<&CacheStore, SmallError> {
    Ok(&capabilities(state)?.cache)
}

/// The plugin's cache, if this call may write to it.
fn to_write(state: &State) -> Result<&CacheStore, SmallError> {
    let capabilities = capabilities(state)?;
    match capabilities.grants.cache.access {
        Access::ReadWrite => Ok(&capabilities.cache),
        Access::ReadOnly => Err(error(ErrorKind::Denied, READ_ONLY)),
    }
}

fn capabilities(state: &State) -> Result<&Capabilities, SmallError> {
    let capabilities = state.capabilities.as_deref();
    capabilities.ok_or_else(|| error(ErrorKind::Denied, CLOSED))
}

const READ_ONLY: &str =
    "the plugin may only read its cache: `access = \"read-write\"` lets it write";
const CLOSED: &str = "the cache is closed while a plugin lists its services: call it from `handle`";

/// The cache in the host's memory. A plugin whose cache is elsewhere is linked asynchronously.
fn in_memory(store: &CacheStore) -> Result<&Cache, SmallError> {
    let unlinked = "its entries are not in the host's memory, where this plugin was linked to";
    store.memory().ok_or_else(|| error(ErrorKind::Unavailable, unlinked))
}

fn error(kind: ErrorKind, message: &str) -> SmallError {
    Box::new(Error { kind, message: message.to_owned() })
}

impl From<CacheError> for SmallError {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Invalid(error) => error.into(),
            error => {
                let kind = error.kind().map_or(ErrorKind::Unavailable, kind_of);
                Box::new(Error { kind, message: error.to_string() })
            }
        }
    }
}

impl From<hostel_cache::Error> for SmallError {
    fn from(error: hostel_cache::Error) -> Self {
        Box::new(Error { kind: kind_of(error.kind()), message: error.to_string() })
    }
}

fn kind_of(kind: hostel_cache::ErrorKind) -> ErrorKind {
    match kind {
        hostel_cache::ErrorKind::InvalidKey => ErrorKind::InvalidKey,
        hostel_cache::ErrorKind::InvalidValue => ErrorKind::InvalidValue,
        hostel_cache::ErrorKind::InvalidExpiry => ErrorKind::InvalidExpiry,
        hostel_cache::ErrorKind::TooLarge => ErrorKind::TooLarge,
    }
}

#[cfg(test)]
mod tests;
