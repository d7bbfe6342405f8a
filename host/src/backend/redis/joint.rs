//! Shared work: one run serves all operations that need its result, even if some time out.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Work with at most one run at a time: connecting, or discovering the servers. An operation that
/// needs the result joins the current run. The run continues if the operation times out, so that a
/// server can be reached even if connecting takes longer than one operation's timeout.
#[derive(Debug)]
pub(super) struct Joint<T>(Arc<Mutex<Option<Run<T>>>>);

type Run<T> = watch::Receiver<Option<T>>;

impl<T> Default for Joint<T> {
    fn default() -> Self {
        Joint(Arc::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Joint<T> {
    /// Joins the current run, or starts one on the runtime.
    pub(super) fn join<F>(&self, start: impl FnOnce() -> F) -> Run<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // If the sender is gone, the run has no result: it panicked, or its runtime was shut down.
        if let Some(run) = under_way.as_ref().filter(|run| run.has_changed().is_ok()) {
            return run.clone();
        }
        let (end, run) = watch::channel(None);
        *under_way = Some(run.clone());
        let (work, place) = (start(), Arc::clone(&self.0));
        tokio::spawn(async move {
            let result = work.await;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = None;
            end.send_replace(Some(result));
        });
        run
    }
}

/// Returns the result of a run, or `None` if there is no result by the deadline.
pub(super) async fn result<T: Clone>(mut run: Run<T>, deadline: Instant) -> Option<T> {
    let ended = timeout_at(deadline, run.wait_for(Option::is_some)).await.ok()?.ok()?;
    ended.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn callers_at_the_same_time_share_one_run_which_outlasts_them() {
        let (joint, runs) = (Joint::default(), Arc::new(AtomicU32::new(0)));
        let gate = Arc::new(Semaphore::new(0));
        let join = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            joint.join(|| async move {
                gate.acquire().await.unwrap().forget();
                runs.fetch_add(1, Ordering::Relaxed)
            })
        };
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        assert_eq!(result(join(), now).await, None);
        let (one, other) = (join(), join());
        gate.add_permits(1);
        let results = tokio::join!(result(one, later), result(other, later));
        assert_eq!(results, (Some(0), Some(0)));
        gate.add_permits(1);
        assert_eq!(result(join(), later).await, Some(1));
    }
}
