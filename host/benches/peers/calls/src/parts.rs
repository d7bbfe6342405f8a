//! Where the time of one `get` goes: what each part costs, found by what a call costs more than
//! another one that lacks it.

use crate::rounds::{Side, medians, nanoseconds};
use crate::sides::{CALLS, Sides};
use crate::{KEY, VALUE};
use anyhow::{Error, Result};
use foldhash::quality::RandomState;
use hostel_cache::{Cache, CacheLimits, Clock};
use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Instance, Linker, WasmStr};
use wasmtime::{Config, Engine, Store, StoreContextMut};

/// The key of an entry that has an expiry.
const EXPIRING: &str = "user:456";

/// A key that has no entry.
const MISSING: &str = "user:789";

/// The calls of `parts.wat`.
const STEPS: [&str; 2] = ["nothing", "take"];

pub fn print() -> Result<()> {
    let sides = Sides::new()?;
    sides.ours.cache.set(EXPIRING, VALUE, Some(3_600))?;
    let steps = RefCell::new(Steps::new().map_err(Error::msg)?);
    let mut turns = inside()?;
    turns.extend(STEPS.map(|step| Steps::side(&steps, &sides.runtime, step)));
    turns.extend([KEY, MISSING, EXPIRING].map(|key| sides.ours_of("get", key)));
    turns.push(sides.ours("get-typed"));
    let [hit, no_hit, hash, lock, counted, owner, nothing, take, get, miss, expiring, typed]: [f64;
        12] = medians(turns)?;
    let rows = [
        ("into the host and back", nothing),
        ("the key's place in the guest's memory, checked", take - nothing),
        ("the key copied; the call's cache; the answer written and read", miss - take - no_hit),
        ("the entry found in the cache", hit),
        ("its text: the guest's `realloc`, a copy, the guest's `free`", get - miss - hit + no_hit),
        ("**one `get`**", get),
        ("more, where the entry has an expiry: the clock", expiring - get),
        ("more, where the SDK makes a struct of the text", typed - get),
        ("in the cache: the key's hash", hash),
        ("in the cache: the shard's lock, taken and given back", lock),
        ("in the cache: a count for the statistics", counted - lock),
        ("in the cache: an owner more of the entry, and one less", owner),
    ];
    println!("| part | ns |\n|---|---|");
    rows.iter().for_each(|(part, cost)| println!("| {part} | {cost:.1} |"));
    Ok(())
}

/// The component of `parts.wat`, in a host whose functions do no more than they must.
struct Steps {
    store: Store<()>,
    instance: Instance,
}

type Caller<'a> = StoreContextMut<'a, ()>;

impl Steps {
    fn new() -> wasmtime::Result<Steps> {
        let mut config = Config::new();
        config.concurrency_support(false).epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        add_parts(&mut linker)?;
        let bytes = wat::parse_str(include_str!("parts.wat")).map_err(wasmtime::Error::msg)?;
        let component = Component::from_binary(&engine, &bytes)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = linker.instantiate(&mut store, &component)?;
        Ok(Steps { store, instance })
    }

    fn side<'a>(steps: &'a RefCell<Steps>, runtime: &'a Runtime, step: &'a str) -> Side<'a> {
        Box::new(move || {
            let mut steps = steps.borrow_mut();
            nanoseconds(CALLS, || runtime.block_on(steps.call(step)).map_err(Error::msg))
        })
    }

    async fn call(&mut self, step: &str) -> wasmtime::Result<()> {
        let call = self.instance.get_typed_func::<(u32,), ()>(&mut self.store, step)?;
        call.call_async(&mut self.store, (CALLS,)).await
    }
}

fn add_parts(linker: &mut Linker<()>) -> wasmtime::Result<()> {
    let mut parts = linker.instance("parts")?;
    parts.func_wrap("nothing", |_: Caller<'_>, (): ()| Ok(()))?;
    parts.func_wrap("take", |_: Caller<'_>, _: (WasmStr,)| Ok(()))
}

/// What happens in the cache: all of a hit and of a miss, and the parts that can be had by
/// themselves.
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
