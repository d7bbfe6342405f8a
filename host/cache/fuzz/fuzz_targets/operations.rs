//! Whether a cache does what its model does, whatever bytes choose the operations.

#![no_main]

#[path = "../../tests/differential/model.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model::check(bytes));
