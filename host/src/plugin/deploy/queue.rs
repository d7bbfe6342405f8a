//! Queues loads, and admits a few at once, the smallest first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Admits a fixed number of loads at once. Waiting loads are admitted by rank, the lowest first.
pub(super) struct Queue(Mutex<QueueState>);

struct QueueState {
    free: usize,
    /// Numbers the waiting loads, so that loads of equal rank keep their order.
    count: u64,
    waiting: BTreeMap<(u64, u64), oneshot::Sender<Turn>>,
}

/// A permit to load, released on drop.
pub(super) struct Turn(Option<Arc<Queue>>);

impl Queue {
    pub(super) fn new(at_once: usize) -> Arc<Self> {
        let waiting = QueueState { free: at_once, count: 0, waiting: BTreeMap::new() };
        Arc::new(Queue(Mutex::new(waiting)))
    }

    /// Waits for a turn.
    pub(super) async fn enter(self: &Arc<Self>, rank: u64) -> Turn {
        let turn = {
            let mut waiting = self.lock();
            if waiting.free > 0 {
                waiting.free -= 1;
                return Turn(Some(Arc::clone(self)));
            }
            let (sender, turn) = oneshot::channel();
            waiting.count += 1;
            let key = (rank, waiting.count);
            waiting.waiting.insert(key, sender);
            turn
        };
        // This cannot fail: the queue sends a turn through each sender before it drops the sender.
        turn.await.unwrap_or(Turn(None))
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        loop {
            let mut waiting = queue.lock();
            let Some((_, next)) = waiting.waiting.pop_first() else {
                waiting.free += 1;
                return;
            };
            drop(waiting);
            match next.send(Turn(Some(Arc::clone(&queue)))) {
                Ok(()) => return,
                // The waiting load was cancelled: try the next one.
                Err(mut turn) => drop(turn.0.take()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn the_lowest_rank_comes_next_and_one_that_left_is_passed_over() {
        let queue = Queue::new(1);
        let mut context = Context::from_waker(Waker::noop());
        let mut poll =
            |turn: std::pin::Pin<&mut dyn Future<Output = Turn>>| turn.poll(&mut context);
        let Poll::Ready(first) = poll(pin!(queue.enter(9))) else { panic!("it is free") };
        let (mut large, mut small, mut next) =
            (pin!(queue.enter(8)), pin!(queue.enter(3)), pin!(queue.enter(3)));
        let mut left = Box::pin(queue.enter(1));
        for waits in [large.as_mut(), small.as_mut() as _, next.as_mut() as _, left.as_mut() as _] {
            let waits: std::pin::Pin<&mut dyn Future<Output = Turn>> = waits;
            assert!(poll(waits).is_pending());
        }
        drop(left);
        drop(first);
        assert!(poll(large.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
        let Poll::Ready(second) = poll(small.as_mut()) else { panic!("the smallest, and first") };
        drop(second);
        let Poll::Ready(third) = poll(next.as_mut()) else { panic!("the other one") };
        // The last waiting load gets the turn, and its end leaves the queue free.
        drop(third);
        drop(poll(large.as_mut()));
        assert!(poll(pin!(queue.enter(1))).is_ready());
    }
}
