//! The epoch ticker: makes a looping guest yield to the runtime.

use std::time::Duration;
use wasmtime::Engine;

/// Time between two ticks: the longest time that a looping guest holds its thread before it yields.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Ticks after which a running guest yields.
pub(super) const TICKS_PER_YIELD: u64 = 1;

/// Starts the thread that advances the engine's epoch until the engine is dropped.
///
/// # Errors
///
/// When the thread cannot be started.
pub(crate) fn start(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        loop {
            std::thread::sleep(TICK);
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
        }
    };
    std::thread::Builder::new().name("hostel-ticker".to_owned()).spawn(tick)?;
    Ok(())
}
