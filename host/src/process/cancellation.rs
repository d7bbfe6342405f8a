//! Cancels a subprocess.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

/// Kills a process from any thread, even while another thread waits for the process.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Arc<Mutex<Cancelled>>);

#[derive(Default)]
struct Cancelled {
    is_cancelled: bool,
    control: Option<Arc<OwnedFd>>,
}

impl Cancellation {
    pub(crate) fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// Kills the process that was started with this cancellation, and any process started with it
    /// later.
    fn cancel(&self) {
        let mut cancelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cancelled.is_cancelled = true;
        cancelled.control.take().iter().for_each(|control| close(control));
    }

    /// Registers the control socket of a process. Kills the process at once if `cancel` was called
    /// before: the caller may cancel before the process has started.
    pub(super) fn end_with(&self, control: &Arc<OwnedFd>) {
        let mut cancelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cancelled.is_cancelled {
            true => close(control),
            false => cancelled.control = Some(Arc::clone(control)),
        }
    }
}

/// Shuts the socket down, which the other side notices even if this end has been duplicated.
fn close(control: &OwnedFd) {
    let _ = rustix::net::shutdown(control, rustix::net::Shutdown::Both);
}

pub(crate) struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
