//! Bounds cache folders: removes entries that have not been used for a long time, and the least
//! recently used entries of a folder that is too large.

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The bounds of a folder.
struct Bounds {
    /// Maximum time since the last use of an entry.
    unused: Duration,
    /// Maximum time since the last change of an unfinished entry.
    unfinished: Duration,
    entries: usize,
    bytes: u64,
}

/// A month keeps the entries of programs that run only now and then. An hour is enough to finish
/// any entry. The size is negligible on a disk.
const BOUNDS: Bounds = Bounds {
    unused: Duration::from_secs(30 * 24 * 60 * 60),
    unfinished: Duration::from_secs(60 * 60),
    entries: 200,
    bytes: 2 << 30,
};

/// The prefix of unfinished entries, as `tempfile` names them. A killed process leaves them behind.
const ASIDE: &[u8] = b".tmp";

/// Marks an entry, which is a file or a folder, as just used. Does nothing if the entry is missing.
///
/// The mark is the entry's modification time. For an entry that is a folder, only the folder is
/// marked: the files in it keep their times. The entry is not opened: opening a named pipe would
/// block.
pub(crate) fn mark_used(entry: &Path) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    let _ = utimensat(CWD, entry, &times, AtFlags::SYMLINK_NOFOLLOW);
}

/// Removes each entry that has been unused for a month, or unfinished for an hour. Also removes the
/// least recently used entries beyond a total of 200 entries or 2 GiB. Always keeps the most
/// recently used entry.
///
/// Call this after adding an entry. Entries that cannot be removed are skipped.
pub(crate) fn prune(folder: &Path) {
    prune_to(folder, |_| true, &BOUNDS, SystemTime::now());
}

/// Prunes a folder as [`prune`] does, but neither counts nor removes entries whose names fail
/// `is_entry`: the folder may contain foreign files.
pub(crate) fn prune_named(folder: &Path, is_entry: impl Fn(&OsStr) -> bool) {
    prune_to(folder, is_entry, &BOUNDS, SystemTime::now());
}

fn prune_to(folder: &Path, is_entry: impl Fn(&OsStr) -> bool, bounds: &Bounds, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let entries = entries.filter_map(Result::ok);
    let paths = entries.filter(|entry| is_entry(&entry.file_name())).map(|entry| entry.path());
    let mut entries: Vec<(SystemTime, PathBuf)> =
        paths.filter_map(|path| Some((used(&path)?, path))).collect();
    entries.sort();
    let mut bytes = 0;
    for (index, (used, path)) in entries.into_iter().rev().enumerate() {
        // A modification time in the future means the clock was set back: treat the entry as just
        // used.
        let unused = now.duration_since(used).unwrap_or_default();
        bytes += size(&path);
        let is_aside = path.file_name().is_some_and(is_aside);
        let longest = if is_aside { bounds.unfinished } else { bounds.unused };
        let fits = unused <= longest && index < bounds.entries && bytes <= bounds.bytes;
        if index > 0 && !fits {
            let _ = remove(&path);
        }
    }
}

/// True if this is the name of an unfinished entry.
pub(crate) fn is_aside(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(ASIDE)
}

fn used(entry: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(entry).ok()?.modified().ok()
}

/// Returns the size of a file, or of all files below a folder, in bytes. Does not follow links.
fn size(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    match fs::read_dir(path) {
        Ok(entries) if found.is_dir() => {
            entries.filter_map(|entry| Some(size(&entry.ok()?.path()))).sum()
        }
        _ => found.len(),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_dir_all(path);
    }
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Creates entries, prunes their folder, and checks which entries remain. Each entry has a
    /// name, the days since its last use, and its size in bytes. Every second entry is a folder
    /// that contains a file.
    #[track_caller]
    fn check(bounds: &Bounds, entries: &[(&str, u32, usize)], left: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (index, (name, days, bytes)) in entries.iter().enumerate() {
            let entry = folder.path().join(name);
            let file = if index % 2 == 0 { entry.clone() } else { entry.join("in/file") };
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![0; *bytes]).unwrap();
            File::open(entry).unwrap().set_modified(now - DAY * *days).unwrap();
        }
        prune_to(folder.path(), |_| true, bounds, now);
        let mut found: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, left);
    }

    #[test]
    fn what_was_not_used_for_a_month_goes() {
        check(&BOUNDS, &[("a", 29, 1), ("b", 30, 1), ("c", 31, 1), ("d", 400, 1)], &["a", "b"]);
    }

    #[test]
    fn what_was_never_finished_goes_sooner() {
        check(&BOUNDS, &[(".tmp1", 1, 1), ("a", 2, 1), (".tmp2", 0, 1)], &[".tmp2", "a"]);
    }

    #[test]
    fn the_entry_used_last_stays_whatever_the_bounds() {
        let none = Bounds { unused: Duration::ZERO, entries: 0, bytes: 0, ..BOUNDS };
        check(&none, &[("a", 90, 9), ("b", 80, 9), ("c", 91, 9)], &["b"]);
        check(&BOUNDS, &[], &[]);
    }

    #[test]
    fn beyond_a_number_of_entries_or_bytes_the_oldest_go() {
        let entries = [("a", 3, 40), ("b", 1, 40), ("c", 4, 40), ("d", 2, 40)];
        check(&Bounds { entries: 3, ..BOUNDS }, &entries, &["a", "b", "d"]);
        check(&Bounds { bytes: 80, ..BOUNDS }, &entries, &["b", "d"]);
        check(&Bounds { bytes: 79, ..BOUNDS }, &entries, &["b"]);
    }

    #[test]
    fn an_entry_that_is_used_again_stays_and_its_files_keep_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 90 * DAY;
        for name in ["a", "b"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            let file = File::create(folder.path().join(name).join("file")).unwrap();
            file.set_modified(old).unwrap();
            File::open(folder.path().join(name)).unwrap().set_modified(old).unwrap();
        }
        mark_used(&folder.path().join("a"));
        mark_used(&folder.path().join("gone"));
        prune(folder.path());
        assert!(!folder.path().join("b").exists());
        assert_eq!(used(&folder.path().join("a/file")), Some(old));
    }

    #[test]
    fn entries_of_other_names_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ours-1", "ours-2", "notes"] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - 90 * DAY).unwrap();
        }
        prune_named(folder.path(), |name| name.as_encoded_bytes().starts_with(b"ours"));
        assert!(folder.path().join("notes").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_counts_as_itself_and_a_pipe_is_marked_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("link")).unwrap();
        assert_eq!(size(&folder.path().join("link")), 1);
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        mark_used(&pipe);
    }
}
