//! Allows a limited number of calls a minute.

use std::time::Duration;

use hostel_sdk::{Context, Failure, Result, info, services};

const MAX_CALLS: i64 = 5;
const WINDOW: Duration = Duration::from_secs(60);

services! {
    /// Allows five calls a minute.
    rate_limiter,
}

fn rate_limiter(ctx: &Context) -> Result<()> {
    // The window begins with its first call: a later call does not change the expiry.
    let calls = ctx.cache.increment_with_expiry("calls", 1, WINDOW)?;
    if calls > MAX_CALLS {
        let message = format!("at most {MAX_CALLS} calls a minute");
        return Err(Failure::too_many_requests(message));
    }
    info!("Call {calls} of {MAX_CALLS}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn sixth_call_in_a_minute_is_refused() {
        let fake = Fake::new();
        let call = || fake.call(SERVICES, "rate-limiter", &()).map(drop);
        let refused = Err(Failure::too_many_requests("at most 5 calls a minute"));

        assert_eq!(call(), Ok(()));
        fake.advance(WINDOW - Duration::from_millis(1));
        for _ in 2..=MAX_CALLS {
            assert_eq!(call(), Ok(()));
        }
        assert_eq!(call(), refused);
        assert_eq!(fake.logs().last().unwrap(), "info: Call 5 of 5");

        fake.advance(Duration::from_millis(1));
        assert_eq!(call(), Ok(()));
        assert_eq!(fake.logs().last().unwrap(), "info: Call 1 of 5");
    }
}
