//! The program's allocator.
//!
//! A call makes some hundred small allocations, and frees many of them on another thread. jemalloc
//! uses less CPU for that than glibc, and returns freed memory to the system in the background;
//! glibc keeps most of it.

#![allow(unsafe_code, reason = "jemalloc reads its settings from a symbol with a fixed name")]

use std::ffi::{CStr, c_char};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Freed pages return to the system after one second. The default is ten, in which a server near its
/// memory limit could be killed.
const SETTINGS: &CStr = c"background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

/// The symbol that jemalloc reads its settings from.
// SAFETY: the name is jemalloc's own, and the pointer is to a static text that ends with a null byte.
#[unsafe(export_name = "_rjem_malloc_conf")]
static SYMBOL: Option<&'static c_char> = unsafe { SETTINGS.as_ptr().as_ref() };
