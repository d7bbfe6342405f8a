//! Counts of the log lines that were dropped.

use std::sync::atomic::{AtomicU64, Ordering};

/// Log lines, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineCount {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
}

impl LineCount {
    /// Counts one line of so many bytes.
    pub(super) fn add_line(&mut self, bytes: usize) {
        self.lines = self.lines.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }
}

/// A count that threads share.
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

    /// Counts one line of so many bytes.
    pub(super) fn add_line(&self, bytes: usize) {
        self.add(LineCount { lines: 1, bytes: bytes as u64 });
    }

    pub(super) fn get(&self) -> LineCount {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        LineCount { lines: count(&self.lines), bytes: count(&self.bytes) }
    }
}

/// Counts of the lines that a log drops, since its start.
#[derive(Default)]
pub(crate) struct DroppedLines {
    pub(super) of_floods: LineCounter,
    pub(super) unread: LineCounter,
}

impl DroppedLines {
    /// Lines dropped because a plugin had reached its limit per second, by the bytes of their
    /// messages.
    pub(crate) fn of_floods(&self) -> LineCount {
        self.of_floods.get()
    }

    /// Lines dropped because the output was too slow or failed, by the bytes of the whole lines.
    pub(crate) fn unread(&self) -> LineCount {
        self.unread.get()
    }
}
