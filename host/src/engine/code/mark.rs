//! Marks a component while a process loads it. If the process dies meanwhile, the mark remains.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that marks a component as being loaded. Dropping this value deletes the file.
pub(crate) struct LoadMark {
    path: PathBuf,
    /// Holds the lock on the mark. When a process dies, its marks remain, but without a lock.
    _file: File,
}

impl LoadMark {
    /// Marks a component. Returns `None` if the mark cannot be written, or another load of the
    /// component, in any process, is running.
    pub(super) fn new(folder: &Path, bytes: &[u8]) -> Option<Self> {
        let path = path(folder, bytes);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(LoadMark { path, _file: file })
    }
}

impl Drop for LoadMark {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// True if the component has the mark of a dead process. False while a process loads the component,
/// and after such a load has ended.
pub(super) fn was_left(folder: &Path, bytes: &[u8]) -> bool {
    let Ok(file) = File::open(path(folder, bytes)) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Returns the path of a mark. The file name has the prefix of temporary files, so that pruning the
/// folder deletes the mark of a dead process after an hour.
fn path(folder: &Path, bytes: &[u8]) -> PathBuf {
    folder.join(format!(".tmp-loading-{}", blake3::hash(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_left_by_a_process_that_ends_and_by_no_load_that_ends() {
        let folder = tempfile::tempdir().unwrap();
        let was_left = |bytes| was_left(folder.path(), bytes);
        let mark = LoadMark::new(folder.path(), b"a").unwrap();
        assert!(!was_left(b"a"), "it is being loaded");
        drop(mark);
        assert!(!was_left(b"a"), "it was loaded");
        // A dead process leaves its mark unlocked and not deleted.
        std::fs::write(path(folder.path(), b"a"), "").unwrap();
        assert!(was_left(b"a") && !was_left(b"b"));
        drop(LoadMark::new(folder.path(), b"a").unwrap());
        assert!(!was_left(b"a"));
    }
}
