//! Stores a session token that expires after a minute.

use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};

const EXPIRY: Duration = Duration::from_secs(60);

services! {
    /// Stores a session token that expires after a minute.
    session_token,
}

fn session_token(ctx: &Context) -> Result<()> {
    ctx.cache.set_with_expiry("session-token", "abc123", EXPIRY)?;

    // After a minute, `get` returns `None`.
    if let Some(token) = ctx.cache.get::<String>("session-token")? {
        info!("{token}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn token_exists_for_a_minute() {
        let fake = Fake::new();
        fake.call(SERVICES, "session-token", &()).unwrap();

        assert_eq!(fake.logs(), ["info: abc123"]);
        assert_eq!((fake.stats().sets, fake.stats().hits), (1, 1));

        let cache = fake.context().cache;
        fake.advance(EXPIRY - Duration::from_millis(1));
        assert_eq!(cache.exists("session-token"), Ok(true));
        fake.advance(Duration::from_millis(1));
        assert_eq!(cache.exists("session-token"), Ok(false));
    }
}
