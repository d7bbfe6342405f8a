//! The rate limit for the log lines of one plugin, or of the host: a token bucket.

use std::time::Instant;

/// Maximum lines of one plugin, or of the host, per second, and in one burst. Without this limit, a
/// plugin could flood the log and hide the lines of other plugins.
const MAX_LINES_PER_SECOND: f64 = 1_000.0;

/// A token bucket that is refilled over time. Each line takes one token.
pub(super) struct TokenBucket {
    tokens: f64,
    at: Instant,
    dropped: u64,
}

impl TokenBucket {
    pub(super) fn new() -> Self {
        TokenBucket { tokens: MAX_LINES_PER_SECOND, at: Instant::now(), dropped: 0 }
    }

    /// Takes a token for one line, and returns the number of lines dropped since the last token was
    /// taken. Returns `None` if there is no token; the caller must then drop the line.
    pub(super) fn take(&mut self, now: Instant) -> Option<u64> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * MAX_LINES_PER_SECOND).min(MAX_LINES_PER_SECOND);
        self.at = now;
        if self.tokens < 1.0 {
            self.dropped += 1;
            return None;
        }
        self.tokens -= 1.0;
        Some(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_flood_is_cut_to_the_lines_of_a_second_and_its_dropped_lines_are_counted() {
        let mut bucket = TokenBucket::new();
        let start = bucket.at;
        let passed = (0..5_000).filter(|_| bucket.take(start).is_some()).count();
        assert_eq!(passed, 1_000);
        assert_eq!(bucket.take(start + Duration::from_millis(2)), Some(4_000));
        assert_eq!(bucket.take(start + Duration::from_millis(2)), Some(0));
        assert_eq!(bucket.take(start + Duration::from_millis(2)), None);
    }
}
