//! The settings of the engine that compiles a component, and its refusals.

use super::error::ComponentError;
use super::limits::{Limit, Limits};
use super::pool;
use crate::telemetry::escape;
use wasmtime::Config;

/// Bytes of stack that host functions have beside the guest's own: they run on the same stack, and
/// overflowing it would end the process.
const HOST_STACK: usize = 3 << 19;

/// Why the compiler refuses a component. It quotes the component's names, which may hold anything.
pub(super) fn invalid(error: &wasmtime::Error, limits: &Limits) -> ComponentError {
    match pool::refused_table(error) {
        true => Limit::Memory.reached(limits).into(),
        false => ComponentError::Invalid(escape(&format!("{error:#}"), limits.log_line_bytes)),
    }
}

/// The settings that code depends on, but for whether there is a pool.
pub(super) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        // Host calls cost half as much without it, and no advisory about asynchronous tasks applies.
        // WASI 0.3, which needs it, is not offered.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack.saturating_add(HOST_STACK))
        // No supported language needs these: off, they are no surface for an attack.
        .wasm_memory64(false)
        .shared_memory(false);
    config
}
