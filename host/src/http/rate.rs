//! The minimum rate at which a client must send a body and receive a response.

use std::time::Duration;

/// The time that a client may take for a body in addition to the time that `server.min-rate`
/// allows.
pub(super) const BODY_GRACE: Duration = Duration::from_secs(5);

/// A rate in bytes per second, above zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct MinRate(u64);

impl MinRate {
    /// Creates a rate of `bytes` per second, but at least 1.
    pub(super) fn new(bytes: usize) -> Self {
        MinRate(u64::try_from(bytes).unwrap_or(u64::MAX).max(1))
    }

    /// Returns how long `bytes` bytes take at this rate.
    pub(super) fn time_of(self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.0);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time() {
        let rate = MinRate::new(4 << 10);
        assert_eq!(rate.time_of(0), Duration::ZERO);
        assert_eq!(rate.time_of(10 << 10), Duration::from_millis(2_500));
        assert_eq!(MinRate::new(0).time_of(2), Duration::from_secs(2));
        assert_eq!(MinRate::new(1).time_of(usize::MAX), Duration::from_nanos(u64::MAX));
    }
}
