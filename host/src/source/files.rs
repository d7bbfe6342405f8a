//! The files of a source, and stamps that detect changes in them.

use crate::toolchain::{Inputs, Source, has_changed_since};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Maximum files of one source. While the source is served, each scan visits all of them, usually
/// twice a second.
const MAX_FILES: usize = 10_000;

/// Maximum folder entries visited to find the files of a source, which may be in a home folder.
const MAX_ENTRIES: usize = 100_000;

/// The names of folders of installed or built files. Hidden folders and virtual environments are
/// ignored too.
const IGNORED_FOLDERS: &[&str] = &["node_modules", "target", "__pycache__", "venv"];

/// The file that marks a folder as a Python virtual environment, whatever its name.
const VIRTUAL_ENVIRONMENT: &str = "pyvenv.cfg";

/// Why the files of a source cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There are too many files, or too many entries, below the folder of this source file.
    #[error(
        "the folder of {} has more than {MAX_FILES} files, or more than {MAX_ENTRIES} entries, so \
         the server does not notice new files: move it to a folder of its own",
        .0.display()
    )]
    TooMany(PathBuf),
    /// The source's folder cannot be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

/// The files below a source's folder that the source may import, as `Language::has_module` defines,
/// sorted by path. Skips hidden, installed and built files.
///
/// Links to files are followed; links to folders are not, because they may form cycles.
///
/// # Errors
///
/// If there are too many files or folder entries, or the source's folder cannot be read.
pub(super) fn modules(source: &Source) -> Result<Vec<PathBuf>, FilesError> {
    files_within(source, |file| source.language.has_module(file), MAX_FILES, MAX_ENTRIES)
}

/// All files below a source's folder, sorted by path. Skips hidden, installed and built files.
///
/// # Errors
///
/// As [`modules`].
pub(super) fn all(source: &Source) -> Result<Vec<PathBuf>, FilesError> {
    files_within(source, |_| true, MAX_FILES, MAX_ENTRIES)
}

fn files_within(
    source: &Source,
    is_wanted: impl Fn(&Path) -> bool,
    max_files: usize,
    max_entries: usize,
) -> Result<Vec<PathBuf>, FilesError> {
    let too_many = || FilesError::TooMany(source.file.clone());
    let mut files = Vec::new();
    let mut entries_left = max_entries;
    let mut folders = vec![source.folder.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match folder.read_dir() {
            // The build cannot read this folder either, or the folder was removed after it was
            // listed.
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
            } else if !is_hidden(&path) && is_wanted(&path) && path.is_file() {
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

/// True if a name begins with a dot.
pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// True for a hidden folder, and for a folder of installed or built files.
pub(super) fn is_ignored(folder: &Path) -> bool {
    let is_named = |name: &&str| folder.file_name() == Some(OsStr::new(name));
    is_hidden(folder)
        || IGNORED_FOLDERS.iter().any(is_named)
        || folder.join(VIRTUAL_ENVIRONMENT).exists()
}

/// Metadata of files, to detect changes. The metadata includes the inode's change time: a replaced
/// file is detected even if its size and modification time are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The metadata of each file as numbers, by path. The path is empty in the stamp of a single
    /// file.
    files: BTreeMap<PathBuf, [u64; 5]>,
    /// For a source, the sorted paths of the files that it may import: an import may resolve to a
    /// new file.
    modules: Vec<PathBuf>,
}

/// The numbers of a file that is missing, or whose metadata cannot be read.
const ABSENT: [u64; 5] = [0; 5];

/// Numbers that no real file has.
const CHANGED: [u64; 5] = [u64::MAX; 5];

impl Stamp {
    /// The stamp of one file.
    pub fn of(file: &Metadata) -> Self {
        Stamp { files: BTreeMap::from([(PathBuf::new(), numbers(file))]), modules: Vec::new() }
    }

    /// The stamp of a source. The stamp covers the list of the files that the source may import,
    /// and the inputs of the last build. If the inputs are unknown, the stamp covers `source.file`
    /// in their place. If there are too many files or folder entries, the list is empty.
    ///
    /// # Errors
    ///
    /// If the source's folder cannot be read.
    pub fn of_source(source: &Source, inputs: Option<&Inputs>) -> Result<Self, FilesError> {
        let modules = match modules(source) {
            Err(FilesError::TooMany(_)) => Vec::new(),
            modules => modules?,
        };
        let mut only = Inputs::default();
        only.add(&source.file);
        let number = |path: &Path| path.metadata().map_or(ABSENT, |file| numbers(&file));
        let inputs = inputs.unwrap_or(&only).iter();
        Ok(Stamp { files: inputs.map(|path| (path.to_owned(), number(path))).collect(), modules })
    }

    /// Updates the stamp of a source after a build that began at `began` and read these inputs. If
    /// an input has changed since then, later stamps differ from the updated one, unless the input
    /// is missing now or is as in this stamp.
    #[must_use]
    pub fn after_build(self, inputs: &Inputs, began: SystemTime) -> Self {
        let number = |path: &Path| {
            let Ok(file) = path.metadata() else { return ABSENT };
            let now = numbers(&file);
            let is_known = self.files.get(path) == Some(&now);
            if is_known || !has_changed_since(&file, began) { now } else { CHANGED }
        };
        let files = inputs.iter().map(|path| (path.to_owned(), number(path))).collect();
        Stamp { files, ..self }
    }

    /// The paths of the stamped files, and of the files that a source may import. The stamp of a
    /// single file has only the empty path.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().chain(&self.modules).map(PathBuf::as_path)
    }

    /// True for the stamp of a source, false for the stamp of a single file.
    #[must_use]
    pub fn is_of_source(&self) -> bool {
        !self.files.contains_key(Path::new(""))
    }

    /// Returns the paths that differ from an earlier stamp: changed files, files that only one of
    /// the two stamps covers, and modules that were added or removed. Without an earlier stamp,
    /// returns the paths of all stamped files.
    pub fn changes_since<'a>(
        &'a self,
        before: Option<&'a Stamp>,
    ) -> impl Iterator<Item = &'a Path> {
        let is_known = move |path: &PathBuf| {
            before.is_some_and(|it| it.files.get(path) == self.files.get(path))
        };
        let files = self.files.keys().filter(move |path| !is_known(path));
        let gone = before.into_iter().flat_map(|it| it.files.keys());
        let gone = gone.filter(|path| !self.files.contains_key(*path));
        let modules = before.map_or(&[][..], |it| &it.modules);
        let new = self
            .modules
            .iter()
            .filter(move |path| before.is_some() && modules.binary_search(path).is_err());
        let lost = modules.iter().filter(|path| self.modules.binary_search(path).is_err());
        files.chain(gone).chain(new).chain(lost).map(PathBuf::as_path)
    }

    /// The total size of all stamped files, in bytes; `u64::MAX` if [`Stamp::after_build`] found a
    /// changed input.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().fold(0, |bytes, [_, _, length, ..]| bytes.saturating_add(*length))
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

    /// Checks which of these files the first one may import.
    #[track_caller]
    fn check(files: &[&str], expected: &[&str]) {
        let folder = folder_with(files);
        let found = modules(&source(&folder.path().join(files[0]))).unwrap();
        let expected: Vec<_> = expected.iter().map(|file| folder.path().join(file)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_source_may_import_what_is_in_its_language_and_was_not_installed_or_built() {
        let installed = ["venv/a.py", "node_modules/b.py", "target/c.py", "__pycache__/d.py"];
        let hidden = [".venv/e.py", ".f.py", "env/pyvenv.cfg", "env/g.py"];
        let notes = ["README.md", "hostel.toml", "b/test_c.py", "uv.lock"];
        let files = ["a.py", "b/c.py", "b/d.txt", "e.js"];
        check(&[&files, &installed[..], &hidden, &notes].concat(), &files);
        check(&["a.c", "a.h", "a.py", "a.txt"], &["a.c", "a.h"]);
        check(&["a.ts", "b.js", "c.json", "d.py"], &["a.ts", "b.js", "c.json"]);
        check(&["a.js", "b.cjs", "c.jsx", "a.test.js"], &["a.js", "b.cjs", "c.jsx"]);
        let package = ["Cargo.toml", "src/lib.rs", "src/page.html", "target/wasm32-wasip2/x.rs"];
        let folder = folder_with(&package);
        let found = modules(&source(folder.path())).unwrap();
        assert_eq!(found, [folder.path().join("src/lib.rs")]);
        let found = all(&source(folder.path())).unwrap();
        assert_eq!(found, [0, 1, 2].map(|file| folder.path().join(package[file])));
    }

    #[test]
    fn a_file_that_is_linked_belongs_to_a_source_and_a_folder_that_is_linked_does_not() {
        let folder = folder_with(&["a.py", "b/c.py"]);
        let shared = folder_with(&["d.py"]);
        std::os::unix::fs::symlink(shared.path().join("d.py"), folder.path().join("d.py")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/circle")).unwrap();
        std::os::unix::fs::symlink("nowhere.py", folder.path().join("e.py")).unwrap();
        let found = modules(&source(&folder.path().join("a.py"))).unwrap();
        assert_eq!(found, ["a.py", "b/c.py", "d.py"].map(|file| folder.path().join(file)));
    }

    #[test]
    fn files_that_do_not_belong_to_a_source_do_not_count() {
        let folder = folder_with(&["a.js", "b.js", "c.txt", "d.txt", "venv/e.js", "venv/f.js"]);
        let source = source(&folder.path().join("a.js"));
        let within = |max_files, max_entries| {
            files_within(&source, |file| source.language.has_module(file), max_files, max_entries)
        };
        assert_eq!(within(2, 5).unwrap().len(), 2);
        for (max_files, max_entries) in [(1, 5), (2, 4)] {
            let error = within(max_files, max_entries).unwrap_err().to_string();
            assert!(error.contains("a.js has more than 10000 files"), "{error}");
        }
    }

    #[test]
    fn a_stamp_changes_with_what_was_read_and_with_the_list_of_modules_and_with_nothing_else() {
        let folder = folder_with(&["svc/a.js", "svc/b.js", "svc/c.txt", "shared/d.txt"]);
        let at = |name: &str| folder.path().join(name);
        let source = source(&at("svc/a.js"));
        let mut inputs = Inputs::default();
        for file in ["svc/a.js", "shared/d.txt", "absent"] {
            inputs.add(&at(file));
        }
        let stamp = || Stamp::of_source(&source, Some(&inputs)).unwrap();
        let mut before = stamp();
        for file in ["svc/b.js", "svc/c.txt", "svc/e.txt", "svc/a.test.js", "svc/.f.js"] {
            fs::write(at(file), "changed").unwrap();
            assert_eq!(stamp(), before, "{file}");
        }
        for file in ["svc/a.js", "shared/d.txt", "absent", "svc/new.js"] {
            fs::write(at(file), "changed").unwrap();
            assert_ne!(stamp(), before, "{file}");
            before = stamp();
        }
        let only = Stamp::of_source(&source, None).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(1);
        for stamp in [&before, &only] {
            assert_eq!(stamp.clone().after_build(&inputs, later), before);
        }
        // A file that was not examined before the build may have changed during it.
        assert_eq!(before.clone().after_build(&inputs, SystemTime::UNIX_EPOCH), before);
        assert_ne!(only.clone().after_build(&inputs, SystemTime::UNIX_EPOCH), before);
        fs::write(at("shared/d.txt"), "again").unwrap();
        assert_eq!(Stamp::of_source(&source, None).unwrap(), only);
        fs::write(at("svc/a.js"), "again").unwrap();
        assert_ne!(Stamp::of_source(&source, None).unwrap(), only);
    }
}
