//! `hostel:cache/batch`: several keys in one call.
//!
//! Grant: see `access.rs`; `get-many` reads, `set-many` and `delete-many` write.

use super::access::{SmallError, error, offer, to_read, to_write};
use super::linkage::Linkage;
use super::state::State;
use crate::backend::CacheStore;
use crate::bindings::hostel::cache::cache::ErrorKind;
use hostel_cache::MAX_KEYS;
use wasmtime::component::Linker;

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:cache/batch@0.1.1";

/// Links the three functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    let import = &mut import;
    offer(import, linkage, "get-many", to_read, get_many)?;
    offer(import, linkage, "set-many", to_write, set_many)?;
    offer(import, linkage, "delete-many", to_write, delete_many)
}

async fn get_many(
    cache: CacheStore,
    (keys,): (Vec<String>,),
) -> Result<Vec<Option<String>>, SmallError> {
    check_count(keys.len())?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let values = cache.get_many(&keys).await?;
    Ok(values.into_iter().map(|value| value.map(|value| value.to_string())).collect())
}

async fn set_many(
    cache: CacheStore,
    (entries, expiry): (Vec<(String, String)>, Option<u32>),
) -> Result<(), SmallError> {
    check_count(entries.len())?;
    let entries: Vec<_> = entries.iter().map(|(key, value)| (&**key, &**value)).collect();
    Ok(cache.set_many(&entries, expiry).await?)
}

async fn delete_many(cache: CacheStore, (keys,): (Vec<String>,)) -> Result<u32, SmallError> {
    check_count(keys.len())?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Ok(cache.delete_many(&keys).await?)
}

fn check_count(keys: usize) -> Result<(), SmallError> {
    if keys <= MAX_KEYS {
        return Ok(());
    }
    let message = format!("{keys} keys in one call: the maximum is {MAX_KEYS}; make several calls");
    Err(error(ErrorKind::TooLarge, &message))
}
