//! Starts processes directly, or through a helper if this process may not start programs.

use super::cancellation::Cancellation;
use super::helper::{self, Helper};
use super::socket::{self, Descriptors};
use super::supervise::supervise;
use super::task::{Ended, Task};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The number of concurrent helpers: when one ends, the other starts its successor.
const HELPERS: usize = 2;

/// Starts subprocesses that run the program `hostel`.
#[derive(Clone)]
pub struct Launcher {
    program: Arc<Path>,
    helpers: Option<Arc<Helpers>>,
}

struct Helpers {
    sources: Vec<PathBuf>,
    alive: Mutex<Vec<Helper>>,
}

impl Launcher {
    /// Creates a launcher that starts processes as children of this process. `program` is the path
    /// of the executable `hostel`.
    pub fn new(program: PathBuf) -> Self {
        Launcher { program: program.into(), helpers: None }
    }

    /// Creates a launcher that starts processes through helpers, and starts the helpers. Must be
    /// called before this process gives up its right to start other processes. The helpers build a
    /// source only if its path is in `sources`, or below a folder in `sources`.
    ///
    /// # Errors
    ///
    /// If a helper cannot be started.
    pub(crate) fn with_helpers(program: PathBuf, sources: Vec<PathBuf>) -> io::Result<Self> {
        let alive = (0..HELPERS).map(|_| helper::start(&program, &sources));
        let alive = Mutex::new(alive.collect::<io::Result<_>>()?);
        let helpers = Some(Arc::new(Helpers { sources, alive }));
        Ok(Launcher { program: program.into(), helpers })
    }

    /// Starts a thread that replaces helpers that end. When helpers have been replaced, or a
    /// replacement has failed, passes one line to `tell`. The thread ends after a failure. Does
    /// nothing without helpers.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub(crate) fn watch(&self, tell: impl Fn(&str) + Send + 'static) -> io::Result<()> {
        let Some(helpers) = self.helpers.clone() else { return Ok(()) };
        let program = Arc::clone(&self.program);
        let watch = move || {
            while helpers.await_end().is_ok() {
                match helpers.mend(&program) {
                    Ok(()) => tell("a helper process ended; a new one replaces it"),
                    Err(error) => {
                        tell(&format!(
                            "the helper processes ended, so the server can no longer compile or \
                             build: restart it ({error})"
                        ));
                        return;
                    }
                }
            }
        };
        thread::Builder::new().name("helpers".to_owned()).spawn(watch)?;
        Ok(())
    }

    /// Starts a process, which is killed when `cancellation` is cancelled.
    ///
    /// # Errors
    ///
    /// If the system refuses a socket, a pipe or a thread, the task is too long for a message, or
    /// all helpers are gone.
    pub(crate) fn launch(
        &self,
        task: Task,
        input: OwnedFd,
        output: OwnedFd,
        cancellation: &Cancellation,
    ) -> io::Result<Running> {
        let (errors, theirs) = io::pipe()?;
        let (control, their_control) = socket::pair()?;
        let descriptors =
            Descriptors { input, output, errors: theirs.into(), control: their_control };
        match &self.helpers {
            Some(helpers) => helpers.send(&self.program, &task, &descriptors)?,
            None => {
                let program = Arc::clone(&self.program);
                let run = move || supervise(&program, &task, descriptors);
                thread::Builder::new().name("process".to_owned()).spawn(run)?;
            }
        }
        let control = Arc::new(control);
        cancellation.end_with(&control);
        Ok(Running { control, errors: OwnedFd::from(errors).into() })
    }
}

impl Helpers {
    fn alive(&self) -> MutexGuard<'_, Vec<Helper>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, program: &Path, task: &Task, with: &Descriptors) -> io::Result<()> {
        loop {
            let alive = self.alive();
            let Some(first) = alive.first() else {
                return Err(io::Error::other("the helper processes ended: restart the server"));
            };
            match socket::send(first.socket.as_fd(), task, with) {
                // The watching thread may not have noticed yet that this helper ended.
                Err(error) if is_gone(&error) => {
                    drop(alive);
                    self.mend(program)?;
                }
                sent => return sent,
            }
        }
    }

    /// Waits until a helper has ended. Helpers send nothing, so a readable socket means that the
    /// helper at its other end has ended.
    fn await_end(&self) -> io::Result<()> {
        let sockets: Vec<OwnedFd> = {
            let alive = self.alive();
            let sockets = alive.iter().map(|helper| helper.socket.as_fd().try_clone_to_owned());
            sockets.collect::<io::Result<_>>()?
        };
        let mut watched: Vec<_> =
            sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        rustix::io::retry_on_intr(|| poll(&mut watched, None))?;
        Ok(())
    }

    /// Replaces helpers that have ended. A living helper starts the new one. If all have ended,
    /// this process starts the first one itself, which fails if it may no longer start programs.
    fn mend(&self, program: &Path) -> io::Result<()> {
        let mut alive = self.alive();
        alive.retain(|helper| !has_ended(helper.socket.as_fd()));
        while alive.len() < HELPERS {
            let new = match alive.first() {
                Some(living) => helper::start_by(living, &self.sources)?,
                None => helper::start(program, &self.sources)?,
            };
            alive.push(new);
        }
        Ok(())
    }
}

fn has_ended(socket: BorrowedFd<'_>) -> bool {
    let mut watched = [PollFd::from_borrowed_fd(socket, PollFlags::IN)];
    let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    !matches!(poll(&mut watched, Some(&at_once)), Ok(0))
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

/// A running process.
pub(crate) struct Running {
    control: Arc<OwnedFd>,
    /// The read end of the process's standard error.
    pub(crate) errors: File,
}

impl Running {
    /// Waits until the process ends.
    ///
    /// # Errors
    ///
    /// If the process was cancelled, or the helper has ended or refused the task.
    pub(crate) fn wait(self) -> io::Result<Ended> {
        let mut message = [0; 4 << 10];
        let read = rustix::io::retry_on_intr(|| rustix::io::read(&*self.control, &mut message))?;
        if read == 0 {
            return Err(io::Error::other("the helper process ended"));
        }
        Ok(serde_json::from_slice(message.get(..read).unwrap_or_default())?)
    }
}
