//! A breakdown of the time of one `get`. A part is measured by itself, or its time is the
//! difference between calls with and without the part.

use crate::rounds::{Side, medians, nanoseconds};
use crate::sides::{CALLS, Sides};
use crate::{KEY, VALUE};
use anyhow::{Error, Result};
use foldhash::quality::RandomState;
use hostel_cache::{Cache, CacheLimits, Clock};
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store, StoreContextMut};

/// The key of an entry with an expiry.
const EXPIRING: &str = "user:456";

/// A key without an entry.
const MISSING: &str = "user:789";

pub fn print() -> Result<()> {
    let sides = Sides::new("guest")?;
    sides.ours.cache().set(EXPIRING, VALUE, Some(3_600))?;
    let mut turns = inside()?;
    turns.push(nothing(&sides.runtime).map_err(Error::msg)?);
    turns.extend([KEY, MISSING, EXPIRING].map(|key| sides.ours_of("get", key)));
    turns.push(sides.ours("get-typed"));
    let medians: [f64; 11] = medians(turns)?;
    let [hit, no_hit, hash, lock, counted, owner, nothing, get, miss, expiring, typed] = medians;
    let rows = [
        ("enter and leave the host", nothing),
        (
            "read the key, find the cache of the call, write and read the result",
            miss - nothing - no_hit,
        ),
        ("find the entry in the cache", hit),
        (
            "pass its text: the guest's `realloc`, a copy, the guest's `free`",
            get - miss - hit + no_hit,
        ),
        ("**one `get`**", get),
        ("additional if the entry has an expiry: the clock", expiring - get),
        ("additional if the SDK parses the text into a struct", typed - get),
        ("in the cache: the key's hash", hash),
        ("in the cache: lock and unlock the shard", lock),
        ("in the cache: a count for the statistics", counted - lock),
        ("in the cache: increment and decrement the entry's reference count", owner),
    ];
    println!("| part | ns |\n|---|---|");
    rows.iter().for_each(|(part, cost)| println!("| {part} | {cost:.1} |"));
    Ok(())
}

/// Returns a side that runs the component of `parts.wat` in a host whose only function does
/// nothing.
fn nothing(runtime: &Runtime) -> wasmtime::Result<Side<'_>> {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("nothing", |_: StoreContextMut<'_, ()>, (): ()| Ok(()))?;
    let bytes = wat::parse_str(include_str!("parts.wat")).map_err(wasmtime::Error::msg)?;
    let component = Component::from_binary(&engine, &bytes)?;
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &component)?;
    let nothing = instance.get_typed_func::<(u32,), ()>(&mut store, "nothing")?;
    Ok(Box::new(move || {
        nanoseconds(CALLS, || {
            let call = nothing.call_async(&mut store, (CALLS,));
            runtime.block_on(call).map_err(Error::msg)
        })
    }))
}

/// Returns the sides inside the cache: a whole hit, a whole miss, and the parts that can be run
/// separately.
fn inside<'a>() -> Result<Vec<Side<'a>>> {
    let cache = Arc::new(Cache::new(CacheLimits::default(), Clock::system()));
    cache.set(KEY, VALUE, None)?;
    let again = Arc::clone(&cache);
    let hashing = RandomState::default();
    let (lock, counted) = (Mutex::new(0_u64), Mutex::new(0_u64));
    let value: Arc<str> = VALUE.into();
    Ok(vec![
        repeat(move || drop(black_box(cache.get(black_box(KEY))))),
        repeat(move || drop(black_box(again.get(black_box(MISSING))))),
        repeat(move || {
            let mut hasher = hashing.build_hasher();
            hasher.write(black_box(KEY).as_bytes());
            black_box(hasher.finish());
        }),
        repeat(move || drop(black_box(taken(black_box(&lock))))),
        repeat(move || *black_box(taken(black_box(&counted))) += 1),
        repeat(move || drop(black_box(Arc::clone(black_box(&value))))),
    ])
}

fn taken(lock: &Mutex<u64>) -> MutexGuard<'_, u64> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn repeat<'a>(work: impl Fn() + 'a) -> Side<'a> {
    Box::new(move || {
        nanoseconds(CALLS, || {
            (0..CALLS).for_each(|_| work());
            Ok(())
        })
    })
}
