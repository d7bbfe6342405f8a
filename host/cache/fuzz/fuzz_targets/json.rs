//! Checks that a cache accepts the same texts as `serde_json`, and returns them unchanged.

#![no_main]

#[path = "../../tests/json/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|text: &str| peer::check(text));
