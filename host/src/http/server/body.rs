//! The body of a response: its bytes or its file, and the exchange, which lasts until the body is
//! sent.

use super::file::FileStream;
use super::responses::ResponseProgress;
use super::timers::Exchange;
use crate::http::response::{ChargedBytes, ChargedContent};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Maximum bytes of a frame. hyper buffers a limited number of bytes, so its requests for further
/// frames show that the client is receiving.
const FRAME_BYTES: usize = 64 << 10;

/// A body that is sent in frames. hyper drops the body once hyper's buffer has the last frame.
/// hyper drops each frame once the frame is written or the client disconnects, except that HTTP/2
/// copies small frames and drops them earlier.
pub(super) struct ResponseBody {
    /// The bytes that hyper has not requested yet.
    unsent: BodySource,
    /// Number of bytes in the previous frame, or 0 once they count as received.
    last: usize,
    /// `None` for a body of at most one frame.
    progress: Option<ResponseProgress>,
    /// The exchange of an empty body. For other bodies, `unsent` and the frames own the exchange.
    _exchange: Option<Exchange>,
}

/// The source of a body's frames.
enum BodySource {
    Bytes(Bytes),
    File(FileStream),
}

/// The owner of a body's bytes, which is dropped with the last slice of the bytes.
struct Unsent {
    bytes: ChargedBytes,
    _exchange: Exchange,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl ResponseBody {
    pub(super) fn new(content: ChargedContent, mut exchange: Exchange) -> Self {
        if content.len() == 0 {
            let (unsent, exchange) = (BodySource::Bytes(Bytes::new()), Some(exchange));
            return ResponseBody { unsent, last: 0, progress: None, _exchange: exchange };
        }
        exchange.responded();
        let is_long = content.len() > FRAME_BYTES as u64;
        let progress = if is_long { exchange.progress() } else { None };
        let unsent = match content {
            ChargedContent::Bytes(bytes) => {
                BodySource::Bytes(Bytes::from_owner(Unsent { bytes, _exchange: exchange }))
            }
            ChargedContent::File(body) => BodySource::File(FileStream::new(body, exchange)),
        };
        ResponseBody { unsent, last: 0, progress, _exchange: None }
    }

    /// Returns the number of bytes that hyper has not requested yet.
    fn left(&self) -> u64 {
        match &self.unsent {
            BodySource::Bytes(bytes) => bytes.len() as u64,
            BodySource::File(stream) => stream.left(),
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    /// The error that a file cannot be read to its end. hyper then ends the connection or, in
    /// HTTP/2, the stream.
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left() == 0 {
            return Poll::Ready(None);
        }
        // The request for this frame counts as receipt of the previous one: see `FRAME_BYTES`.
        let last = std::mem::take(&mut self.last);
        if let Some(progress) = &self.progress {
            progress.taken(last);
        }
        let frame = match &mut self.unsent {
            BodySource::Bytes(bytes) if bytes.len() <= FRAME_BYTES => std::mem::take(bytes),
            BodySource::Bytes(bytes) => bytes.split_to(FRAME_BYTES),
            BodySource::File(stream) => match ready!(stream.poll_frame(cx, FRAME_BYTES)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other.map(|frame| frame.map(Frame::data))),
            },
        };
        self.last = frame.len();
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Server;
    use crate::http::server::timers::Timers;

    /// Returns a body of `bytes` bytes and its frames. The exchange of the body uses `timers`.
    fn frames(bytes: usize, timers: &std::sync::Arc<Timers>) -> (ResponseBody, Vec<Bytes>) {
        let bytes = ChargedContent::free(Bytes::from(vec![b'x'; bytes]));
        let mut body = ResponseBody::new(bytes, Exchange::begin(timers));
        let mut frames = Vec::new();
        while !body.is_end_stream() {
            let frame =
                Pin::new(&mut body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()));
            let Poll::Ready(Some(Ok(frame))) = frame else { panic!("{frame:?}") };
            frames.push(frame.into_data().unwrap());
        }
        (body, frames)
    }

    #[test]
    fn an_exchange_lasts_until_the_last_frame_is_dropped() {
        let timers = Timers::new(&Server::default());
        let (body, mut frames) = frames(150_000, &timers);
        let lengths: Vec<_> = frames.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [FRAME_BYTES, FRAME_BYTES, 150_000 - 2 * FRAME_BYTES]);
        drop(body);
        for _ in 0..3 {
            assert!(timers.is_busy());
            frames.remove(0);
        }
        assert!(!timers.is_busy());
    }

    #[test]
    fn the_exchange_of_an_empty_body_ends_with_it() {
        let timers = Timers::new(&Server::default());
        let (body, frames) = frames(0, &timers);
        assert!(frames.is_empty() && timers.is_busy());
        drop(body);
        assert!(!timers.is_busy());
    }
}
