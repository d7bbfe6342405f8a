//! The signals that stop a server or make it scan its plugins' files.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives SIGTERM and SIGINT as soon as it is created.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Receives SIGHUP as soon as it is created, so that the signal no longer ends the process.
pub(super) struct Hangups(Signal);

impl Hangups {
    /// # Errors
    ///
    /// If the system does not let the process listen for signals.
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Hangups(listen(SignalKind::hangup())?))
    }

    /// Waits for the next signal.
    pub(super) async fn one(&mut self) {
        self.0.recv().await;
    }
}

impl Signals {
    /// # Errors
    ///
    /// If the system does not let the process listen for signals.
    pub(super) fn new() -> anyhow::Result<Self> {
        let terminate = listen(SignalKind::terminate())?;
        Ok(Signals { terminate, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next signal of either kind.
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
