//! The check before compiling terminates without a panic, for any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = hostel::Limits::default().check_component(bytes);
});
