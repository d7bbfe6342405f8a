//! `hostel:cache/entries`: the lifetime of an entry, and operations on all entries with a prefix.
//!
//! Grant: see `access.rs`; `ttl` and `keys` read, `expire` and `delete-prefix` write.

use super::access::{SmallError, offer, to_read, to_write};
use super::linkage::Linkage;
use super::state::State;
use crate::backend::CacheStore;
use crate::bindings::hostel::cache::entries::{Page, TimeLeft};
use wasmtime::component::Linker;

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:cache/entries@0.1.1";

/// Links the four functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    let import = &mut import;
    offer(import, linkage, "ttl", to_read, ttl)?;
    offer(import, linkage, "expire", to_write, expire)?;
    offer(import, linkage, "keys", to_read, keys)?;
    offer(import, linkage, "delete-prefix", to_write, delete_prefix)
}

async fn ttl(cache: CacheStore, (key,): (String,)) -> Result<TimeLeft, SmallError> {
    Ok(match cache.ttl(&key).await? {
        hostel_cache::TimeLeft::Missing => TimeLeft::Missing,
        hostel_cache::TimeLeft::Unlimited => TimeLeft::Unlimited,
        hostel_cache::TimeLeft::Seconds(seconds) => TimeLeft::Seconds(seconds),
    })
}

async fn expire(
    cache: CacheStore,
    (key, expiry): (String, Option<u32>),
) -> Result<bool, SmallError> {
    Ok(cache.expire(&key, expiry).await?)
}

async fn keys(
    cache: CacheStore,
    (prefix, cursor): (String, Option<String>),
) -> Result<Page, SmallError> {
    let hostel_cache::KeyPage { keys, cursor } = cache.keys(&prefix, cursor.as_deref()).await?;
    Ok(Page { keys, cursor })
}

async fn delete_prefix(
    cache: CacheStore,
    (prefix, cursor): (String, Option<String>),
) -> Result<(u32, Option<String>), SmallError> {
    let page = cache.delete_prefix(&prefix, cursor.as_deref()).await?;
    Ok((page.removed, page.cursor))
}
