//! What tells a server to stop, or to look at its plugins now.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, listened for since this was made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// SIGHUP, listened for since this was made: it does not end the process any more.
pub(super) struct Hangups(Signal);

impl Hangups {
    /// # Errors
    ///
    /// When the system does not let the process listen for signals.
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Hangups(listen(SignalKind::hangup())?))
    }

    /// Waits for the next.
    pub(super) async fn one(&mut self) {
        self.0.recv().await;
    }
}

impl Signals {
    /// # Errors
    ///
    /// When the system does not let the process listen for signals.
    pub(super) fn new() -> anyhow::Result<Self> {
        let terminate = listen(SignalKind::terminate())?;
        Ok(Signals { terminate, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next of either.
    pub(super) async fn one(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn listen(kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).context("cannot listen for signals")
}
