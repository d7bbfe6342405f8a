//! The host functions of `Bare::floor`. They have the right types and do nothing. Their results are
//! created once, so that a call only writes them into the guest.

use super::hostel::cache::atomics::{Lifetime, Swap};
use super::hostel::cache::cache::Error;
use super::hostel::cache::entries::TimeLeft;
use super::hostel::log::log::Level;
use super::{Caller, State};
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Linker, Lower, WasmList, WasmStr};

/// The results of the functions.
#[derive(Clone, Copy)]
pub struct Answers<'a> {
    /// The value of every key. With `None`, `get-or-lease` misses.
    pub value: Option<&'a str>,
    /// The keys that `keys` lists. `get-many` returns as many values.
    pub keys: &'a [String],
}

type Text = Arc<str>;

/// Like the type that `bindgen!` generates, but a clone copies no text.
#[derive(Clone, ComponentType, Lower)]
#[component(variant)]
enum Found {
    #[component(name = "value")]
    Value(Text),
    #[component(name = "refresh")]
    #[allow(dead_code)]
    Refresh(Text),
    #[component(name = "compute")]
    Compute,
    #[component(name = "busy")]
    #[allow(dead_code)]
    Busy,
}

/// Like the type that `bindgen!` generates, but a clone copies no keys.
#[derive(Clone, ComponentType, Lower)]
#[component(record)]
struct Page {
    keys: Arc<[Text]>,
    cursor: Option<Text>,
}

pub(super) fn add(linker: &mut Linker<State>, answers: Answers<'_>) -> Result<()> {
    let value: Option<Text> = answers.value.map(Text::from);
    cache(linker, value.clone())?;
    atomics(linker, value.clone())?;
    lease(linker, value.clone().map_or(Found::Compute, Found::Value))?;
    batch(linker, vec![value; answers.keys.len()].into())?;
    let keys = answers.keys.iter().map(|key| Text::from(key.as_str())).collect();
    entries(linker, Page { keys, cursor: None })?;
    let mut log = linker.instance("hostel:log/log@0.1.0")?;
    log.func_wrap("log", |_: Caller<'_>, _: (Level, WasmStr)| Ok(()))
}

fn cache(linker: &mut Linker<State>, value: Option<Text>) -> Result<()> {
    let mut cache = linker.instance("hostel:cache/cache@0.1.1")?;
    cache.func_wrap("get", move |_: Caller<'_>, _: (WasmStr,)| {
        Ok((Ok::<_, Error>(value.clone()),))
    })?;
    cache.func_wrap("set", |_: Caller<'_>, _: (WasmStr, WasmStr, Option<u32>)| {
        Ok((Ok::<(), Error>(()),))
    })?;
    for name in ["delete", "exists"] {
        cache.func_wrap(name, |_: Caller<'_>, _: (WasmStr,)| Ok((Ok::<_, Error>(true),)))?;
    }
    Ok(())
}

fn atomics(linker: &mut Linker<State>, value: Option<Text>) -> Result<()> {
    let mut atomics = linker.instance("hostel:cache/atomics@0.1.1")?;
    atomics.func_wrap("set-if-absent", |_: Caller<'_>, _: (WasmStr, WasmStr, Option<u32>)| {
        Ok((Ok::<_, Error>(false),))
    })?;
    atomics.func_wrap("increment", |_: Caller<'_>, _: (WasmStr, f64, Option<u32>)| {
        Ok((Ok::<_, Error>(1.0),))
    })?;
    atomics.func_wrap(
        "compare-and-swap",
        |_: Caller<'_>, _: (WasmStr, Option<WasmStr>, Option<WasmStr>, Lifetime)| {
            Ok((Ok::<_, Error>(Swap::Swapped),))
        },
    )?;
    atomics
        .func_wrap("take", move |_: Caller<'_>, _: (WasmStr,)| Ok((Ok::<_, Error>(value.clone()),)))
}

/// Adds the functions of leases. They are asynchronous, as in Hostel, where `get-or-lease` may wait
/// for another call to compute the value.
fn lease(linker: &mut Linker<State>, found: Found) -> Result<()> {
    let mut lease = linker.instance("hostel:cache/lease@0.1.1")?;
    lease.func_wrap_async(
        "get-or-lease",
        move |_: Caller<'_>, _: (WasmStr, Option<u32>, u32)| {
            let found = found.clone();
            Box::new(async move { Ok((Ok::<_, Error>(found),)) })
        },
    )?;
    lease.func_wrap_async("fill", |_: Caller<'_>, _: (WasmStr, WasmStr, Option<u32>)| {
        Box::new(async { Ok((Ok::<_, Error>(true),)) })
    })?;
    lease.func_wrap_async("release", |_: Caller<'_>, _: (WasmStr,)| {
        Box::new(async { Ok((Ok::<(), Error>(()),)) })
    })
}

fn batch(linker: &mut Linker<State>, values: Arc<[Option<Text>]>) -> Result<()> {
    let mut batch = linker.instance("hostel:cache/batch@0.1.1")?;
    batch.func_wrap("get-many", move |_: Caller<'_>, _: (WasmList<WasmStr>,)| {
        Ok((Ok::<_, Error>(Arc::clone(&values)),))
    })?;
    batch.func_wrap(
        "set-many",
        |_: Caller<'_>, _: (WasmList<(WasmStr, WasmStr)>, Option<u32>)| Ok((Ok::<(), Error>(()),)),
    )?;
    batch.func_wrap("delete-many", |_: Caller<'_>, _: (WasmList<WasmStr>,)| {
        Ok((Ok::<_, Error>(0_u32),))
    })
}

fn entries(linker: &mut Linker<State>, page: Page) -> Result<()> {
    let mut entries = linker.instance("hostel:cache/entries@0.1.1")?;
    entries.func_wrap("ttl", |_: Caller<'_>, _: (WasmStr,)| {
        Ok((Ok::<_, Error>(TimeLeft::Unlimited),))
    })?;
    entries.func_wrap("expire", |_: Caller<'_>, _: (WasmStr, Option<u32>)| {
        Ok((Ok::<_, Error>(true),))
    })?;
    entries.func_wrap("keys", move |_: Caller<'_>, _: (WasmStr, Option<WasmStr>)| {
        Ok((Ok::<_, Error>(page.clone()),))
    })?;
    entries.func_wrap("delete-prefix", |_: Caller<'_>, _: (WasmStr, Option<WasmStr>)| {
        Ok((Ok::<_, Error>((0_u32, None::<Text>)),))
    })
}
