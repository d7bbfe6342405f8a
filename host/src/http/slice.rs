//! A part of an open file, which is read piece by piece while it is sent: no file is ever in memory
//! as a whole.

use crate::blocking;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are read at once. Each read starts a thread, which takes as long as reading some of
/// these; more would be more memory for each client that takes a file slowly.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// Consecutive bytes of an open file, and its permit to be open.
pub(super) struct FileSlice {
    file: Arc<File>,
    start: u64,
    length: u64,
    /// Permits to read, of which each read takes one.
    readers: Arc<Semaphore>,
    _open: OwnedSemaphorePermit,
}

impl FileSlice {
    /// `length` bytes of a file from `start` on, which it must have.
    pub(super) fn new(
        file: File,
        (start, length): (u64, u64),
        readers: Arc<Semaphore>,
        open: OwnedSemaphorePermit,
    ) -> Self {
        FileSlice { file: Arc::new(file), start, length, readers, _open: open }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Bytes of memory that it takes while it is sent: those of its largest piece.
    pub(super) fn memory(&self) -> usize {
        self.bytes_from(0)
    }

    /// Reads the piece that begins `at` so many bytes of this slice.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the file has become shorter.
    pub(super) fn piece(&self, at: u64) -> impl Future<Output = io::Result<Vec<u8>>> + use<> {
        let (file, readers) = (Arc::clone(&self.file), Arc::clone(&self.readers));
        let (start, length) = (self.start.saturating_add(at), self.bytes_from(at));
        async move {
            let reader = readers.acquire_owned().await.map_err(io::Error::other)?;
            let read = move || {
                // Until the end of the read, also if the client is gone by then.
                let _reader = reader;
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, start).map(|()| bytes)
            };
            blocking::run(read).await.map_err(io::Error::other)?
        }
    }

    /// Bytes of the piece that begins there.
    fn bytes_from(&self, at: u64) -> usize {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        left.min(PIECE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[tokio::test]
    async fn a_slice_is_read_in_pieces_and_a_shorter_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..PIECE_BYTES + 10).map(|number| number as u8).collect();
        file.write_all(&bytes).unwrap();
        let open = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let readers = Arc::new(Semaphore::new(1));
        let end = (3, bytes.len() as u64 - 3);
        let slice = FileSlice::new(file.try_clone().unwrap(), end, Arc::clone(&readers), open);
        assert_eq!((slice.len(), slice.memory()), (end.1, PIECE_BYTES));
        assert_eq!(slice.piece(0).await.unwrap(), bytes[3..PIECE_BYTES + 3]);
        assert_eq!(slice.piece(PIECE_BYTES as u64).await.unwrap(), bytes[PIECE_BYTES + 3..]);
        file.set_len(5).unwrap();
        let error = slice.piece(0).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(readers.available_permits(), 1);
    }
}
