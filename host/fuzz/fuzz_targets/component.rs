//! Checks that `check_component`, which runs before compiling, neither panics nor hangs.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = hostel::Limits::default().check_component(bytes);
});
