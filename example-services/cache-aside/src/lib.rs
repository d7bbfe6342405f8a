//! Fetches a value from its source only when the cache has none.

use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};

const EXPIRY: Duration = Duration::from_secs(120);

services! {
    /// Fetches a value from its source only when the cache has none.
    cache_aside,
}

fn cache_aside(ctx: &Context) -> Result<()> {
    let value = ctx.cache.get_or_set("no-such-key", EXPIRY, || fetch(ctx))?;
    info!("{value}");
    Ok(())
}

/// Fetches the value, a JSON string, from the URL in the setting `source-url`.
fn fetch(ctx: &Context) -> Result<String> {
    info!("Key not found, fetching from source ..");
    let url = ctx.config.require("source-url")?;
    ctx.http.get(&url)?.error_for_status()?.json()
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;
    use hostel_sdk::{FailureKind, HttpResponse};

    use super::*;

    const URL: &str = "https://source.example.com/value";
    const FETCHING: &str = "info: Key not found, fetching from source ..";
    const VALUE: &str = "info: value-from-source";

    fn fake() -> Fake {
        let fake = Fake::new();
        fake.set_config("source-url", URL);
        fake.route("GET", URL, HttpResponse::of_json("value-from-source").unwrap());
        fake
    }

    #[test]
    fn value_is_fetched_once_in_two_minutes() {
        let fake = fake();
        let call = || fake.call(SERVICES, "cache-aside", &()).unwrap();
        call();
        assert_eq!(fake.logs(), [FETCHING, VALUE]);
        fake.advance(EXPIRY - Duration::from_millis(1));
        call();
        assert_eq!((fake.logs().len(), fake.requests().len()), (3, 1));
        fake.advance(Duration::from_millis(1));
        call();
        assert_eq!((fake.logs().len(), fake.requests().len()), (5, 2));
    }

    #[test]
    fn failed_fetch_stores_no_entry() {
        let fake = fake();
        fake.route("GET", URL, HttpResponse::of_status(503));
        let failure = fake.call(SERVICES, "cache-aside", &()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert_eq!(fake.context().cache.exists("no-such-key"), Ok(false));
    }
}
