//! Fetches a value from its source only when the cache has none.

use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};

const EXPIRY: Duration = Duration::from_secs(120);

services! {
    /// Fetches a value from its source only when the cache has none.
    cache_aside,
}

fn cache_aside(ctx: &Context) -> Result<()> {
    let value = match ctx.cache.get::<String>("no-such-key")? {
        Some(value) => value,
        None => {
            info!("Key not found, fetching from source ..");
            let value = fetch();
            ctx.cache.set_with_expiry("no-such-key", &value, EXPIRY)?;
            value
        }
    };
    info!("{value}");
    Ok(())
}

/// Stands for whatever is slow: a database, another service.
fn fetch() -> String {
    "value-from-source".to_string()
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    const FETCHING: &str = "info: Key not found, fetching from source ..";
    const VALUE: &str = "info: value-from-source";

    #[test]
    fn source_is_asked_once_in_two_minutes() {
        let fake = Fake::new();
        let call = || fake.call(SERVICES, "cache-aside", &()).unwrap();

        call();
        assert_eq!(fake.logs(), [FETCHING, VALUE]);
        assert_eq!((fake.stats().misses, fake.stats().sets, fake.stats().hits), (1, 1, 0));

        fake.advance(EXPIRY - Duration::from_millis(1));
        call();
        assert_eq!(fake.logs(), [FETCHING, VALUE, VALUE]);
        assert_eq!((fake.stats().misses, fake.stats().sets, fake.stats().hits), (1, 1, 1));

        fake.advance(Duration::from_millis(1));
        call();
        assert_eq!(fake.logs(), [FETCHING, VALUE, VALUE, FETCHING, VALUE]);
    }
}
