//! Whether the check before compiling ends, without a panic, whatever the bytes are.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = hostel::Limits::default().check_component(bytes);
});
