//! Checks that a cache behaves like its model. The fuzzer's bytes encode the limits of the cache
//! and the operations.

#![no_main]

#[path = "../../tests/differential/model.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model::check(bytes));
