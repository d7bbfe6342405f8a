//! The files that plugins come from: told apart by what the system says of them, and read only
//! when they are files, whole and not too large.

use crate::engine::LimitReached;
use hostel_cache::NameError;
use rustix::fs::OFlags;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Names of folders inside a source that hold what others made.
const NOT_SOURCE: &[&str] = &["target", "node_modules", "__pycache__"];

/// Files of a source whose changes are noticed; a folder with more is hardly one service.
const MOST_FILES: usize = 10_000;

/// What is at a path: something that can be read, or why not.
pub(super) type Observation = Result<Stamp, Unfit>;

/// What the system says of a file, or of each file of a source. The time of change of its inode is
/// in it, which no tool can set: so a file of the same size and time of modification is noticed
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Vec<[u64; 5]>);

impl Stamp {
    pub(super) fn of(file: &Metadata) -> Self {
        Stamp(vec![numbers(file)])
    }

    /// The stamp of a source: of the file, or of all files in the folder but hidden ones and
    /// what others made.
    pub(super) fn of_source(path: &Path) -> io::Result<Self> {
        let mut stamp = Vec::new();
        let mut paths = vec![path.to_owned()];
        while let Some(path) = paths.pop() {
            // A link to nothing is what it is.
            let found = path.metadata().or_else(|_| path.symlink_metadata())?;
            stamp.push(numbers(&found));
            // Links to folders are not followed below the first: they may lead in circles.
            if !found.is_dir() || stamp.len() > 1 && path.is_symlink() {
                continue;
            }
            let mut inside = Vec::new();
            for entry in path.read_dir()? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if !name.starts_with('.') && !NOT_SOURCE.contains(&&*name) {
                    inside.push(entry.path());
                }
            }
            inside.sort();
            paths.extend(inside);
            if stamp.len() + paths.len() > MOST_FILES {
                return Err(io::Error::other(format!("it has more than {MOST_FILES} files")));
            }
        }
        Ok(Stamp(stamp))
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

/// Why what is at a path is no plugin's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("there is no such file")]
    Gone,
    #[error("it is a link to a file that is not there")]
    Dangling,
    #[error("it is a {0}, not a file")]
    NotAFile(&'static str),
    #[error(transparent)]
    TooLarge(#[from] LimitReached),
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}: rename it")]
    Name(NameError),
    #[error("it gives the same name as {}: rename one of the two", .0.display())]
    NameTaken(PathBuf),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Unfit::Gone,
            _ => Unfit::Unreadable(error.to_string()),
        }
    }
}

/// Looks at a component's file, of at most `most` bytes, without opening it.
pub(super) fn observe(path: &Path, most: u64, too_large: &LimitReached) -> Observation {
    let found = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(Unfit::Dangling);
        }
        // A disk that is gone does not end the plugins that were on it.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !has_folder(path) => {
            return Err(Unfit::Unreadable("its folder is not there".to_owned()));
        }
        found => found?,
    };
    check(&found, most, too_large)?;
    Ok(Stamp::of(&found))
}

fn has_folder(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.is_none_or(Path::is_dir)
}

fn check(found: &Metadata, most: u64, too_large: &LimitReached) -> Result<(), Unfit> {
    if !found.is_file() {
        return Err(Unfit::NotAFile(kind(found.file_type())));
    }
    if found.len() > most {
        return Err(Unfit::TooLarge(too_large.clone()));
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

/// Reads a component's file, and answers what was read and what the system said of the file while
/// it was: a file that changed meanwhile has another stamp than the one before.
pub(super) fn read(
    path: &Path,
    most: u64,
    too_large: &LimitReached,
) -> Result<(Vec<u8>, Stamp), Unfit> {
    // What was a file a moment ago may be a pipe by now, and opening that would block for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    check(&file.metadata()?, most, too_large)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let after: Metadata = File::metadata(&file)?;
    check(&after, most, too_large)?;
    Ok((bytes, Stamp::of(&after)))
}
