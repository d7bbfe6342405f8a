//! Reads the body of a request, and enforces its maximum size, its maximum time and its minimum
//! rate.

use super::messages::MessageCharge;
use super::problem::Problem;
use super::rate::{BODY_GRACE, MinRate};
use crate::config::Server;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Maximum bytes that are allocated for a body before its first byte arrives: a client may declare
/// any length.
const MAX_INITIAL_CAPACITY: usize = 64 << 10;

/// The maximum time and the minimum rate of a body. Without the rate, a client could hold its
/// charged bytes for the whole time by sending a byte now and then.
pub(super) struct BodyPace {
    begun: Instant,
    time: Duration,
    min_rate: MinRate,
}

impl BodyPace {
    pub(super) fn new(server: &Server, begun: Instant) -> Self {
        BodyPace { begun, time: server.body_time, min_rate: MinRate::new(server.min_rate) }
    }

    /// Returns how long the server still waits if only `received` bytes have arrived, or zero if
    /// the client is too slow.
    fn left(&self, received: usize) -> Duration {
        let by_rate = BODY_GRACE.saturating_add(self.min_rate.time_of(received));
        self.time.min(by_rate).saturating_sub(self.begun.elapsed())
    }
}

/// Reads a body of at most `limit` bytes, enforces its maximum time and minimum rate, and charges
/// its bytes as they arrive.
///
/// # Errors
///
/// When the body is too large, too slow, incomplete or malformed, or its bytes cannot be charged.
pub(super) async fn read<B>(
    body: &mut B,
    headers: &HeaderMap,
    limit: usize,
    server: &Server,
    charge: &mut MessageCharge<'_>,
) -> Result<Vec<u8>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    let declared = declared_length(headers);
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(Problem::body_too_large(limit));
    }
    if body.is_end_stream() {
        return Ok(Vec::new());
    }
    let length = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let pace = BodyPace::new(server, Instant::now());
    let read = collect(body, length, limit, &pace, charge);
    read.await?.ok_or_else(|| Problem::body_too_slow(server.min_rate, server.body_time))
}

/// Collects the bytes of a body. Returns `None` if the body is too slow.
async fn collect<B>(
    body: &mut B,
    length: usize,
    limit: usize,
    pace: &BodyPace,
    charge: &mut MessageCharge<'_>,
) -> Result<Option<Vec<u8>>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut bytes = Vec::with_capacity(length.min(MAX_INITIAL_CAPACITY));
    // The timer is reset only when it expires, because most bodies end before that.
    let mut timer = pin!(sleep(pace.left(0)));
    loop {
        let frame = poll_fn(|cx| {
            // Poll the body before the timer, so that bytes that have arrived are in time.
            if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
                return Poll::Ready(Some(frame));
            }
            while timer.as_mut().poll(cx).is_ready() {
                match pace.left(bytes.len()) {
                    Duration::ZERO => return Poll::Ready(None),
                    left => timer.set(sleep(left)),
                }
            }
            Poll::Pending
        });
        let Some(frame) = frame.await else { return Ok(None) };
        let Some(frame) = frame else { return Ok(Some(bytes)) };
        let broken = |_| Problem::bad_request("the body ends early or is malformed");
        let data = frame.map_err(broken)?.into_data().unwrap_or_default();
        if data.len() > limit - bytes.len() {
            return Err(Problem::body_too_large(limit));
        }
        charge.hold(bytes.len() + data.len(), length).map_err(Problem::no_room)?;
        bytes.extend_from_slice(&data);
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
