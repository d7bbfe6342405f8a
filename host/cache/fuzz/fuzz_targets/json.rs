//! Checks that `Json` accepts the same texts as `serde_json`, except deeply nested ones, and that a
//! cache returns accepted texts unchanged.

#![no_main]

#[path = "../../tests/json/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|text: &str| peer::check(text));
