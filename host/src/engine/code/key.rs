//! The key that authenticates compiled code: 32 random bytes in a file that only this user can
//! read.

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a key.
const KEY_BYTES: usize = blake3::KEY_LEN;

/// Size of the MAC at the end of each file of compiled code, in bytes.
pub(super) const TAG_BYTES: usize = blake3::OUT_LEN;

/// A secret key for MACs.
pub(super) struct MacKey([u8; KEY_BYTES]);

impl MacKey {
    /// Returns the key of an existing folder, from the file `<folder>.key` beside the folder. The
    /// key is outside the folder, so that write access to the folder is not enough to forge a file.
    ///
    /// A missing key is created. A key is replaced, and all code is then compiled again, if the key
    /// is not a file of 32 bytes, belongs to another user, can be accessed by others, or may not be
    /// read by this user.
    pub(super) fn beside(folder: &Path) -> io::Result<Self> {
        let path = path(&folder.canonicalize()?)?;
        let with_path = |error: io::Error| {
            let message = format!("its key {} cannot be read or made: {error}", path.display());
            io::Error::new(error.kind(), message)
        };
        match read(&path).map_err(with_path)? {
            Some(key) => Ok(key),
            None => make(&path).map_err(with_path),
        }
    }

    /// Computes the MAC of code under a name. Each name has its own derived key, so that a renamed
    /// file has the wrong MAC.
    pub(super) fn tag(&self, name: &str, code: impl Read) -> io::Result<blake3::Hash> {
        let key = blake3::keyed_hash(&self.0, name.as_bytes());
        let mut mac = blake3::Hasher::new_keyed(key.as_bytes());
        Ok(mac.update_reader(code)?.finalize())
    }
}

pub(super) fn path(folder: &Path) -> io::Result<PathBuf> {
    let mut name = folder.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    name.push(".key");
    Ok(folder.with_file_name(name))
}

/// Reads a key. Returns `None` if the file is missing, is not a key, belongs to another user, can
/// be accessed by others, or may not be read by this user.
fn read(path: &Path) -> io::Result<Option<MacKey>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if is_unfit(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    let is_own = found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0;
    if !found.is_file() || !is_own || found.len() != KEY_BYTES as u64 {
        return Ok(None);
    }
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key)?;
    Ok(Some(MacKey(key)))
}

/// True if the error means that there is no usable key: the file is missing, is a link, is a socket
/// (on Linux), or may not be read by this user. Other errors, such as too many open files, do not
/// mean that.
fn is_unfit(error: &io::Error) -> bool {
    let error = Errno::from_io_error(error);
    matches!(error, Some(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::ACCESS))
}

/// Creates a key, and replaces a file that is not a valid key. Returns an existing key if another
/// process has just created one.
fn make(path: &Path) -> io::Result<MacKey> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    // When two processes start at once, the second waits here and then reads the key of the first.
    let lock = File::open(folder)?;
    flock(&lock, FlockOperation::LockExclusive)?;
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key)?;
    // The temporary file has the mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(MacKey(key))
}
