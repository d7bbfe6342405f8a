//! `hostel:cache/cache`: the one cache that a plugin is bound to.
//!
//! Values and long keys are borrowed from the guest's memory, checked and only then copied; a short
//! key is copied first. The value of a hit is lowered into the guest from where the cache holds it,
//! with no copy in between.

use super::found::Found;
use super::given::Given;
use crate::bindings::hostel::cache::cache::{Error, ErrorKind};
use hostel_cache::Cache;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

/// The name of the import, version included.
pub(crate) const IMPORT: &str = "hostel:cache/cache@0.1.0";

/// What a call may do with the cache that its plugin is bound to.
pub(crate) enum CacheAccess {
    /// Read and write.
    ReadWrite(Arc<Cache>),
    /// Read alone.
    ReadOnly(Arc<Cache>),
    /// Nothing: the plugin is listing its services.
    Denied,
}

/// An error in a box: a result is then no larger for it.
type SmallError = Box<Error>;

impl CacheAccess {
    fn to_read(&self) -> Result<&Cache, SmallError> {
        match self {
            CacheAccess::ReadWrite(cache) | CacheAccess::ReadOnly(cache) => Ok(cache),
            CacheAccess::Denied => Err(denied(
                "the cache is closed while a plugin lists its services: call it from `handle`",
            )),
        }
    }

    fn to_write(&self) -> Result<&Cache, SmallError> {
        match self {
            CacheAccess::ReadOnly(_) => Err(denied(
                "the plugin may only read its cache: `access = \"read-write\"` lets it write",
            )),
            access => access.to_read(),
        }
    }
}

fn denied(message: &str) -> SmallError {
    Box::new(Error { kind: ErrorKind::Denied, message: message.to_owned() })
}

impl From<hostel_cache::Error> for SmallError {
    fn from(error: hostel_cache::Error) -> Self {
        let kind = match error.kind() {
            hostel_cache::ErrorKind::InvalidKey => ErrorKind::InvalidKey,
            hostel_cache::ErrorKind::InvalidValue => ErrorKind::InvalidValue,
            hostel_cache::ErrorKind::InvalidExpiry => ErrorKind::InvalidExpiry,
            hostel_cache::ErrorKind::TooLarge => ErrorKind::TooLarge,
        };
        Box::new(Error { kind, message: error.to_string() })
    }
}

/// Offers the four functions; `access` finds a call's cache in the store's data.
pub(crate) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    access: impl Fn(&T) -> &CacheAccess + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    import.func_wrap("get", move |store: StoreContextMut<'_, T>, (key,): (Given,)| {
        let key = key.to_str(&store)?;
        let cache = access(store.data()).to_read();
        Ok((Found(cache.and_then(|cache| Ok(cache.get(&key)?)).map_err(|error| *error)),))
    })?;
    import.func_wrap(
        "set",
        move |store: StoreContextMut<'_, T>,
              (key, value, expiry): (Given, WasmStr, Option<u32>)| {
            let key = key.to_str(&store)?;
            let value = value.to_str(&store)?;
            let cache = access(store.data()).to_write();
            Ok((cache.and_then(|cache| Ok(cache.set(&key, &value, expiry)?)),))
        },
    )?;
    import.func_wrap("delete", move |store: StoreContextMut<'_, T>, (key,): (Given,)| {
        let key = key.to_str(&store)?;
        let cache = access(store.data()).to_write();
        Ok((cache.and_then(|cache| Ok(cache.delete(&key)?)),))
    })?;
    import.func_wrap("exists", move |store: StoreContextMut<'_, T>, (key,): (Given,)| {
        let key = key.to_str(&store)?;
        let cache = access(store.data()).to_read();
        Ok((cache.and_then(|cache| Ok(cache.exists(&key)?)),))
    })?;
    Ok(())
}
