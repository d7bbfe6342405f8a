//! Opens files in a folder, and nothing outside it.

use super::path::INDEX;
use rustix::fs::{CWD, Mode, OFlags, openat};
#[cfg(target_os = "linux")]
use rustix::fs::{ResolveFlags, openat2};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The maximum size of a file that is read when it is opened.
pub(super) const MAX_SMALL_FILE_BYTES: u64 = 64 << 10;

/// `NONBLOCK`: opening a named pipe must not block.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// An open regular file.
pub(super) struct OpenedFile {
    pub(super) file: File,
    pub(super) found: Metadata,
    /// The file's bytes, if they were read when it was opened.
    pub(super) content: Option<Vec<u8>>,
}

/// Why a file cannot be opened.
#[derive(Debug)]
pub(super) enum FileOpenError {
    /// The folder has no such regular file, or the path leads out of the folder.
    NoFile,
    /// The process lacks the permission to read the file.
    Denied(io::Error),
    /// Too many files are open, no thread is free, or the system lacks a resource.
    Busy,
    /// Any other error.
    Failed(io::Error),
}

impl From<Errno> for FileOpenError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::XDEV
            | Errno::LOOP
            | Errno::NAMETOOLONG
            | Errno::NXIO
            | Errno::INVAL => FileOpenError::NoFile,
            Errno::ACCESS | Errno::PERM => FileOpenError::Denied(error.into()),
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => FileOpenError::Busy,
            other => FileOpenError::Failed(other.into()),
        }
    }
}

/// Opens a relative path in a folder. With `openat2`, follows relative links that stay in the
/// folder. Reads a small file if `reads` is true. Returns `None` if the path is a folder with an
/// index.
pub(super) fn open(
    folder: &Path,
    path: &Path,
    reads: bool,
) -> Result<Option<OpenedFile>, FileOpenError> {
    let folder = openat(CWD, folder, READ | OFlags::DIRECTORY, Mode::empty());
    let folder = folder.map_err(|error| match FileOpenError::from(error) {
        FileOpenError::Busy => FileOpenError::Busy,
        // The operator configured this folder, so the client did not cause the error.
        _ => FileOpenError::Failed(error.into()),
    })?;
    let (file, found) = open_in(&folder, path)?;
    if found.is_dir() {
        let (_, index) = open_in(&folder, &path.join(INDEX))?;
        return if index.is_file() { Ok(None) } else { Err(FileOpenError::NoFile) };
    }
    if !found.is_file() {
        return Err(FileOpenError::NoFile);
    }
    let is_small = found.len() <= MAX_SMALL_FILE_BYTES;
    let content = (reads && is_small).then(|| read(&file, found.len())).transpose();
    Ok(Some(OpenedFile { file, found, content: content.map_err(FileOpenError::Failed)? }))
}

fn open_in(folder: &OwnedFd, path: &Path) -> Result<(File, Metadata), FileOpenError> {
    let file = File::from(open_beneath(folder.as_fd(), path)?);
    let found = file.metadata().map_err(FileOpenError::Failed)?;
    Ok((file, found))
}

#[cfg(target_os = "linux")]
fn open_beneath(folder: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match openat2(folder, path, READ, Mode::empty(), resolve) {
        Err(Errno::NOSYS) => open_without_links(folder, path),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(folder: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    open_without_links(folder, path)
}

/// Opens a path one name at a time, without following links: without `openat2`, the server cannot
/// confine links to the folder.
fn open_without_links(folder: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    let mut opened: Option<OwnedFd> = None;
    let mut names = path.iter().peekable();
    while let Some(name) = names.next() {
        let within = opened.as_ref().map_or(folder, AsFd::as_fd);
        let is_last = names.peek().is_none();
        let kind = if is_last { OFlags::empty() } else { OFlags::DIRECTORY };
        opened = Some(openat(within, name, READ | OFlags::NOFOLLOW | kind, Mode::empty())?);
    }
    opened.ok_or(Errno::NOENT)
}

fn read(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let mut content = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut content, 0)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Creates a folder `public` with files, and a file `secret` beside it.
    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        let public = place.path().join("public");
        fs::create_dir_all(public.join("a/b")).unwrap();
        fs::write(public.join("a/file"), "text").unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        symlink("file", public.join("a/link")).unwrap();
        symlink("../a/b/../file", public.join("a/winding")).unwrap();
        symlink("../secret", public.join("out")).unwrap();
        symlink(place.path().join("secret"), public.join("absolute")).unwrap();
        symlink("..", public.join("up")).unwrap();
        symlink("/proc/self/root", public.join("root")).unwrap();
        symlink("loop", public.join("loop")).unwrap();
        place
    }

    fn content(opened: Result<OwnedFd, Errno>) -> Result<String, Errno> {
        Ok(io::read_to_string(File::from(opened?)).unwrap())
    }

    #[test]
    fn only_what_is_beneath_is_opened() {
        let place = place();
        let public = File::open(place.path().join("public")).unwrap();
        let out = ["out", "absolute", "up/secret", "root/etc/hostname", "loop", "../secret"];
        let beneath = |path: &str| content(open_beneath(public.as_fd(), Path::new(path)));
        let without = |path: &str| content(open_without_links(public.as_fd(), Path::new(path)));
        for path in out {
            let error = FileOpenError::from(beneath(path).unwrap_err());
            assert!(matches!(error, FileOpenError::NoFile), "{path}: {error:?}");
        }
        for path in
            out.into_iter().chain(["a/link", "a/winding"]).filter(|it| !it.starts_with(".."))
        {
            let error = FileOpenError::from(without(path).unwrap_err());
            assert!(matches!(error, FileOpenError::NoFile), "{path}: {error:?}");
        }
        assert_eq!(beneath("a/file").unwrap(), "text");
        assert_eq!(without("a/file").unwrap(), "text");
        for link in ["a/link", "a/winding"] {
            assert_eq!(beneath(link).unwrap(), "text", "{link}");
        }
    }

    #[test]
    fn only_regular_files_and_folders_with_an_index_are_found() {
        let place = place();
        let public = place.path().join("public");
        let pipe = public.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(public.join("socket")).unwrap();
        fs::create_dir_all(public.join("b/index.html")).unwrap();
        for path in ["pipe", "socket", "a", "b", "none", "a/file/x", &"x".repeat(300)] {
            let opened = open(&public, Path::new(path), true);
            assert!(matches!(opened, Err(FileOpenError::NoFile)), "{path}");
        }
        fs::write(public.join("a/index.html"), "").unwrap();
        assert!(matches!(open(&public, Path::new("a"), true), Ok(None)));
        let opened = open(&place.path().join("gone"), Path::new("a"), true);
        assert!(matches!(opened, Err(FileOpenError::Failed(_))));
    }

    #[test]
    fn a_small_file_is_read_at_once() {
        let place = place();
        let small = usize::try_from(MAX_SMALL_FILE_BYTES).unwrap();
        for (length, reads, expected) in
            [(0, true, true), (small, true, true), (small, false, false), (small + 1, true, false)]
        {
            fs::write(place.path().join("file"), vec![b'x'; length]).unwrap();
            let Ok(Some(OpenedFile { found, content, .. })) =
                open(place.path(), Path::new("file"), reads)
            else {
                panic!("{length}")
            };
            assert_eq!((found.len(), content.is_some()), (length as u64, expected));
            assert!(content.is_none_or(|content| content == vec![b'x'; length]));
        }
    }
}
