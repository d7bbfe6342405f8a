//! The thread that drops instances whose idle time is over, and keeps some memory free.

use super::instance::HostIdle;
use crate::memory::HostMemory;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two passes.
const PASS_INTERVAL: Duration = Duration::from_millis(100);

/// Starts the thread. It ends when the host is dropped.
///
/// # Errors
///
/// When the system refuses the thread.
pub(super) fn start(idle: &Arc<HostIdle>, memory: &Arc<HostMemory>) -> io::Result<()> {
    let (idle, memory) = (Arc::downgrade(idle), Arc::downgrade(memory));
    let reclaim = move || {
        loop {
            std::thread::sleep(PASS_INTERVAL);
            let (Some(idle), Some(memory)) = (idle.upgrade(), memory.upgrade()) else { return };
            idle.end_overdue(Instant::now());
            memory.keep_some_free();
        }
    };
    std::thread::Builder::new().name("hostel-idle".to_owned()).spawn(reclaim)?;
    Ok(())
}
