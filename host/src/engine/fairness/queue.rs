//! The queue of ready tasks. The next task is the oldest task of the plugin that has recently used
//! the least CPU time.

use super::share::CpuShare;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The ready tasks of all plugins of a host.
pub(super) struct LongQueue<T> {
    ready: Mutex<ReadyTasks<T>>,
    changed: Condvar,
}

struct ReadyTasks<T> {
    /// One queue for each version of a plugin that has ready tasks.
    lines: Vec<TaskLine<T>>,
    has_ended: bool,
}

/// The ready tasks of one plugin, oldest first.
struct TaskLine<T> {
    share: Arc<CpuShare>,
    tasks: VecDeque<T>,
}

impl<T> LongQueue<T> {
    pub(super) fn new() -> Arc<Self> {
        let ready = ReadyTasks { lines: Vec::new(), has_ended: false };
        Arc::new(LongQueue { ready: Mutex::new(ready), changed: Condvar::new() })
    }

    pub(super) fn push(&self, share: &Arc<CpuShare>, task: T) {
        self.ready().push(share, task);
        self.changed.notify_one();
    }

    /// Waits for the next task. Returns `None` once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<T> {
        let mut ready = self.ready();
        loop {
            if let Some(task) = ready.pop() {
                return Some(task);
            }
            if ready.has_ended {
                return None;
            }
            ready = self.changed.wait(ready).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Closes the queue: once it is empty, [`LongQueue::next`] returns `None` and does not wait.
    pub(super) fn end(&self) {
        self.ready().has_ended = true;
        self.changed.notify_all();
    }

    fn ready(&self) -> MutexGuard<'_, ReadyTasks<T>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> ReadyTasks<T> {
    fn push(&mut self, share: &Arc<CpuShare>, task: T) {
        match self.lines.iter_mut().find(|line| Arc::ptr_eq(&line.share, share)) {
            Some(line) => line.tasks.push_back(task),
            None => {
                let tasks = VecDeque::from([task]);
                self.lines.push(TaskLine { share: Arc::clone(share), tasks });
            }
        }
    }

    fn pop(&mut self) -> Option<T> {
        let now = Instant::now();
        let used = self.lines.iter().map(|line| line.share.used(now));
        let (at, _) = used.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let line = self.lines.get_mut(at)?;
        let task = line.tasks.pop_front();
        if line.tasks.is_empty() {
            self.lines.swap_remove(at);
        }
        task
    }
}
