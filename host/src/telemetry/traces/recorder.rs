//! The queue between the requests and the task that exports their spans.

use super::ids::TraceIds;
use super::span::Span;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Maximum spans that wait for the exporter: typically about 2 MiB.
pub(super) const MAX_QUEUED_SPANS: usize = 2_048;

/// Receives ended spans. No request waits for the exporter: if the queue is full, or the exporter
/// has ended, a span is counted and dropped.
pub(super) struct SpanRecorder {
    queue: mpsc::Sender<Span>,
    lost: Arc<AtomicU64>,
    pub(super) ids: TraceIds,
}

impl SpanRecorder {
    /// Creates a recorder, and the receiver of its queue. `lost` counts the dropped spans.
    pub(super) fn new(lost: Arc<AtomicU64>) -> (Self, mpsc::Receiver<Span>) {
        let (queue, spans) = mpsc::channel(MAX_QUEUED_SPANS);
        (SpanRecorder { queue, lost, ids: TraceIds::default() }, spans)
    }

    pub(super) fn record(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
