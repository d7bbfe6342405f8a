//! Calls the cache as often as it is told, below the SDK, so that only the crossing is measured.

#![cfg(target_family = "wasm")]

use hostel_sdk::wit::hostel::cache::cache;
use hostel_sdk::{Context, Result, services};
use std::hint::black_box;

services! {
    /// Reads one key as often as the request says.
    get,
    /// Asks for one key as often as the request says.
    exists,
    /// Writes one key as often as the request says.
    set,
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
