//! The body of a response: bytes, and the turn of the connection that lasts until they are taken.

use super::timers::Turn;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// All bytes of a response's body, given in one piece.
pub(in crate::http) struct Answer {
    bytes: Bytes,
    _turn: Turn,
}

impl Answer {
    pub(in crate::http) fn new(bytes: Bytes, mut turn: Turn) -> Self {
        turn.answer();
        Answer { bytes, _turn: turn }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
