//! The inputs of a build. They determine when a cached component is reused, and which files are
//! watched.

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The files that a build reads, the missing files that it looks for, and the folders that it
/// lists. All paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Inputs(BTreeSet<PathBuf>);

impl Inputs {
    /// Adds a file or folder. A relative path is resolved from the current folder.
    pub fn add(&mut self, path: &Path) {
        // `absolute` fails for an empty path, which is skipped.
        self.0.extend(std::path::absolute(path));
    }

    /// Adds the nearest file of this name in the folder of `path` or one of its ancestors, if there
    /// is such a file.
    pub(super) fn add_nearest(&mut self, path: &Path, name: &str) {
        let mut folders = path.ancestors().skip(1).map(|folder| folder.join(name));
        self.0.extend(folders.find(|file| file.is_file()));
    }

    /// Adds the inputs that compilers report in the form of a makefile rule, `target: file file
    /// ..`.
    pub(super) fn add_rule(&mut self, rule: &str) {
        let mut file = String::new();
        let mut characters =
            rule.split_once(": ").map_or("", |(_, files)| files).chars().peekable();
        while let Some(character) = characters.next() {
            match (character, characters.peek()) {
                ('\\', Some('\n')) => {}
                ('\\', Some(' ' | '#')) | ('$', Some('$')) => file.extend(characters.next()),
                (' ' | '\n' | '\r', _) => self.add(Path::new(&std::mem::take(&mut file))),
                _ => file.push(character),
            }
            // A blank line ends the rule. Ignore the rules that follow.
            if character == '\n' && characters.peek() == Some(&'\n') {
                break;
            }
        }
        self.add(Path::new(&file));
    }

    /// Adds all paths of `other`.
    pub fn extend(&mut self, other: &Inputs) {
        self.0.extend(other.0.iter().cloned());
    }

    /// True if there are no paths.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps only the paths for which `keep` returns true.
    pub(super) fn retain(&mut self, keep: impl FnMut(&PathBuf) -> bool) {
        self.0.retain(keep);
    }

    /// The paths, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }

    /// The digest of all paths and their contents.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = blake3::Hasher::new();
        for path in &self.0 {
            digest.update(blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes());
            digest.update(&content(path).unwrap_or_default());
        }
        digest.finalize().into()
    }

    /// True if one of the paths that exist may have changed since `time`.
    pub(super) fn changed_since(&self, time: SystemTime) -> bool {
        let mut found = self.0.iter().filter_map(|path| fs::metadata(path).ok());
        found.any(|file| has_changed_since(&file, time))
    }
}

/// The current time of the coarse clock, which the kernel uses for file timestamps: a file that
/// changes later does not get an earlier timestamp.
pub(crate) fn now() -> SystemTime {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    at(now.tv_sec, now.tv_nsec)
}

fn at(seconds: i64, nanoseconds: i64) -> SystemTime {
    let since = Duration::from_nanos(nanoseconds.max(0).unsigned_abs());
    UNIX_EPOCH + Duration::from_secs(seconds.max(0).unsigned_abs()) + since
}

/// True if a file may have changed since `time`, which [`now`] returned. Uses the inode's change
/// time, because tools can set the modification time.
pub(crate) fn has_changed_since(file: &Metadata, time: SystemTime) -> bool {
    at(file.ctime(), file.ctime_nsec()) >= time
}

/// The digest of a file's content, or of the names in a folder. For other kinds of files, the
/// digest of no bytes, because reading a pipe would block.
fn content(path: &Path) -> io::Result<[u8; 32]> {
    let found = fs::metadata(path)?;
    let mut digest = blake3::Hasher::new();
    if found.is_file() {
        digest.update_reader(File::open(path)?)?;
    } else if found.is_dir() {
        let names: BTreeSet<_> =
            fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
        for name in names {
            digest.update(blake3::hash(name.as_encoded_bytes()).as_bytes());
        }
    }
    Ok(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_input_changes_the_digest_and_one_of_another_file_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "one").unwrap();
        fs::create_dir(at("b")).unwrap();
        let mut inputs = Inputs::default();
        for name in ["a", "b", "absent"] {
            inputs.add(&at(name));
        }
        let mut before = inputs.digest();
        fs::write(at("other"), "one").unwrap();
        assert_eq!(inputs.digest(), before);
        let changes: [&dyn Fn(); 5] = [
            &|| fs::write(at("a"), "two").unwrap(),
            &|| fs::write(at("b/new"), "").unwrap(),
            &|| fs::write(at("absent"), "").unwrap(),
            &|| fs::remove_file(at("a")).unwrap(),
            &|| fs::create_dir(at("a")).unwrap(),
        ];
        for change in changes {
            change();
            assert_ne!(inputs.digest(), before);
            before = inputs.digest();
        }
    }

    #[test]
    fn the_files_of_a_rule_are_read_as_make_does() {
        let mut inputs = Inputs::default();
        inputs
            .add_rule("/a/x.o: /a/x.c \\\n  /a/../my\\ inc/v.h /a/$$1 \\\n /a/t.inc\n\n/a/x.c:\n");
        let files: Vec<_> = inputs.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(files, ["/a/../my inc/v.h", "/a/$1", "/a/t.inc", "/a/x.c"]);
        inputs.add_rule("");
        inputs.add_rule("/a/x.o:");
        assert_eq!(inputs.iter().count(), 4);
    }

    #[test]
    fn a_pipe_among_the_inputs_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut inputs = Inputs::default();
        inputs.add(&pipe);
        inputs.digest();
    }

    #[test]
    fn a_change_during_a_build_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "").unwrap();
        let mut inputs = Inputs::default();
        inputs.add(&file);
        let found = fs::metadata(&file).unwrap();
        let changed = at(found.ctime(), found.ctime_nsec());
        assert!(inputs.changed_since(changed));
        assert!(!inputs.changed_since(changed + Duration::from_nanos(1)));
    }
}
