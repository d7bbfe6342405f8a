//! Runs blocking or long work on a separate thread. If the system refuses a thread, tokio's
//! `spawn_blocking` panics, or the work waits until another thread is free.

use std::io;
use std::sync::Arc;
use std::thread::Builder;
use tokio::sync::oneshot;

/// Why work returned no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlockingError {
    /// The system refused a thread; the work did not start.
    #[error("the system refused a thread")]
    NoThread(#[source] io::Error),
    #[error("it panicked")]
    Panicked,
}

/// Runs work on a separate thread to its end, even if the caller stops waiting.
///
/// # Errors
///
/// If no thread can be started, or the work panics.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlockingError> {
    run_in(thread(), work).await
}

/// Runs short work on a separate thread, or on the current thread if the system refuses a thread.
/// Returns `None` if the work panics on the separate thread.
pub(crate) async fn run_anyway<T: Send + 'static>(
    work: impl Fn() -> T + Send + Sync + 'static,
) -> Option<T> {
    run_anyway_in(thread(), work).await
}

fn thread() -> Builder {
    Builder::new().name("hostel-work".to_owned())
}

async fn run_anyway_in<T: Send + 'static>(
    thread: Builder,
    work: impl Fn() -> T + Send + Sync + 'static,
) -> Option<T> {
    let work = Arc::new(work);
    let elsewhere = Arc::clone(&work);
    match run_in(thread, move || elsewhere()).await {
        Ok(result) => Some(result),
        Err(BlockingError::NoThread(_)) => Some(work()),
        Err(BlockingError::Panicked) => None,
    }
}

async fn run_in<T: Send + 'static>(
    thread: Builder,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlockingError> {
    let (sender, receiver) = oneshot::channel();
    // Sending fails if the caller no longer waits.
    let work = move || drop(sender.send(work()));
    thread.spawn(work).map_err(BlockingError::NoThread)?;
    receiver.await.map_err(|_| BlockingError::Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread whose stack is too large for any system.
    fn refused() -> Builder {
        Builder::new().stack_size(usize::MAX / 4)
    }

    fn panics() -> u32 {
        std::panic::resume_unwind(Box::new(()))
    }

    #[tokio::test]
    async fn work_returns_its_result_or_the_reason_for_its_failure() {
        assert_eq!(run(|| 7).await.unwrap(), 7);
        assert!(matches!(run(panics).await, Err(BlockingError::Panicked)));
        assert!(matches!(run_in(refused(), || 7).await, Err(BlockingError::NoThread(_))));
    }

    #[tokio::test]
    async fn work_that_must_be_done_is_done_without_a_thread() {
        assert_eq!(run_anyway(|| 7).await, Some(7));
        assert_eq!(run_anyway_in(refused(), || 7).await, Some(7));
        assert_eq!(run_anyway(panics).await, None);
    }
}
