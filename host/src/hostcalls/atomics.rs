//! `hostel:cache/atomics`: atomic operations on one entry.
//!
//! Grant: see `access.rs`; every function writes.

use super::access::{SmallError, offer, to_write};
use super::linkage::Linkage;
use super::state::State;
use crate::backend::CacheStore;
use crate::bindings::hostel::cache::atomics::{Lifetime, Swap};
use wasmtime::component::Linker;

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:cache/atomics@0.1.1";

/// Links the four functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    let import = &mut import;
    offer(import, linkage, "set-if-absent", to_write, set_if_absent)?;
    offer(import, linkage, "increment", to_write, increment)?;
    offer(import, linkage, "compare-and-swap", to_write, compare_and_swap)?;
    offer(import, linkage, "take", to_write, take)
}

async fn set_if_absent(
    cache: CacheStore,
    (key, value, expiry): (String, String, Option<u32>),
) -> Result<bool, SmallError> {
    Ok(cache.set_if_absent(&key, &value, expiry).await?)
}

async fn increment(
    cache: CacheStore,
    (key, delta, expiry): (String, f64, Option<u32>),
) -> Result<f64, SmallError> {
    // As in the cache itself, an invalid key is reported before any other invalid argument.
    hostel_cache::Key::new(&key)?;
    let sum = cache.increment(&key, integer(delta)?, expiry).await?;
    // The conversion is exact: the cache refuses sums beyond `hostel_cache::MAX_INTEGER`.
    Ok(sum as f64)
}

async fn compare_and_swap(
    cache: CacheStore,
    (key, expected, wanted, lifetime): (String, Option<String>, Option<String>, Lifetime),
) -> Result<Swap, SmallError> {
    let lifetime = match lifetime {
        Lifetime::Keep => hostel_cache::Lifetime::Keep,
        Lifetime::Unlimited => hostel_cache::Lifetime::Unlimited,
        Lifetime::After(seconds) => hostel_cache::Lifetime::After(seconds),
    };
    let (expected, wanted) = (expected.as_deref(), wanted.as_deref());
    Ok(match cache.compare_and_swap(&key, expected, wanted, lifetime).await? {
        hostel_cache::Swap::Swapped => Swap::Swapped,
        hostel_cache::Swap::Changed(value) => Swap::Changed(value.map(|value| value.to_string())),
    })
}

async fn take(cache: CacheStore, (key,): (String,)) -> Result<Option<String>, SmallError> {
    Ok(cache.take(&key).await?.map(|value| value.to_string()))
}

/// Converts a delta to an integer, or returns an error if the delta is not a whole number. A delta
/// out of range becomes the nearest 64-bit integer, which the cache refuses.
fn integer(delta: f64) -> Result<i64, SmallError> {
    if delta.fract() == 0.0 {
        return Ok(delta as i64);
    }
    let error = hostel_cache::Error::NotAnInteger { what: delta.to_string() };
    Err(error.into())
}
