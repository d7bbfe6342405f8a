//! The engine's settings, and the error for a component that the engine refuses to compile.

use super::error::ComponentError;
use super::limits::{Limit, Limits};
use super::pool;
use crate::telemetry::escape;
use wasmtime::Config;

/// Bytes of stack for host functions, in addition to `limits.stack`. Host functions run on the
/// guest's stack, and a stack overflow in a host function would end the process.
const HOST_STACK: usize = 3 << 19;

/// Returns the error for a component that the compiler refuses: the memory limit if a table does
/// not fit a slot, or else the compiler's message. The message is escaped, because it quotes names
/// in the component, which may be any text.
pub(super) fn invalid(error: &wasmtime::Error, limits: &Limits) -> ComponentError {
    match pool::refused_table(error) {
        true => Limit::Memory.reached(limits).into(),
        false => ComponentError::Invalid(escape(&format!("{error:#}"), limits.log_line_bytes)),
    }
}

/// Returns the engine's settings, except the pool's.
pub(super) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        // Without concurrency support, host calls cost half as much, and no security advisory about
        // asynchronous tasks applies. Only WASI 0.3 needs this support, and the host does not offer
        // WASI 0.3.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack.saturating_add(HOST_STACK))
        // No supported language needs these features. Disabling them reduces the attack surface.
        .wasm_memory64(false)
        .shared_memory(false);
    config
}
