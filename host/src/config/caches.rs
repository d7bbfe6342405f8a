//! `[caches]` and `[private-cache]`.

use super::error::Diagnostics;
use super::raw::{At, RawCache, RawPrivateCache, Tables};
use super::values::size;
use hostel_cache::{CacheLimits, Name};
use std::num::NonZeroU32;
use std::ops::Range;

/// A cache that plugins share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Its name.
    pub name: Name,
    /// Its size.
    pub limits: CacheLimits,
}

pub(super) fn private_cache(
    raw: Option<&At<RawPrivateCache>>,
    diagnostics: &mut Diagnostics<'_>,
) -> CacheLimits {
    let Some(raw) = raw else { return CacheLimits::default() };
    let RawPrivateCache { capacity, value_limit, entries } = raw.get();
    cache_limits((capacity.as_ref(), value_limit.as_ref(), entries.as_ref()), raw.at(), diagnostics)
}

pub(super) fn caches(
    raw: &Tables<RawCache>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<CacheConfig> {
    let mut caches = Vec::new();
    for (name, cache) in raw {
        let RawCache { capacity, value_limit, entries, .. } = cache.get();
        let written = (capacity.as_ref(), value_limit.as_ref(), entries.as_ref());
        let limits = cache_limits(written, name.at(), diagnostics);
        match Name::new(name.get()) {
            Ok(name) => caches.push(CacheConfig { name, limits }),
            Err(error) => diagnostics.fault(name.at(), error),
        }
    }
    caches
}

/// What is written of a cache: its capacity, its value limit and its number of entries.
type Written<'a> = (Option<&'a At<String>>, Option<&'a At<String>>, Option<&'a At<NonZeroU32>>);

/// The limits of a cache; a fault of several together stands at the capacity where it is written.
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
