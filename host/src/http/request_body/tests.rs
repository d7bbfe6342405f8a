use super::*;
use crate::http::messages::Messages;
use hostel_cache::MemoryBudget;
use hyper::body::Frame;
use std::convert::Infallible;
use std::task::Context;
use tokio::time::timeout;

const KIB: usize = 1 << 10;

/// A body with this number of frames of 1 KiB. After the last frame, the body stays pending.
struct Frames(usize);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return Poll::Pending,
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; KIB])))))
    }
}

/// Returns the pace of a body that began `seconds` ago: at least 4 KiB a second, and at most 30 s.
fn pace(seconds: u64) -> BodyPace {
    let begun = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
    BodyPace::new(&Server::default(), begun)
}

/// True if the server still waits for a body after `kib` KiB have arrived in `seconds` seconds.
async fn is_waited_for(kib: usize, seconds: u64) -> bool {
    let part = MemoryBudget::new(64 << 20).part(64 << 20);
    let messages = Messages::new(1 << 20, &part);
    let mut charge = messages.charge(None);
    let (mut body, pace) = (Frames(kib), pace(seconds));
    let read = collect(&mut body, 0, 1 << 20, &pace, &mut charge);
    // An overdue `read` ends at the next tick of the clock. `timeout` polls `read` first, so the
    // result is the same if the test is paused for longer than the timeout.
    match timeout(Duration::from_millis(20), read).await {
        Ok(read) => assert_eq!(read, Ok(None)),
        Err(_elapsed) => return true,
    }
    false
}

#[tokio::test]
async fn a_body_that_trickles_is_ended_after_its_grace() {
    assert!(is_waited_for(0, 1).await);
    assert!(!is_waited_for(0, 5).await);
    assert!(is_waited_for(20, 6).await, "5 s and as much for 20 KiB");
    assert!(!is_waited_for(20, 10).await);
    assert!(is_waited_for(200, 25).await);
    assert!(!is_waited_for(200, 30).await, "the time for the whole body is over");
}
