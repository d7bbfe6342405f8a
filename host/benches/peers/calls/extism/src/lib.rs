//! The counterpart of `host/benches/guest` for Extism: calls a host function as often as requested.

#![cfg(target_family = "wasm")]

use extism_pdk::{FnResult, host_fn, plugin_fn};
use std::hint::black_box;

#[host_fn]
extern "ExtismHost" {
    fn cache_get(key: String) -> String;
}

/// Reads one key as often as the input requests.
#[plugin_fn]
pub fn get(calls: String) -> FnResult<()> {
    for _ in 0..calls.parse::<u32>()? {
        // SAFETY: the host function takes and returns one text, as declared here.
        black_box(unsafe { cache_get(black_box("user:123").to_owned()) }?);
    }
    Ok(())
}
