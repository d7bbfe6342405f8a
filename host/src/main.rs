//! The program `hostel`.

#![cfg_attr(
    target_os = "linux",
    allow(unsafe_code, reason = "jemalloc reads its settings from a symbol with a fixed name")
)]

use std::process::ExitCode;

/// A call makes some hundred small allocations, and frees many of them on another thread. jemalloc
/// uses less CPU for that than glibc, and returns freed memory to the system in the background;
/// glibc keeps most of it.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The symbol that jemalloc reads its settings from. Freed pages return to the system after one
/// second. The default is ten seconds, and a server near its memory limit could be killed in that
/// time.
// SAFETY: the name is jemalloc's own, and the pointer is to a static text that ends with a null
// byte.
#[cfg(target_os = "linux")]
#[unsafe(export_name = "_rjem_malloc_conf")]
static ALLOCATOR_SETTINGS: Option<&'static std::ffi::c_char> =
    unsafe { c"background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0".as_ptr().as_ref() };

fn main() -> ExitCode {
    hostel::cli::main()
}
