//! Threads that check passwords, and their queue.
//!
//! Checking a password takes tens of milliseconds and tens of MiB. The maximum number of threads is
//! half the number of processors, but at least one. With two or more processors, clients that guess
//! passwords thus leave processors for the requests of other clients.

use super::queue::{FairQueue, QueueFull, QueueTicket};
use crate::config::PasswordMemory;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, available_parallelism};
use tokio::sync::oneshot;

/// A job for a thread. The thread provides the memory for hashing.
type PasswordWork = Box<dyn FnOnce(&mut PasswordMemory) + Send>;

/// Threads that check passwords. The first checks start them; dropping this value ends them.
pub(super) struct PasswordThreads {
    shared: Arc<PasswordQueue>,
    max_threads: usize,
}

/// The shared state of the threads.
#[derive(Default)]
struct PasswordQueue {
    waiting: Mutex<WaitingWork>,
    changed: Condvar,
}

#[derive(Default)]
struct WaitingWork {
    queue: FairQueue<PasswordWork>,
    threads: usize,
    is_closed: bool,
}

/// A client that waits for its job. If the client disconnects, dropping this value removes the job,
/// unless the job has started.
struct WaitingClient<'a> {
    shared: &'a PasswordQueue,
    ticket: QueueTicket,
}

/// Why a password was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotChecked {
    /// The client has too many passwords in the queue.
    TooManyOfClient,
    /// The queue is full, the system refused a thread, or the job panicked.
    Busy,
}

impl From<QueueFull> for NotChecked {
    fn from(full: QueueFull) -> Self {
        match full {
            QueueFull::OfClient => NotChecked::TooManyOfClient,
            QueueFull::OfAll => NotChecked::Busy,
        }
    }
}

impl Default for PasswordThreads {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        PasswordThreads { shared: Arc::default(), max_threads: (processors / 2).max(1) }
    }
}

impl PasswordThreads {
    /// Runs a job on one of the threads, in the order of [`FairQueue`]. A job that has started runs
    /// to its end, even if the client disconnects.
    ///
    /// # Errors
    ///
    /// If the queue is full or has too many jobs of the client, if there is no thread and the
    /// system refuses one, or if the job panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        client: Option<IpAddr>,
        is_late: bool,
        work: impl FnOnce(&mut PasswordMemory) -> T + Send + 'static,
    ) -> Result<T, NotChecked> {
        let (sender, receiver) = oneshot::channel();
        // `send` fails if the client has disconnected.
        let work = move |memory: &mut PasswordMemory| drop(sender.send(work(memory)));
        let ticket = {
            let mut waiting = self.shared.waiting();
            self.start_thread(&mut waiting)?;
            waiting.queue.push(client, is_late, Box::new(work))?
        };
        self.shared.changed.notify_one();
        let _waiting = WaitingClient { shared: &self.shared, ticket };
        // If the job panicked, the sender was dropped.
        receiver.await.map_err(|_| NotChecked::Busy)
    }

    #[cfg(test)]
    pub(super) fn started(&self) -> usize {
        self.shared.waiting().threads
    }

    /// Starts another thread, unless the maximum is reached.
    ///
    /// # Errors
    ///
    /// When there is no thread yet, and the system refuses one.
    fn start_thread(&self, waiting: &mut WaitingWork) -> Result<(), NotChecked> {
        if waiting.threads < self.max_threads {
            let shared = Arc::clone(&self.shared);
            let thread = Builder::new().name("hostel-password".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(_) => waiting.threads += 1,
                Err(_) if waiting.threads > 0 => {}
                Err(_) => return Err(NotChecked::Busy),
            }
        }
        Ok(())
    }
}

impl Drop for PasswordThreads {
    fn drop(&mut self) {
        self.shared.waiting().is_closed = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for WaitingClient<'_> {
    fn drop(&mut self) {
        let removed = self.shared.waiting().queue.remove(self.ticket);
        // Drop the job after the queue is unlocked, because the drop takes the lock of
        // `GuessLocks`.
        drop(removed);
    }
}

impl PasswordQueue {
    fn waiting(&self) -> MutexGuard<'_, WaitingWork> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs queued jobs until the queue is closed.
    fn work(&self) {
        let mut memory = PasswordMemory::default();
        while let Some(work) = self.next(&mut memory) {
            // A panic ends only this job; the panic hook prints it.
            let _ = catch_unwind(AssertUnwindSafe(|| work(&mut memory)));
        }
    }

    /// Returns the next job, or `None` once the queue is closed. Frees the hashing memory before it
    /// waits for a job.
    fn next(&self, memory: &mut PasswordMemory) -> Option<PasswordWork> {
        let mut waiting = self.waiting();
        loop {
            if waiting.is_closed {
                return None;
            }
            if let Some(work) = waiting.queue.pop() {
                return Some(work);
            }
            *memory = PasswordMemory::default();
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::task::yield_now;

    fn ip(number: u8) -> Option<IpAddr> {
        Some([10, 0, 0, number].into())
    }

    /// Returns a pool with one thread. The thread is busy until the test uses the returned sender.
    async fn busy_threads() -> (Arc<PasswordThreads>, mpsc::Sender<()>) {
        let threads = Arc::new(PasswordThreads { shared: Arc::default(), max_threads: 1 });
        let (open, gate) = mpsc::channel();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let busy = Arc::clone(&threads);
        let work = move |_: &mut PasswordMemory| {
            begin.send(()).unwrap();
            gate.recv().unwrap();
        };
        tokio::spawn(async move { busy.run(ip(1), false, work).await });
        begun.await.unwrap();
        (threads, open)
    }

    async fn until_waiting(threads: &PasswordThreads, items: usize) {
        while threads.shared.waiting().queue.len() != items {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn another_client_waits_for_one_check_of_many() {
        let (threads, open) = busy_threads().await;
        let (tell, told) = mpsc::channel();
        let mut tasks = Vec::new();
        for number in 0..100 {
            let (shared, tell) = (Arc::clone(&threads), tell.clone());
            let client = if number < 99 { ip(1) } else { ip(2) };
            let work = move |_: &mut PasswordMemory| tell.send(number).unwrap();
            tasks.push(tokio::spawn(async move { shared.run(client, false, work).await }));
            until_waiting(&threads, number + 1).await;
        }
        open.send(()).unwrap();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let order: Vec<_> = told.try_iter().collect();
        assert_eq!((order.len(), &order[..3]), (100, &[0, 99, 1][..]));
    }

    #[tokio::test]
    async fn a_client_that_is_gone_leaves_nothing_and_a_panic_ends_no_thread() {
        let (threads, open) = busy_threads().await;
        let spawn = |work: fn()| {
            let threads = Arc::clone(&threads);
            tokio::spawn(async move { threads.run(None, false, move |_| work()).await })
        };
        let gone = spawn(|| ());
        until_waiting(&threads, 1).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert_eq!(threads.shared.waiting().queue.len(), 0);
        open.send(()).unwrap();
        let panics = spawn(|| std::panic::resume_unwind(Box::new(())));
        assert_eq!(panics.await.unwrap(), Err(NotChecked::Busy));
        assert_eq!(spawn(|| ()).await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn a_client_with_too_many_checks_is_refused_and_others_are_not() {
        let (threads, open) = busy_threads().await;
        let spawn = |client| {
            let threads = Arc::clone(&threads);
            tokio::spawn(async move { threads.run(client, false, |_| ()).await })
        };
        let waiting: Vec<_> = (0..256).map(|_| spawn(ip(1))).collect();
        until_waiting(&threads, 256).await;
        assert_eq!(spawn(ip(1)).await.unwrap(), Err(NotChecked::TooManyOfClient));
        let other = spawn(ip(2));
        until_waiting(&threads, 257).await;
        open.send(()).unwrap();
        for task in waiting.into_iter().chain([other]) {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
    }
}
