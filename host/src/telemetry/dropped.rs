//! Counts of dropped log lines.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number of log lines, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineCount {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
}

impl LineCount {
    /// Adds one line of `bytes` bytes.
    pub(super) fn add_line(&mut self, bytes: usize) {
        self.lines = self.lines.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }
}

/// A [`LineCount`] that several threads increase.
#[derive(Default)]
pub(super) struct LineCounter {
    lines: AtomicU64,
    bytes: AtomicU64,
}

impl LineCounter {
    pub(super) fn add(&self, count: LineCount) {
        self.lines.fetch_add(count.lines, Ordering::Relaxed);
        self.bytes.fetch_add(count.bytes, Ordering::Relaxed);
    }

    /// Adds one line of `bytes` bytes.
    pub(super) fn add_line(&self, bytes: usize) {
        self.add(LineCount { lines: 1, bytes: bytes as u64 });
    }

    pub(super) fn get(&self) -> LineCount {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        LineCount { lines: count(&self.lines), bytes: count(&self.bytes) }
    }
}

/// The counts of lines that a log has dropped since its start.
#[derive(Default)]
pub(crate) struct DroppedLines {
    pub(super) of_floods: LineCounter,
    pub(super) unread: LineCounter,
}

impl DroppedLines {
    /// Returns the count of lines that were dropped because a plugin, or the host itself, exceeded
    /// its rate limit, with the bytes of their messages.
    pub(crate) fn of_floods(&self) -> LineCount {
        self.of_floods.get()
    }

    /// Returns the count of lines that were dropped because the output was too slow or failed, with
    /// the bytes of the whole lines.
    pub(crate) fn unread(&self) -> LineCount {
        self.unread.get()
    }
}
