//! Whether a cache takes a text exactly when another reader reads it, and gives it back as it was.

#![no_main]

#[path = "../../tests/json/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|text: &str| peer::check(text));
