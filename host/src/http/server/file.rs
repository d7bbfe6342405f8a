//! A response body that is read from a file while it is sent.

use super::timers::Exchange;
use crate::http::response::FileBody;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The frames of a file. Only one piece of the file is in memory at a time, so that slow clients do
/// not fill the memory: the next piece is read after the last frame of the current piece was
/// written.
pub(super) struct FileStream {
    sending: Arc<FileSending>,
    /// Number of bytes that are not in a frame yet.
    left: u64,
    /// The bytes of the current piece that are not in a frame yet.
    piece: Bytes,
    reading: Option<PieceReading>,
}

type PieceReading = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// The file and the exchange of a response, which last until the stream and all frames are dropped.
struct FileSending {
    body: FileBody,
    /// A single permit, for the piece that is in memory.
    turn: Arc<Semaphore>,
    _exchange: Exchange,
}

/// The owner of the bytes of a piece. Dropped with the last frame of the piece.
struct UnsentPiece {
    bytes: Vec<u8>,
    _turn: OwnedSemaphorePermit,
    _sending: Arc<FileSending>,
}

impl AsRef<[u8]> for UnsentPiece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl FileStream {
    pub(super) fn new(body: FileBody, exchange: Exchange) -> Self {
        let left = body.slice.len();
        let turn = Arc::new(Semaphore::new(1));
        let sending = Arc::new(FileSending { body, turn, _exchange: exchange });
        FileStream { sending, left, piece: Bytes::new(), reading: None }
    }

    /// Number of bytes that are not in a frame yet.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Returns the next frame of at most `most` bytes, or `None` at the end and after an error.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.piece.is_empty() {
            let FileStream { sending, left, reading, .. } = self;
            let begin = || -> PieceReading { Box::pin(read(Arc::clone(sending), *left)) };
            let piece = ready!(reading.get_or_insert_with(begin).as_mut().poll(cx));
            self.reading = None;
            match piece {
                Ok(piece) => self.piece = piece,
                Err(error) => {
                    self.left = 0;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let frame = self.piece.split_to(self.piece.len().min(most));
        self.left -= frame.len() as u64;
        Poll::Ready(Some(Ok(frame)))
    }
}

/// Reads the next piece once the previous one was sent.
async fn read(sending: Arc<FileSending>, left: u64) -> io::Result<Bytes> {
    let turn = Arc::clone(&sending.turn).acquire_owned().await.map_err(io::Error::other)?;
    let slice = &sending.body.slice;
    let bytes = slice.piece(slice.len() - left).await?;
    Ok(Bytes::from_owner(UnsentPiece { bytes, _turn: turn, _sending: sending }))
}
