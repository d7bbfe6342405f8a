//! The body of a response: its bytes, and the exchange that lasts until the client has taken them.

use super::timers::Exchange;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that is one piece of bytes. hyper drops it once its bytes are written, or when the client
/// is gone: the exchange ends with it.
pub(super) struct ResponseBody {
    bytes: Bytes,
    _exchange: Exchange,
}

impl ResponseBody {
    pub(super) fn new(bytes: Bytes, mut exchange: Exchange) -> Self {
        exchange.responded();
        ResponseBody { bytes, _exchange: exchange }
    }
}

impl Body for ResponseBody {
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
