//! A cache accepts a text if and only if another parser does, and returns it unchanged.

#![no_main]

#[path = "../../tests/json/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|text: &str| peer::check(text));
