//! Services that call cache functions as often as requested: mostly the functions that the guest in
//! `host/benches/guest` does not call. A service fails if a cache call fails or if the service
//! detects an unexpected result.

#![cfg(target_family = "wasm")]

use hostel_sdk::bindings::hostel::cache::atomics::{self, Lifetime, Swap};
use hostel_sdk::bindings::hostel::cache::batch;
use hostel_sdk::bindings::hostel::cache::cache::{self, Error};
use hostel_sdk::bindings::hostel::cache::entries::{self, TimeLeft};
use hostel_sdk::bindings::hostel::cache::lease::{self, Found};
use hostel_sdk::{Context, Failure, GetOrSet, Result, services};
use std::hint::black_box;
use std::time::Duration;

services! {
    /// Calls `set-if-absent` with a key that already has an entry.
    set_if_absent,
    /// Increments a key's integer.
    increment,
    /// Increments a key's integer in two steps.
    get_and_set,
    /// Swaps a key's value back and forth.
    swap,
    /// Sets a key and takes it.
    set_and_take,
    /// Reads a key that has an entry.
    get_or_lease,
    /// Gets the lease of a key, stores a value with `fill`, and deletes the entry.
    lease_and_fill,
    /// Gets and releases the lease of a key.
    lease_and_release,
    /// Reads several keys at once.
    get_many,
    /// Sets several keys at once.
    set_many,
    /// Calls `delete-many` with several keys that have no entries.
    delete_many,
    /// Reads how long an entry has left to live.
    ttl,
    /// Sets an entry's expiry.
    expire,
    /// Lists the keys with a prefix.
    keys,
    /// Calls `delete-prefix` with a prefix that no key has.
    delete_prefix,
    /// Reads a key as a number, through the SDK.
    get_number,
    /// Reads a key as a number with `get_or_set`.
    get_or_set,
    /// Reads a key as a number with a `get_or_set` that may refresh early.
    get_or_set_early,
}

const MINUTE: Duration = Duration::from_secs(60);

fn set_if_absent(_: &Context, (calls, key, value): (u32, String, String)) -> Result<()> {
    for _ in 0..calls {
        expect(!done(atomics::set_if_absent(&key, &value, None))?)?;
    }
    Ok(())
}

/// Returns the last sum.
fn increment(_: &Context, (calls, key): (u32, String)) -> Result<i64> {
    let mut sum = 0.0;
    for _ in 0..calls {
        sum = done(atomics::increment(&key, 1.0, None))?;
    }
    Ok(sum as i64)
}

/// Counts like a plugin without `increment`: other calls may run between the two steps.
fn get_and_set(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        let count: i64 = match done(cache::get(&key))? {
            Some(text) => text.parse()?,
            None => 0,
        };
        done(cache::set(&key, &(count + 1).to_string(), None))?;
    }
    Ok(())
}

/// Swaps the entry's value from `old` to `new`, then back, and so on.
fn swap(_: &Context, (calls, key, mut old, mut new): (u32, String, String, String)) -> Result<()> {
    for _ in 0..calls {
        let swap = atomics::compare_and_swap(&key, Some(&old), Some(&new), Lifetime::Keep);
        expect(matches!(done(swap)?, Swap::Swapped))?;
        std::mem::swap(&mut old, &mut new);
    }
    Ok(())
}

fn set_and_take(_: &Context, (calls, key, value): (u32, String, String)) -> Result<()> {
    for _ in 0..calls {
        done(cache::set(&key, &value, None))?;
        expect(done(atomics::take(&key))?.is_some())?;
    }
    Ok(())
}

fn get_or_lease(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(matches!(done(lease::get_or_lease(&key, None, 0))?, Found::Value(_)))?;
    }
    Ok(())
}

/// The key must have no entry, and has none after each repetition.
fn lease_and_fill(_: &Context, (calls, key, value): (u32, String, String)) -> Result<()> {
    for _ in 0..calls {
        expect(matches!(done(lease::get_or_lease(&key, None, 0))?, Found::Compute))?;
        expect(done(lease::fill(&key, &value, None))?)?;
        expect(done(cache::delete(&key))?)?;
    }
    Ok(())
}

/// The key must have no entry.
fn lease_and_release(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(matches!(done(lease::get_or_lease(&key, None, 0))?, Found::Compute))?;
        done(lease::release(&key))?;
    }
    Ok(())
}

fn get_many(_: &Context, (calls, keys): (u32, Vec<String>)) -> Result<()> {
    for _ in 0..calls {
        expect(done(batch::get_many(&keys))?.iter().all(Option::is_some))?;
    }
    Ok(())
}

fn set_many(_: &Context, (calls, keys, value): (u32, Vec<String>, String)) -> Result<()> {
    let entries: Vec<_> = keys.into_iter().map(|key| (key, value.clone())).collect();
    for _ in 0..calls {
        done(batch::set_many(&entries, None))?;
    }
    Ok(())
}

/// None of the keys may have an entry.
fn delete_many(_: &Context, (calls, keys): (u32, Vec<String>)) -> Result<()> {
    for _ in 0..calls {
        expect(done(batch::delete_many(&keys))? == 0)?;
    }
    Ok(())
}

fn ttl(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(!matches!(done(entries::ttl(&key))?, TimeLeft::Missing))?;
    }
    Ok(())
}

fn expire(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(done(entries::expire(&key, Some(3_600)))?)?;
    }
    Ok(())
}

/// The first page must contain all `count` keys.
fn keys(_: &Context, (calls, prefix, count): (u32, String, usize)) -> Result<()> {
    for _ in 0..calls {
        let page = done(entries::keys(&prefix, None))?;
        expect(page.keys.len() == count && page.cursor.is_none())?;
    }
    Ok(())
}

/// No key may have the prefix.
fn delete_prefix(_: &Context, (calls, prefix): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(done(entries::delete_prefix(&prefix, None))?.0 == 0)?;
    }
    Ok(())
}

fn get_number(ctx: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        expect(black_box(ctx.cache.get::<u32>(&key)?).is_some())?;
    }
    Ok(())
}

fn get_or_set(ctx: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        black_box(ctx.cache.get_or_set(&key, MINUTE, missing)?);
    }
    Ok(())
}

fn get_or_set_early(ctx: &Context, (calls, key): (u32, String)) -> Result<()> {
    let options = GetOrSet::expiry(MINUTE).early(Duration::from_secs(5));
    for _ in 0..calls {
        black_box(ctx.cache.get_or_set_with(&key, options, missing)?);
    }
    Ok(())
}

fn missing() -> Result<u32> {
    Err(Failure::internal("the entry is missing"))
}

fn done<T>(result: std::result::Result<T, Error>) -> Result<T> {
    result.map_err(|error| Failure::internal(format!("{error:?}")))
}

fn expect(is_so: bool) -> Result<()> {
    if is_so { Ok(()) } else { Err(Failure::internal("the cache returned something else")) }
}
