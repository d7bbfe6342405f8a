//! The bytes of one connection, seen by its timers.

use super::timers::Watch;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// How a client begins to speak HTTP/2 without having agreed on it: RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that tells the connection's [`Watch`] what happens on it, and gives back first what
/// was read to tell the protocol.
pub(in crate::http) struct Watched<I> {
    stream: I,
    begun: [u8; PREFACE.len()],
    given: usize,
    read: usize,
    watch: Arc<Watch>,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Watched<I> {
    pub(in crate::http) fn new(stream: I, watch: Arc<Watch>) -> Self {
        Watched { stream, begun: [0; PREFACE.len()], given: 0, read: 0, watch }
    }

    /// Whether the client begins with HTTP/2. Reads as many bytes as tell.
    pub(in crate::http) async fn begins_http2(&mut self) -> io::Result<bool> {
        loop {
            let (begun, room) = self.begun.split_at_mut(self.read);
            if !PREFACE.starts_with(begun) {
                return Ok(false);
            }
            if room.is_empty() {
                return Ok(true);
            }
            match self.stream.read(room).await? {
                0 => return Ok(false),
                count => self.read += count,
            }
        }
    }

    /// Tells the watch whether the client takes what is written.
    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() {
            self.watch.write_waits();
        }
        written
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(begun) = self.begun.get(self.given..self.read).filter(|b| !b.is_empty()) {
            let count = begun.len().min(buffer.remaining());
            buffer.put_slice(begun.get(..count).unwrap_or_default());
            self.given += count;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.watch.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        // Whoever writes flushes when it has nothing more to write.
        if flushed.is_ready() {
            self.watch.written();
        }
        self.note(flushed)
    }

    /// Ends the stream. Where the client may still be sending, what it sends is thrown away until
    /// it stops or the watch calls time: the system would answer it with a reset, which may
    /// overtake the response.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        while self.watch.lingers() {
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
