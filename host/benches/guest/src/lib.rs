//! Calls the cache as often as it is told, below the SDK, so that only the crossing is measured;
//! and what a server is measured by: a service of one cache call, and one that never ends.

#![cfg(target_family = "wasm")]

use hostel_sdk::wit::hostel::cache::cache;
use hostel_sdk::{Context, Failure, Response, Result, services};
use std::hint::black_box;

services! {
    /// Reads one key as often as the request says.
    get,
    /// Asks for one key as often as the request says.
    exists,
    /// Writes one key as often as the request says.
    set,
    /// Answers what is under that key, as it is.
    entry,
    /// Runs until somebody stops it.
    spin,
}

const KEY: &str = "user:123";

/// 80 bytes.
const VALUE: &str =
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

fn get(_: &Context, calls: u32) -> Result<()> {
    let _ = cache::set(KEY, VALUE, None);
    for _ in 0..calls {
        let _ = black_box(cache::get(black_box(KEY)));
    }
    Ok(())
}

fn exists(_: &Context, calls: u32) -> Result<()> {
    let _ = cache::set(KEY, VALUE, None);
    for _ in 0..calls {
        let _ = black_box(cache::exists(black_box(KEY)));
    }
    Ok(())
}

fn set(_: &Context, calls: u32) -> Result<()> {
    for _ in 0..calls {
        let _ = black_box(cache::set(black_box(KEY), VALUE, None));
    }
    Ok(())
}

fn entry(ctx: &Context) -> Result<Response> {
    let text = ctx.cache.get_raw(KEY)?;
    let text = text.ok_or_else(|| Failure::not_found("nobody has set the entry"))?;
    Ok(Response::bytes(text).with_content_type("application/json"))
}

fn spin(_: &Context) -> Result<()> {
    loop {
        black_box(());
    }
}
