//! Giving up what runs in a process of its own.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

/// Ends a process, on whatever thread it is waited for.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Arc<Mutex<Cancelled>>);

#[derive(Default)]
struct Cancelled {
    is_cancelled: bool,
    control: Option<Arc<OwnedFd>>,
}

impl Cancellation {
    /// Cancels when what this returns is dropped.
    pub(crate) fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// Ends the process that is waited for, and any that will be.
    fn cancel(&self) {
        let mut cancelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cancelled.is_cancelled = true;
        cancelled.control.take().iter().for_each(|control| close(control));
    }

    pub(super) fn end_with(&self, control: &Arc<OwnedFd>) {
        let mut cancelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cancelled.is_cancelled {
            true => close(control),
            false => cancelled.control = Some(Arc::clone(control)),
        }
    }
}

/// Tells the other side, whoever else holds this end.
fn close(control: &OwnedFd) {
    let _ = rustix::net::shutdown(control, rustix::net::Shutdown::Both);
}

/// Cancels when it is dropped.
pub(crate) struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
