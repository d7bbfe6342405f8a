//! Makes cache calls as often as requested. Most services bypass the SDK, to measure only the host
//! call. Two services are for measuring a server: `entry` makes a single cache call, and `spin`
//! never returns.

#![cfg(target_family = "wasm")]

mod keys;

use hostel_sdk::bindings::hostel::cache::cache;
use hostel_sdk::{Context, Failure, Response, Result, services};
use serde::Deserialize;
use std::hint::black_box;

services! {
    /// Does nothing.
    nothing,
    /// Reads one key as often as requested.
    get,
    /// Reads one key as a typed value, through the SDK, as often as requested.
    get_typed,
    /// Checks one key as often as requested.
    exists,
    /// Writes one key as often as requested.
    set,
    /// Reads one key as often as requested. Fails if a read fails or the entry is missing.
    read,
    /// Writes one key as often as requested, and fails if a write fails.
    write,
    /// Reads keys in random order.
    walk,
    /// Makes the keys that `walk` reads, without reading them.
    make_keys,
    /// Returns the raw value of `user:123`.
    entry,
    /// Loops until the host stops the call.
    spin,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct User {
    username: String,
    email: String,
    roles: Vec<String>,
    id: u32,
}

fn nothing(_: &Context) -> Result<()> {
    Ok(())
}

fn get(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        let _ = black_box(cache::get(black_box(&key)));
    }
    Ok(())
}

fn get_typed(ctx: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        black_box(ctx.cache.get::<User>(black_box(&key))?);
    }
    Ok(())
}

fn exists(_: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        let _ = black_box(cache::exists(black_box(&key)));
    }
    Ok(())
}

fn set(_: &Context, (calls, key, value): (u32, String, String)) -> Result<()> {
    for _ in 0..calls {
        let _ = black_box(cache::set(black_box(&key), &value, None));
    }
    Ok(())
}

fn read(ctx: &Context, (calls, key): (u32, String)) -> Result<()> {
    for _ in 0..calls {
        let text = ctx.cache.get_raw(&key)?;
        black_box(text.ok_or_else(|| Failure::not_found("the entry is gone"))?);
    }
    Ok(())
}

fn write(_: &Context, (calls, key, value): (u32, String, String)) -> Result<()> {
    for _ in 0..calls {
        let set = cache::set(&key, &value, None);
        set.map_err(|error| Failure::internal(format!("{error:?}")))?;
    }
    Ok(())
}

fn walk(_: &Context, keys: (u32, u32, u64)) -> Result<()> {
    keys::each(keys, |key| {
        let _ = black_box(cache::get(key));
    });
    Ok(())
}

fn make_keys(_: &Context, keys: (u32, u32, u64)) -> Result<()> {
    keys::each(keys, |key| {
        black_box(key);
    });
    Ok(())
}

fn entry(ctx: &Context) -> Result<Response> {
    let text = ctx.cache.get_raw("user:123")?;
    let text = text.ok_or_else(|| Failure::not_found("the entry does not exist"))?;
    Ok(Response::bytes(text).with_content_type("application/json"))
}

fn spin(_: &Context) -> Result<()> {
    loop {
        black_box(());
    }
}
