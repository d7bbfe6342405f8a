//! Reports written files at once, with inotify on Linux. On other systems, only scans find changes.
//!
//! Folders are watched rather than files, to detect files that are saved by renaming. Only the end
//! of a write is reported, so that a file that is copied slowly is complete when it is reported.

#[cfg(target_os = "linux")]
pub(super) use linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(super) use none::Watch;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
    use rustix::io::Errno;
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::timeout;

    /// Maximum watched folders. By default, older kernels allow each user 8,192 watches.
    const MAX_FOLDERS: usize = 1_024;

    /// A burst of writes ends when no file is written for this long.
    const QUIET: Duration = Duration::from_millis(10);

    /// A burst of writes is reported after this long, even if it continues.
    const MAX_BURST: Duration = Duration::from_millis(200);

    /// Buffer size for events, in bytes.
    const EVENTS_BYTES: usize = 4_096;

    /// The events that end the writing of a file.
    const WRITTEN: WatchFlags = WatchFlags::CLOSE_WRITE.union(WatchFlags::MOVED_TO);

    /// Watches folders for written files.
    pub(in super::super) struct Watch {
        inotify: AsyncFd<OwnedFd>,
        state: Mutex<State>,
    }

    #[derive(Default)]
    struct State {
        /// The watched folders by watch descriptor. A folder may have several paths.
        folders: BTreeMap<i32, BTreeSet<PathBuf>>,
        /// The paths of files that are links, by their targets.
        links: BTreeMap<PathBuf, PathBuf>,
        /// The written files and their folders, until [`Watch::take_written`] returns them.
        written: BTreeSet<PathBuf>,
    }

    impl Watch {
        /// Creates a watcher without folders. Must be called within a tokio runtime with its I/O
        /// driver enabled.
        pub(in super::super) fn new() -> io::Result<Self> {
            let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            // SAFETY: an `OwnedFd` keeps its descriptor open and unchanged for as long as it lives.
            let inotify = unsafe { AsyncFd::register_with_interest(inotify, Interest::READABLE) }?;
            Ok(Watch { inotify, state: Mutex::default() })
        }

        /// Watches exactly `folders` and, for each of the `files` that is a link, the folder of its
        /// target. Skips folders that cannot be watched. May block.
        ///
        /// # Errors
        ///
        /// If there are too many folders for [`MAX_FOLDERS`] or for the system. The remaining
        /// folders are then not watched.
        pub(in super::super) fn follow<'a>(
            &self,
            folders: impl Iterator<Item = &'a Path>,
            files: impl Iterator<Item = &'a Path>,
        ) -> io::Result<()> {
            let links = files.filter(|file| file.is_symlink());
            let links: BTreeMap<_, _> =
                links.filter_map(|link| Some((link.canonicalize().ok()?, link.into()))).collect();
            let targets: Vec<PathBuf> =
                links.keys().filter_map(|file: &PathBuf| Some(file.parent()?.into())).collect();
            let targets = targets.iter().map(PathBuf::as_path);
            let folders: Vec<_> = folders.collect();
            let mut found: BTreeMap<i32, BTreeSet<PathBuf>> = BTreeMap::new();
            let mut seen = BTreeSet::new();
            let mut ended = Ok(());
            for folder in targets.chain(folders).filter(|it| seen.insert(*it)) {
                match self.add(folder, found.len()) {
                    Ok(number) => drop(found.entry(number).or_default().insert(folder.into())),
                    Err(Errno::NOSPC | Errno::NOMEM) => {
                        ended = Err(io::Error::other("too many folders are watched"));
                        break;
                    }
                    Err(_) => {}
                }
            }
            let mut state = self.state();
            for number in state.folders.keys().filter(|number| !found.contains_key(number)) {
                // This fails if the folder is gone, because the system has removed its watch.
                let _ = inotify::remove_watch(&self.inotify, *number);
            }
            (state.folders, state.links) = (found, links);
            ended
        }

        /// Watches a folder and returns its watch descriptor. A folder that is already watched
        /// keeps its descriptor. A new folder at the same path gets a new descriptor.
        fn add(&self, folder: &Path, watched: usize) -> Result<i32, Errno> {
            if watched >= MAX_FOLDERS {
                return Err(Errno::NOSPC);
            }
            let here = folder.as_os_str().is_empty();
            let folder = if here { Path::new(".") } else { folder };
            inotify::add_watch(&self.inotify, folder, WRITTEN | WatchFlags::ONLYDIR)
        }

        /// Waits until a file is written, and then for the end of the burst.
        pub(in super::super) async fn until_written(&self) {
            if self.state().written.is_empty() {
                self.until_event().await;
            }
            let burst = async { while timeout(QUIET, self.until_event()).await.is_ok() {} };
            let _ = timeout(MAX_BURST, burst).await;
        }

        /// Takes all paths of the written files and of the folders that contain the files. The
        /// folders count as written, because a source's inputs may include folders.
        pub(in super::super) fn take_written(&self) -> BTreeSet<PathBuf> {
            std::mem::take(&mut self.state().written)
        }

        async fn until_event(&self) {
            while let Ok(mut ready) = self.inotify.readable().await {
                let has_new = self.read_events();
                ready.clear_ready();
                if has_new {
                    return;
                }
            }
            std::future::pending().await
        }

        /// Reads the pending events. Returns true if a file was written.
        fn read_events(&self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
            let mut reader = inotify::Reader::new(self.inotify.get_ref(), &mut buffer);
            let mut state = self.state();
            let mut has_new = false;
            // When no events are left, `next` returns an error.
            while let Ok(event) = reader.next() {
                // If events were lost, scans find the changes.
                let is_written =
                    event.events().intersects(ReadFlags::CLOSE_WRITE | ReadFlags::MOVED_TO);
                if let Some(name) = event.file_name().filter(|_| is_written) {
                    has_new |= state.take_in(event.wd(), OsStr::from_bytes(name.to_bytes()));
                }
            }
            has_new
        }

        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl State {
        fn take_in(&mut self, folder: i32, name: &OsStr) -> bool {
            let Some(folders) = self.folders.get(&folder) else { return false };
            for folder in folders {
                let file = folder.join(name);
                self.written.extend(self.links.get(&file).cloned());
                self.written.extend([folder.clone(), file]);
            }
            true
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    use std::collections::BTreeSet;
    use std::io;
    use std::path::{Path, PathBuf};

    /// Not supported: this type has no values.
    pub(in super::super) enum Watch {}

    impl Watch {
        pub(in super::super) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in super::super) fn follow<'a>(
            &self,
            _folders: impl Iterator<Item = &'a Path>,
            _files: impl Iterator<Item = &'a Path>,
        ) -> io::Result<()> {
            match *self {}
        }

        pub(in super::super) async fn until_written(&self) {
            match *self {}
        }

        pub(in super::super) fn take_written(&self) -> BTreeSet<PathBuf> {
            match *self {}
        }
    }
}
