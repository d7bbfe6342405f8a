//! Where the time of one `get` goes: what each part costs, found by what a call costs more than
//! another one that lacks it.

use crate::rounds::{Side, medians, nanoseconds};
use crate::sides::{CALLS, Sides};
use crate::{KEY, VALUE};
use anyhow::{Error, Result};
use foldhash::quality::RandomState;
use hostel_cache::{Cache, CacheLimits, Clock, Key};
use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Instance, Linker, WasmStr};
use wasmtime::{Config, Engine, Store, StoreContextMut};

/// The key of an entry that has an expiry.
const EXPIRING: &str = "user:456";

/// The calls of `parts.wat`, in the order of what they do.
const STEPS: [&str; 5] = ["nothing", "take", "read", "miss", "get"];

pub fn print() -> Result<()> {
    let sides = Sides::new()?;
    let steps = RefCell::new(Steps::new().map_err(Error::msg)?);
    let mut turns = inside()?;
    turns.extend(STEPS.map(|step| Steps::side(&steps, &sides.runtime, step)));
    turns.push(sides.bare(&sides.floor, "get"));
    turns.extend([sides.ours("get"), sides.ours("get-typed")]);
    let [whole, expiring, key, hash, lock, count, steps @ .., floor, ours, typed]: [f64; 14] =
        medians(turns)?;
    let [nothing, take, read, miss, bare] = steps;
    let utf8 = read - take;
    let rows = [
        ("into the host and back", nothing),
        ("the key's place in the guest's memory, checked", take - nothing),
        ("the key is UTF-8", utf8),
        ("the answer, written where the guest wants it", miss - take),
        ("the guest's `realloc` called, the text copied there", bare - miss - count),
        ("in the guest: its allocator, `realloc` and free, and wit-bindgen's code", floor - bare),
        ("the key's length", key),
        ("its hash", hash),
        ("the shard's lock, taken and given back", lock),
        ("found, compared, marked, counted", whole - key - hash - lock - count),
        ("a count more on the value, and one less", count),
        ("what is left: all this together, not by itself", ours - floor - utf8 - whole + count),
        ("**one `get`**", ours),
        ("more, where the entry has an expiry: the clock", expiring - whole),
        ("more, where the SDK makes a struct of the text", typed - ours),
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
    let value: Arc<str> = VALUE.into();
    let mut parts = linker.instance("parts")?;
    parts.func_wrap("nothing", |_: Caller<'_>, (): ()| Ok(()))?;
    parts.func_wrap("take", |_: Caller<'_>, _: (WasmStr,)| Ok(()))?;
    parts.func_wrap("read", |store: Caller<'_>, (key,): (WasmStr,)| {
        black_box(key.to_str(&store)?);
        Ok(())
    })?;
    parts.func_wrap("miss", |_: Caller<'_>, _: (WasmStr,)| {
        Ok((Ok::<Option<Arc<str>>, String>(None),))
    })?;
    parts.func_wrap("get", move |_: Caller<'_>, _: (WasmStr,)| {
        Ok((Ok::<_, String>(Some(Arc::clone(&value))),))
    })
}

/// What happens in the cache: all of it, without an expiry and with one; and the parts that can be
/// had by themselves.
fn inside<'a>() -> Result<Vec<Side<'a>>> {
    let cache = Arc::new(Cache::new(CacheLimits::default(), Clock::system()));
    cache.set(KEY, VALUE, None)?;
    cache.set(EXPIRING, VALUE, Some(3_600))?;
    let expiring = Arc::clone(&cache);
    let hashing = RandomState::default();
    let lock = Mutex::new(0);
    let value: Arc<str> = VALUE.into();
    Ok(vec![
        repeat(move || drop(black_box(cache.get(black_box(KEY))))),
        repeat(move || drop(black_box(expiring.get(black_box(EXPIRING))))),
        repeat(|| drop(black_box(Key::new(black_box(KEY))))),
        repeat(move || {
            let mut hasher = hashing.build_hasher();
            hasher.write(black_box(KEY).as_bytes());
            black_box(hasher.finish());
        }),
        repeat(move || *black_box(&lock).lock().unwrap_or_else(PoisonError::into_inner) += 1),
        repeat(move || drop(black_box(Arc::clone(black_box(&value))))),
    ])
}

fn repeat<'a>(work: impl Fn() + 'a) -> Side<'a> {
    Box::new(move || {
        nanoseconds(CALLS, || {
            (0..CALLS).for_each(|_| work());
            Ok(())
        })
    })
}
