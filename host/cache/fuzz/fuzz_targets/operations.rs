//! A cache behaves like its model, whatever operations the bytes encode.

#![no_main]

#[path = "../../tests/differential/model.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model::check(bytes));
