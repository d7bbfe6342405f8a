//! Reads files that a user or a configuration names: refuses anything but regular files, without
//! blocking on a named pipe, and bounds every read. The error for a missing path can suggest
//! another path.

mod nearest;

pub(crate) use nearest::{explained, instead_of, listed, nearest};

use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Maximum bytes of a text file, such as a configuration or a list of callers: 16 MiB, a hundred
/// times the size of a large one.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The path leads to a file of this kind, not to a regular file.
    #[error("it is a {0}, not a file")]
    NotAFile(&'static str),
    /// The file has more bytes than allowed.
    #[error("it is larger than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// The system reported an error.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            ReadError::NotAFile(_) => io::Error::new(io::ErrorKind::InvalidInput, error),
            ReadError::TooLarge(_) => io::Error::new(io::ErrorKind::FileTooLarge, error),
        }
    }
}

/// Reads a file of at most `max_bytes`. Returns the content, and the metadata after the read.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<(Vec<u8>, Metadata), ReadError> {
    // Without this flag, opening a named pipe blocks until another process opens it for writing.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NXIO) => ReadError::NotAFile("socket"),
        _ => ReadError::Io(error),
    })?;
    read_open(file, max_bytes)
}

/// Reads an open file, as [`read`] does.
pub(crate) fn read_open(mut file: File, max_bytes: u64) -> Result<(Vec<u8>, Metadata), ReadError> {
    check(&file.metadata()?, max_bytes)?;
    let mut bytes = Vec::new();
    // The file may grow during the read, so `take` bounds the read.
    Read::by_ref(&mut file).take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    let after = file.metadata()?;
    check(&after, max_bytes)?;
    Ok((bytes, after))
}

/// Reads a file of at most 16 MiB. For a missing path, the error is that of [`explained`].
pub(crate) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    match read(path, MAX_TEXT_BYTES) {
        Ok((bytes, _)) => Ok(bytes),
        Err(error) => Err(explained(path, error.into())),
    }
}

/// Reads a file of at most 16 MiB of UTF-8, as [`read_bytes`] does.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let not_utf8 = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(read_bytes(path)?).map_err(not_utf8)
}

/// Checks that this is a regular file of at most `max_bytes`.
pub(crate) fn check(found: &Metadata, max_bytes: u64) -> Result<(), ReadError> {
    if !found.is_file() {
        return Err(ReadError::NotAFile(kind(found.file_type())));
    }
    if found.len() > max_bytes {
        return Err(ReadError::TooLarge(max_bytes));
    }
    Ok(())
}

fn kind(found: FileType) -> &'static str {
    match found {
        _ if found.is_dir() => "folder",
        _ if found.is_fifo() => "named pipe",
        _ if found.is_socket() => "socket",
        _ => "device",
    }
}
