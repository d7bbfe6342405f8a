//! The task that exports spans in batches.

use super::collector::{Collector, ExportError};
use super::otlp;
use super::span::Span;
use crate::telemetry::escape::escape_fixed;
use crate::telemetry::line::{Level, LogSink, log_event};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// Maximum spans of one export.
const MAX_BATCH: usize = 512;

/// How long the first span of a batch waits for further spans, if the batch does not fill up.
const GATHER_TIME: Duration = Duration::from_secs(1);

/// The pauses before the retries of a failed export: a collector may restart meanwhile. If the last
/// retry fails, the spans are lost.
const RETRY_PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Minimum time between two log lines about lost spans, except the last line. A collector that is
/// down for a day must not fill the log.
const MIN_REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Maximum bytes of a reason in the log.
const MAX_REASON_BYTES: usize = 1_024;

pub(super) struct Exporter {
    spans: mpsc::Receiver<Span>,
    collector: Collector,
    service_name: String,
    lost: Arc<AtomicU64>,
    log: LogSink,
    reported: Option<Instant>,
    /// Why spans are lost: the reason of the last failed export. Until an export has failed, the
    /// reason is that the collector is too slow.
    reason: String,
}

impl Exporter {
    pub(super) fn new(
        spans: mpsc::Receiver<Span>,
        collector: Collector,
        service_name: String,
        lost: Arc<AtomicU64>,
        log: LogSink,
    ) -> Self {
        let reason = "the collector accepts them too slowly".to_owned();
        Exporter { spans, collector, service_name, lost, log, reported: None, reason }
    }

    /// Exports spans until `stop` is ready, and then the queued spans, without retries.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut is_stopping = false;
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                _ = &mut stop, if !is_stopping => is_stopping = true,
                () = self.gather(&mut batch, is_stopping) => {}
            }
            if is_stopping {
                self.spans.close();
                while self.spans.try_recv().map(|span| batch.push(span)).is_ok() {}
            }
            let is_last = batch.is_empty();
            for spans in batch.chunks(MAX_BATCH) {
                is_stopping |= self.export(spans, is_stopping, &mut stop).await;
            }
            self.report(is_stopping);
            if is_stopping && is_last {
                return;
            }
        }
    }

    /// Waits for a span, and then gathers the spans of the next second, up to [`MAX_BATCH`]. If
    /// `is_stopping`, returns at once. If the caller drops this future, the gathered spans stay in
    /// `batch`.
    async fn gather(&mut self, batch: &mut Vec<Span>, is_stopping: bool) {
        if is_stopping || self.spans.recv_many(batch, MAX_BATCH).await == 0 {
            return;
        }
        let until = Instant::now() + GATHER_TIME;
        while batch.len() < MAX_BATCH {
            let more = self.spans.recv_many(batch, MAX_BATCH - batch.len());
            if !matches!(timeout_at(until, more).await, Ok(1..)) {
                return;
            }
        }
    }

    /// Exports spans. Retries a failed export if a retry may succeed and the exporter is not
    /// stopping. If `stop` becomes ready in the pause before a retry, makes this last retry at once
    /// and returns true.
    async fn export(
        &mut self,
        spans: &[Span],
        is_stopping: bool,
        stop: &mut oneshot::Receiver<()>,
    ) -> bool {
        let body = otlp::body(&self.service_name, spans);
        let mut pauses = RETRY_PAUSES.iter();
        let mut stopped = false;
        loop {
            let result = self.collector.post(body.clone()).await;
            let Err(ExportError { reason, is_retryable }) = result else { return stopped };
            let pause = pauses.next().filter(|_| is_retryable && !is_stopping && !stopped);
            let Some(pause) = pause else {
                self.lost.fetch_add(spans.len() as u64, Ordering::Relaxed);
                self.reason = reason;
                return stopped;
            };
            stopped = timeout(*pause, &mut *stop).await.is_ok();
        }
    }

    /// Logs the number of lost spans, if any. Does nothing if a number was logged recently, except
    /// for the last report.
    fn report(&mut self, is_last: bool) {
        let now = Instant::now();
        let is_soon = self.reported.is_some_and(|reported| now < reported + MIN_REPORT_INTERVAL);
        if is_soon && !is_last {
            return;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        self.reported = Some(now);
        let reason = escape_fixed(&self.reason, MAX_REASON_BYTES);
        let message = format!("{lost} spans of traces were lost: {reason}");
        log_event(&self.log, Level::Warn, "", &message);
    }
}
