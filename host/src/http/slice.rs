//! A part of an open file that is read in pieces while it is sent, so that only one piece is in
//! memory at a time.

use super::log::{ErrorLog, LogBound};
use crate::blocking;
use crate::telemetry::Level;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum bytes of one read. Each read is a job on another thread, so small reads would be slow.
/// Larger reads would take more memory for each slow client.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// Consecutive bytes of an open file, and the permit to keep the file open.
pub(super) struct FileSlice {
    file: Arc<File>,
    start: u64,
    length: u64,
    /// The permits for reads. Each read takes one permit.
    readers: Arc<Semaphore>,
    errors: ReadErrors,
    _open: OwnedSemaphorePermit,
}

/// Logs that a file cannot be read to its end. The client only sees that the connection or the
/// stream ends, because the response has already begun.
#[derive(Clone)]
pub(super) struct ReadErrors {
    pub(super) path: PathBuf,
    pub(super) log: ErrorLog,
    pub(super) bound: Arc<LogBound>,
}

impl ReadErrors {
    fn log(&self, error: &io::Error) {
        let path = self.path.display();
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the file {path} became shorter while it was sent")
            }
            _ => format!("cannot read the file {path} to its end: {error}"),
        };
        self.log.bounded(&self.bound, Level::Error, format_args!("{message}"));
    }
}

impl FileSlice {
    /// Creates a slice of `length` bytes from `start`. The file must have these bytes.
    pub(super) fn new(
        file: File,
        (start, length): (u64, u64),
        readers: Arc<Semaphore>,
        open: OwnedSemaphorePermit,
        errors: ReadErrors,
    ) -> Self {
        FileSlice { file: Arc::new(file), start, length, readers, errors, _open: open }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Returns the bytes of memory that the slice occupies while it is sent: the size of its
    /// largest piece.
    pub(super) fn memory(&self) -> usize {
        self.bytes_from(0)
    }

    /// Reads the piece at the offset `at` in this slice.
    ///
    /// # Errors
    ///
    /// When the piece cannot be read, or the file has become shorter. The error is also logged,
    /// unless the bound of [`ReadErrors`] omits the line.
    pub(super) fn piece(&self, at: u64) -> impl Future<Output = io::Result<Vec<u8>>> + use<> {
        let (file, readers) = (Arc::clone(&self.file), Arc::clone(&self.readers));
        let (start, length) = (self.start.saturating_add(at), self.bytes_from(at));
        let errors = self.errors.clone();
        async move {
            let reader = readers.acquire_owned().await.map_err(io::Error::other)?;
            let read = move || {
                // Hold the permit until the read ends, even if the client disconnects.
                let _reader = reader;
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, start).map(|()| bytes)
            };
            let read = blocking::run(read).await.map_err(io::Error::other).flatten();
            read.inspect_err(|error| errors.log(error))
        }
    }

    /// Returns the number of bytes of the piece at this offset.
    fn bytes_from(&self, at: u64) -> usize {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        left.min(PIECE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Mutex;

    /// Returns the error logger of a file, and the lines that the logger writes.
    fn errors() -> (ReadErrors, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let of_log = Arc::clone(&lines);
        let log = ErrorLog::new(Arc::new(move |line| {
            of_log.lock().unwrap().push(format!("{} {}", line.level, line.message));
        }));
        (ReadErrors { path: "/site/film".into(), log, bound: Arc::default() }, lines)
    }

    #[tokio::test]
    async fn a_slice_is_read_in_pieces_and_a_shorter_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..PIECE_BYTES + 10).map(|number| number as u8).collect();
        file.write_all(&bytes).unwrap();
        let open = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let readers = Arc::new(Semaphore::new(1));
        let end = (3, bytes.len() as u64 - 3);
        let (errors, lines) = errors();
        let written = file.try_clone().unwrap();
        let slice = FileSlice::new(written, end, Arc::clone(&readers), open, errors);
        assert_eq!((slice.len(), slice.memory()), (end.1, PIECE_BYTES));
        assert_eq!(slice.piece(0).await.unwrap(), bytes[3..PIECE_BYTES + 3]);
        assert_eq!(slice.piece(PIECE_BYTES as u64).await.unwrap(), bytes[PIECE_BYTES + 3..]);
        file.set_len(5).unwrap();
        let error = slice.piece(0).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(readers.available_permits(), 1);
        let expected = "error the file /site/film became shorter while it was sent";
        assert_eq!(*lines.lock().unwrap(), [expected]);
    }

    #[tokio::test]
    async fn a_read_that_fails_is_logged_with_the_reason_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let open = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (errors, lines) = errors();
        // A folder can be opened like a file, but not read.
        let file = File::open(folder.path()).unwrap();
        let slice = FileSlice::new(file, (0, 10), Arc::new(Semaphore::new(1)), open, errors);
        assert_eq!(slice.piece(0).await.unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let line = "error cannot read the file /site/film to its end: Is a directory (os error 21)";
        assert_eq!(*lines.lock().unwrap(), [line]);
    }
}
