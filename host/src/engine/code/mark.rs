//! A mark on a component while it is loaded: what a process leaves that ends meanwhile.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A mark, removed when it is dropped.
pub(crate) struct LoadMark {
    path: PathBuf,
    /// Held locked, which tells the mark of a process that lives from one that was left.
    _file: File,
}

impl LoadMark {
    /// Marks a component. A folder that cannot be written to takes no marks.
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

/// True if a process has ended while it loaded this component, and none loads it now.
pub(super) fn was_left(folder: &Path, bytes: &[u8]) -> bool {
    let Ok(file) = File::open(path(folder, bytes)) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// The name of a mark begins as that of a file that is being made, so that it is removed after an
/// hour.
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
        // As the system leaves it of a process that ends: unlocked, and not removed.
        std::fs::write(path(folder.path(), b"a"), "").unwrap();
        assert!(was_left(b"a") && !was_left(b"b"));
        drop(LoadMark::new(folder.path(), b"a").unwrap());
        assert!(!was_left(b"a"));
    }
}
