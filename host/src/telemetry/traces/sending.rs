//! The task that sends spans, many at once.

use super::collector::{Collector, Unsent};
use super::otlp;
use super::span::Span;
use crate::telemetry::{Level, LogLine, LogSink, escape};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// Spans that wait. Some seconds of a busy server, about 2 MiB.
pub(super) const QUEUE: usize = 2_048;

/// Spans of one post.
const BATCH: usize = 512;

/// Time that the first span of a post waits for others.
const GATHER: Duration = Duration::from_secs(1);

/// Pauses between a post that did not arrive and the next try, over a restart of the collector.
/// When the last has failed as well, its spans are lost.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Time between two lines about spans that are lost, at least.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Bytes of a reason in the log.
const REASON_BYTES: usize = 1_024;

pub(super) struct Sending {
    spans: mpsc::Receiver<Span>,
    collector: Collector,
    service_name: String,
    lost: Arc<AtomicU64>,
    log: LogSink,
    told: Option<Instant>,
    /// Why the last spans were lost.
    reason: String,
}

impl Sending {
    pub(super) fn new(
        spans: mpsc::Receiver<Span>,
        collector: Collector,
        service_name: String,
        lost: Arc<AtomicU64>,
        log: LogSink,
    ) -> Self {
        let reason = "they come faster than the collector takes them".to_owned();
        Sending { spans, collector, service_name, lost, log, told: None, reason }
    }

    /// Sends until told to stop, and then what waits, without trying again.
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
            for spans in batch.chunks(BATCH) {
                is_stopping |= self.send(spans, is_stopping, &mut stop).await;
            }
            self.tell(is_stopping);
            if is_stopping && is_last {
                return;
            }
        }
    }

    /// Waits for spans, and then for those that come soon after. What is in `batch` when this is
    /// dropped stays there.
    async fn gather(&mut self, batch: &mut Vec<Span>, is_stopping: bool) {
        if is_stopping || self.spans.recv_many(batch, BATCH).await == 0 {
            return;
        }
        let until = Instant::now() + GATHER;
        while batch.len() < BATCH {
            let more = self.spans.recv_many(batch, BATCH - batch.len());
            if !matches!(timeout_at(until, more).await, Ok(1..)) {
                return;
            }
        }
    }

    /// Sends spans, again and again where that may help; answers whether it was told to stop.
    async fn send(
        &mut self,
        spans: &[Span],
        is_stopping: bool,
        stop: &mut oneshot::Receiver<()>,
    ) -> bool {
        let body = otlp::body(&self.service_name, spans);
        let mut pauses = PAUSES.iter();
        let mut told = false;
        loop {
            let Err(Unsent { reason, may_arrive }) = self.collector.post(body.clone()).await else {
                return told;
            };
            let pause = pauses.next().filter(|_| may_arrive && !is_stopping && !told);
            let Some(pause) = pause else {
                self.lost.fetch_add(spans.len() as u64, Ordering::Relaxed);
                self.reason = reason;
                return told;
            };
            told = timeout(*pause, &mut *stop).await.is_ok();
        }
    }

    /// Tells how many spans were lost, if that was not told just now.
    fn tell(&mut self, is_last: bool) {
        let now = Instant::now();
        let is_soon = self.told.is_some_and(|told| now < told + TELL_EVERY);
        if is_soon && !is_last {
            return;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        self.told = Some(now);
        let reason = escape(&self.reason, REASON_BYTES);
        let message = format!("{lost} spans of traces were lost: {reason}");
        let (plugin, service, request_id) = ("", "", "");
        let (time, level) = (SystemTime::now(), Level::Warn);
        (self.log)(&LogLine { time, level, plugin, service, request_id, message: &message });
    }
}
