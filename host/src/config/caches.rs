//! `[caches]` and `[private-cache]`.

use super::backend::{CacheScope, backend};
use super::error::Diagnostics;
use super::raw::{At, RawCache, Tables};
use super::values::{Context, size};
use crate::backend::Backend;
use hostel_cache::{CacheLimits, MIN_CAPACITY_IN_VALUES, Name};
use std::num::NonZeroU32;
use std::ops::Range;

/// A cache that plugins share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// The cache's name.
    pub name: Name,
    /// The cache's limits. On Redis, only the limit on the size of a value applies.
    pub limits: CacheLimits,
    /// The backend of the cache's entries.
    pub backend: Backend,
}

/// Returns the limits and the backend of each plugin's private cache.
pub(super) fn private_cache(
    raw: Option<&At<RawCache>>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (CacheLimits, Backend) {
    let Some(raw) = raw else { return Default::default() };
    let backend = backend(raw.get(), CacheScope::Private, context, diagnostics);
    (limits(raw.get(), &backend, raw.at(), diagnostics), backend)
}

pub(super) fn caches(
    raw: &Tables<RawCache>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<CacheConfig> {
    let mut caches = Vec::new();
    for (name, cache) in raw {
        let backend = backend(cache.get(), CacheScope::Shared, context, diagnostics);
        let limits = limits(cache.get(), &backend, name.at(), diagnostics);
        match Name::new(name.get()) {
            Ok(name) => caches.push(CacheConfig { name, limits, backend }),
            Err(error) => diagnostics.fault(name.at(), error),
        }
    }
    caches
}

fn limits(
    raw: &RawCache,
    backend: &Backend,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> CacheLimits {
    let RawCache { capacity, value_limit, entries, .. } = raw;
    match backend {
        Backend::Memory => {
            let written = (capacity.as_ref(), value_limit.as_ref(), entries.as_ref());
            cache_limits(written, at, diagnostics)
        }
        Backend::Redis(_) => limits_on_redis(value_limit.as_ref(), at, diagnostics),
    }
}

/// Returns the limits of a cache on Redis, where only the Redis server bounds the total size.
fn limits_on_redis(
    value_limit: Option<&At<String>>,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> CacheLimits {
    let default = CacheLimits::default();
    let asked = size(value_limit, default.value_limit(), diagnostics);
    let capacity = asked.saturating_mul(MIN_CAPACITY_IN_VALUES).max(default.capacity());
    CacheLimits::new(capacity, asked).unwrap_or_else(|error| {
        diagnostics.fault(value_limit.map_or(at, At::at), error);
        default
    })
}

/// The settings of a cache in memory: capacity, value limit and maximum number of entries.
type Written<'a> = (Option<&'a At<String>>, Option<&'a At<String>>, Option<&'a At<NonZeroU32>>);

/// Returns the limits of a cache in memory. If the limits do not fit together, reports a fault at
/// the capacity, or at the value limit if no capacity is set, or at `at` if neither is set.
fn cache_limits(
    (capacity, value_limit, entries): Written<'_>,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> CacheLimits {
    let default = CacheLimits::default();
    let at = capacity.or(value_limit).map_or(at, At::at);
    let faults = diagnostics.faults.len();
    let capacity = size(capacity, default.capacity(), diagnostics);
    let value_limit = size(value_limit, default.value_limit(), diagnostics);
    if diagnostics.faults.len() > faults {
        return default;
    }
    let with_entries = |limits: CacheLimits| match entries {
        Some(entries) => limits.with_entries(entries.get().get() as usize),
        None => Ok(limits),
    };
    CacheLimits::new(capacity, value_limit).and_then(with_entries).unwrap_or_else(|error| {
        diagnostics.fault(at, error);
        default
    })
}
