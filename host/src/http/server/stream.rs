//! The bytes of one connection: a stream that keeps the connection's timers up to date.

use super::timers::Timers;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// The first bytes that an HTTP/2 client sends: RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that reports its progress to the connection's [`Timers`]: bytes read, blocked writes
/// and completed flushes. Its first bytes can be peeked at to detect the protocol. If a response
/// was created before its request was read completely, closing the stream also discards the
/// client's remaining bytes, for at most the linger time.
pub(super) struct TimedStream<I> {
    stream: I,
    /// The first bytes of the client. `peeked` of them were read from the stream, and `consumed` of
    /// them were passed to hyper.
    start: [u8; PREFACE.len()],
    peeked: usize,
    consumed: usize,
    timers: Arc<Timers>,
}

impl<I: AsyncRead + AsyncWrite + Unpin> TimedStream<I> {
    pub(super) fn new(stream: I, timers: Arc<Timers>) -> Self {
        TimedStream { stream, start: [0; PREFACE.len()], peeked: 0, consumed: 0, timers }
    }

    /// True if the client's first bytes are the HTTP/2 preface. Reads at most as many bytes as the
    /// preface has.
    pub(super) async fn begins_http2(&mut self) -> io::Result<bool> {
        loop {
            let (start, rest) = self.start.split_at_mut(self.peeked);
            if !PREFACE.starts_with(start) {
                return Ok(false);
            }
            if rest.is_empty() {
                return Ok(true);
            }
            match self.stream.read(rest).await? {
                0 => return Ok(false),
                count => self.peeked += count,
            }
        }
    }

    /// If a write or a flush is pending, records that the client blocks it.
    fn timed<T>(&self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() {
            self.timers.write_pending();
        }
        written
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for TimedStream<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let peeked = self.start.get(self.consumed..self.peeked);
        if let Some(start) = peeked.filter(|start| !start.is_empty()) {
            let count = start.len().min(buffer.remaining());
            buffer.put_slice(start.get(..count).unwrap_or_default());
            self.consumed += count;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.timers.bytes_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedStream<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.timed(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        // hyper flushes when it has nothing more to write, so a completed flush means that no write
        // is blocked.
        if flushed.is_ready() {
            self.timers.flushed();
        }
        self.timed(flushed)
    }

    /// Closes the stream. If the client may still be sending, discards its bytes until it stops or
    /// the linger time is over. If the bytes stayed unread, the system would send a reset, which
    /// can destroy the response before the client reads it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        while self.timers.linger() {
            let mut scratch = [0; 4_096];
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
