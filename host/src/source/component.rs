//! Checks and reads component files: only regular files that are not too large. The stamp of a file
//! serves to detect changes.

use super::files::Stamp;
use super::location::folder_of;
use crate::file::{self, ReadError};
use std::fs::File;
use std::io;
use std::path::Path;

/// Why a path cannot be read as a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file does not exist. [`check_file`] reports this only if the file's folder exists.
    #[error("the file does not exist")]
    Gone,
    /// The path is a link to a file that does not exist. Only [`check_file`] reports this.
    #[error("it is a link to a file that does not exist")]
    Dangling,
    /// The path does not lead to a regular file, but to something of this kind, such as a folder.
    #[error("it is a {0}, not a file")]
    NotAFile(&'static str),
    /// The file has more bytes than allowed.
    #[error("it is larger than a component may be")]
    TooLarge,
    /// The file cannot be read, for this reason.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => FileError::Gone,
            _ => FileError::Unreadable(error.to_string()),
        }
    }
}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotAFile(kind) => FileError::NotAFile(kind),
            ReadError::TooLarge(_) => FileError::TooLarge,
            ReadError::Io(error) => error.into(),
        }
    }
}

/// The error message for a path where no file exists. Suggests a likely path, or else lists the
/// names in the nearest existing folder.
pub fn absent(path: &Path) -> String {
    let instead = file::instead_of(path).map(|it| format!("; {it}")).unwrap_or_default();
    format!("{}{instead}", FileError::Gone)
}

/// Checks that a path leads to a regular file of at most `max_bytes`, and returns the file's stamp.
/// Does not open the file.
///
/// # Errors
///
/// If the file does not exist, is not regular or is too large, or its metadata cannot be read.
pub fn check_file(path: &Path, max_bytes: u64) -> Result<Stamp, FileError> {
    let found = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(FileError::Dangling);
        }
        // A disk that is not mounted must not look like a deleted file.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder_of(path).is_dir() => {
            return Err(FileError::Unreadable("its folder does not exist".to_owned()));
        }
        found => found?,
    };
    file::check(&found, max_bytes)?;
    Ok(Stamp::of(&found))
}

/// Reads a file of at most `max_bytes`. Returns the content and the stamp. The stamp is taken after
/// reading, so it differs from an earlier stamp if the file changed meanwhile.
///
/// # Errors
///
/// If the file is not regular, is too large or cannot be read.
pub fn read(path: &Path, max_bytes: u64) -> Result<(Vec<u8>, Stamp), FileError> {
    let (bytes, after) = file::read(path, max_bytes)?;
    Ok((bytes, Stamp::of(&after)))
}

/// Reads an open file, as [`read`] does.
///
/// # Errors
///
/// As [`read`].
pub fn read_open(file: File, max_bytes: u64) -> Result<(Vec<u8>, Stamp), FileError> {
    let (bytes, after) = file::read_open(file, max_bytes)?;
    Ok((bytes, Stamp::of(&after)))
}
