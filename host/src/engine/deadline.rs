//! The deadline of a call.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep_until};

/// Runs a call and returns its result, or `None` if the call has not ended at `until`. The timer is
/// created after the first poll: most calls end during that poll, and creating a timer is
/// expensive.
pub(super) async fn before<T>(until: Instant, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(result) = call.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        // Without `unconstrained`, a guest whose host calls use up the task's budget would never
        // time out.
        let timer = timer.get_or_insert_with(|| Box::pin(unconstrained(sleep_until(until))));
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_that_uses_up_its_budget_still_ends_in_time() {
        let busy = async {
            while std::hint::black_box(true) {
                tokio::task::consume_budget().await
            }
        };
        let call = tokio::spawn(before(Instant::now() + Duration::from_millis(10), busy));
        let ended = tokio::time::timeout(Duration::from_secs(20), call).await;
        assert_eq!(ended.unwrap().unwrap(), None);
    }
}
