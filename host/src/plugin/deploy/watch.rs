//! Reports files that were written: at once on Linux, by inotify. Elsewhere there is no watch, and
//! nothing but the scans finds a change.
//!
//! Folders are watched and not files, so that a save by renaming is noticed as well. Only the end of
//! writing is reported: a file that is copied slowly is not reported before it is whole.

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

    /// Folders that are watched at most. A user may have 8,192 on an old system, for all programs.
    const MAX_FOLDERS: usize = 1_024;

    /// A burst of writes ends when nothing is written for so long.
    const QUIET: Duration = Duration::from_millis(10);

    /// A burst of writes is reported after so long, though it goes on.
    const MAX_BURST: Duration = Duration::from_millis(200);

    /// Bytes of events that are read at once.
    const EVENTS_BYTES: usize = 4_096;

    /// The events that end the writing of a file.
    const WRITTEN: WatchFlags = WatchFlags::CLOSE_WRITE.union(WatchFlags::MOVED_TO);

    /// Watches folders.
    pub(in super::super) struct Watch {
        inotify: AsyncFd<OwnedFd>,
        state: Mutex<State>,
    }

    #[derive(Default)]
    struct State {
        /// The watched folders by their numbers, each by all its paths.
        folders: BTreeMap<i32, BTreeSet<PathBuf>>,
        /// The links among the files, by what they lead to.
        links: BTreeMap<PathBuf, PathBuf>,
        /// What was written and not yet taken.
        written: BTreeSet<PathBuf>,
    }

    impl Watch {
        /// Watches nothing yet. To be called within a runtime that has its I/O driver on.
        pub(in super::super) fn new() -> io::Result<Self> {
            let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            // SAFETY: what an `OwnedFd` owns stays open, and is the same, for as long as it does.
            let inotify = unsafe { AsyncFd::register_with_interest(inotify, Interest::READABLE) }?;
            Ok(Watch { inotify, state: Mutex::default() })
        }

        /// Watches these folders from now on, and no others, and what is linked by these files. Those
        /// that cannot be read are left out. May block.
        ///
        /// # Errors
        ///
        /// Why only the first of the folders are watched.
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
                // It fails when the folder is gone, and the watch with it.
                let _ = inotify::remove_watch(&self.inotify, *number);
            }
            (state.folders, state.links) = (found, links);
            ended
        }

        /// A folder that is watched already keeps its number; one that took the place of another has
        /// a number of its own.
        fn add(&self, folder: &Path, watched: usize) -> Result<i32, Errno> {
            if watched >= MAX_FOLDERS {
                return Err(Errno::NOSPC);
            }
            let here = folder.as_os_str().is_empty();
            let folder = if here { Path::new(".") } else { folder };
            inotify::add_watch(&self.inotify, folder, WRITTEN | WatchFlags::ONLYDIR)
        }

        /// Waits until something was written, and then for the end of the burst.
        pub(in super::super) async fn until_written(&self) {
            if self.state().written.is_empty() {
                self.until_event().await;
            }
            let burst = async { while timeout(QUIET, self.until_event()).await.is_ok() {} };
            let _ = timeout(MAX_BURST, burst).await;
        }

        /// Takes the files that were written, by each of their paths, and the folders they are in.
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

        /// Reads the events that there are. Returns true if something was written.
        fn read_events(&self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
            let mut reader = inotify::Reader::new(self.inotify.get_ref(), &mut buffer);
            let mut state = self.state();
            let mut has_new = false;
            // It ends with the error that there are no more.
            while let Ok(event) = reader.next() {
                // Where events were lost, the scans find the changes.
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

    /// There is none.
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
