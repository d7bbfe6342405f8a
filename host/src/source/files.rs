//! Which files belong to a source: one list for the build's cache and for the watch.

use crate::toolchain::Source;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most files of one source. Each is read by every build of it, and looked at twice a second while
/// it is served.
const MAX_FILES: usize = 10_000;

/// Most entries of folders that are looked at to find those: a source may lie in a home folder.
const MAX_ENTRIES: usize = 100_000;

/// Folders that hold what was installed or built, beside the hidden ones.
const IGNORED_FOLDERS: &[&str] = &["node_modules", "target", "__pycache__", "venv"];

/// The file by which a folder is a virtual environment of Python, whatever it is called.
const VIRTUAL_ENVIRONMENT: &str = "pyvenv.cfg";

/// Why the files of a source are not known.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There are too many beside this file.
    #[error(
        "{} has more than {MAX_FILES} files beside it, or {MAX_ENTRIES} of any kind, so changes of \
         them are not noticed and each build starts anew: move it to a folder of its own",
        .0.display()
    )]
    TooMany(PathBuf),
    /// A folder cannot be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

/// The files that belong to a source: those below its folder that a build in its language may
/// read, in the order of their paths. Not hidden ones, nor what was installed or built.
///
/// Links to files are followed; links to folders are not, since they may lead in circles.
///
/// # Errors
///
/// When there are too many, or the source's folder cannot be read.
pub fn files(source: &Source) -> Result<Vec<PathBuf>, FilesError> {
    files_within(source, MAX_FILES, MAX_ENTRIES)
}

fn files_within(
    source: &Source,
    max_files: usize,
    max_entries: usize,
) -> Result<Vec<PathBuf>, FilesError> {
    let too_many = || FilesError::TooMany(source.file.clone());
    let mut files = Vec::new();
    let mut entries_left = max_entries;
    let mut folders = vec![source.folder.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match folder.read_dir() {
            // Not readable for the build either, or gone since it was listed.
            Err(_) if folder != source.folder => continue,
            entries => entries.map_err(|error| FilesError::Unreadable(folder.clone(), error))?,
        };
        for entry in entries.filter_map(Result::ok) {
            entries_left = entries_left.checked_sub(1).ok_or_else(too_many)?;
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            if kind.is_dir() {
                if !is_ignored(&path) {
                    folders.push(path);
                }
            } else if !is_hidden(&path) && source.language.reads(&path) && path.is_file() {
                files.push(path);
            }
            if files.len() > max_files {
                return Err(too_many());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a name begins with a dot.
pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Whether a folder below a source, or among plugins, holds nothing that was written there.
pub(super) fn is_ignored(folder: &Path) -> bool {
    let is_named = |name: &&str| folder.file_name() == Some(OsStr::new(name));
    is_hidden(folder)
        || IGNORED_FOLDERS.iter().any(is_named)
        || folder.join(VIRTUAL_ENVIRONMENT).exists()
}

/// What the system tells of a file, or of each file of a source, by which a change is noticed. The
/// time of change of the inode is in it, which no tool can set: so a file of the same size and
/// modification time is noticed too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Vec<[u64; 5]>);

impl Stamp {
    /// The stamp of one file.
    pub fn of(file: &Metadata) -> Self {
        Stamp(vec![numbers(file)])
    }

    /// The stamp of all files of a source; of the file that declares the services alone where
    /// there are too many.
    ///
    /// # Errors
    ///
    /// When the source's folder cannot be read.
    pub fn of_source(source: &Source) -> Result<Self, FilesError> {
        let files = match files(source) {
            Err(FilesError::TooMany(file)) => vec![file],
            files => files?,
        };
        // A file that is gone since it was listed changes the next stamp.
        let found = files.iter().filter_map(|file| file.metadata().ok());
        Ok(Stamp(found.map(|found| numbers(&found)).collect()))
    }

    /// The bytes of all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().fold(0, |bytes, [_, _, length, ..]| bytes.saturating_add(*length))
    }
}

fn numbers(file: &Metadata) -> [u64; 5] {
    let nanoseconds = |seconds: i64, rest: i64| {
        seconds.wrapping_mul(1_000_000_000).wrapping_add(rest).cast_unsigned()
    };
    let modified = nanoseconds(file.mtime(), file.mtime_nsec());
    let changed = nanoseconds(file.ctime(), file.ctime_nsec());
    [file.dev(), file.ino(), file.len(), modified, changed]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Location;
    use std::fs;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        folder
    }

    fn source(file: &Path) -> Source {
        match Location::at(file).unwrap() {
            Location::Source(source) => source,
            Location::Component(file) => panic!("{file:?} is a component"),
        }
    }

    /// Checks which of these files belong to the first.
    #[track_caller]
    fn check(files: &[&str], expected: &[&str]) {
        let folder = folder_with(files);
        let found = super::files(&source(&folder.path().join(files[0]))).unwrap();
        let expected: Vec<_> = expected.iter().map(|file| folder.path().join(file)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_a_build_may_read_belongs_to_a_source() {
        let installed = ["venv/a.py", "node_modules/b.py", "target/c.py", "__pycache__/d.py"];
        let hidden = [".venv/e.py", ".f.py", "env/pyvenv.cfg", "env/g.py"];
        let files = ["a.py", "b/c.py", "b/pyproject.toml", "b/d.txt", "e.js"];
        check(&[&files, &installed[..], &hidden].concat(), &files[..3]);
        check(&["a.c", "a.h", "a.py"], &["a.c", "a.h"]);
        check(&["a.ts", "b.js", "c.json", "d.py"], &["a.ts", "b.js", "c.json"]);
        let package = ["Cargo.toml", "src/lib.rs", "src/page.html", "target/wasm32-wasip2/x"];
        let folder = folder_with(&package);
        let found = super::files(&source(folder.path())).unwrap();
        assert_eq!(found, [0, 1, 2].map(|file| folder.path().join(package[file])));
    }

    #[test]
    fn a_file_that_is_linked_belongs_to_a_source_and_a_folder_that_is_linked_does_not() {
        let folder = folder_with(&["a.py", "b/c.py"]);
        let shared = folder_with(&["d.py"]);
        std::os::unix::fs::symlink(shared.path().join("d.py"), folder.path().join("d.py")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/circle")).unwrap();
        std::os::unix::fs::symlink("nowhere.py", folder.path().join("e.py")).unwrap();
        let found = super::files(&source(&folder.path().join("a.py"))).unwrap();
        assert_eq!(found, ["a.py", "b/c.py", "d.py"].map(|file| folder.path().join(file)));
    }

    #[test]
    fn files_that_do_not_belong_to_a_source_do_not_count() {
        let folder = folder_with(&["a.py", "b.py", "c.txt", "d.txt", "venv/e.py", "venv/f.py"]);
        let source = source(&folder.path().join("a.py"));
        assert_eq!(files_within(&source, 2, 5).unwrap().len(), 2);
        for (max_files, max_entries) in [(1, 5), (2, 4)] {
            let error = files_within(&source, max_files, max_entries).unwrap_err().to_string();
            assert!(error.contains("a.py has more than 10000 files beside it"), "{error}");
        }
    }

    #[test]
    fn a_stamp_changes_with_each_file_of_a_source_and_with_no_other() {
        let folder = folder_with(&["a.py", "b.py", "c.txt", "venv/d.py"]);
        let source = source(&folder.path().join("a.py"));
        let stamp = || Stamp::of_source(&source).unwrap();
        let before = stamp();
        for file in ["c.txt", "e.txt", "venv/d.py", ".f.py"] {
            fs::write(folder.path().join(file), "changed").unwrap();
            assert_eq!(stamp(), before, "{file}");
        }
        fs::write(folder.path().join("b.py"), "changed").unwrap();
        let changed = stamp();
        assert_ne!(changed, before);
        fs::write(folder.path().join("new.py"), "").unwrap();
        assert_ne!(stamp(), changed);
        fs::remove_file(folder.path().join("new.py")).unwrap();
        assert_eq!(stamp(), changed);
    }
}
