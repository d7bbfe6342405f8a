use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};
use serde::Deserialize;

services! {
    /// Greets by name, and counts greetings for an hour.
    greet,
}

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

// `Option`, because a request may come without a body.
fn greet(ctx: &Context, greeting: Option<Greeting>) -> Result<String> {
    let name = greeting.map_or("world".to_owned(), |greeting| greeting.name);
    let key = format!("greetings:{name}");
    let hour = Duration::from_secs(3600);
    let count = ctx.cache.increment_with_expiry(&key, 1, hour)?;
    info!("greetings of {name}: {count}");
    Ok(format!("Hello, {name}! ({count})"))
}

#[test]
fn greetings_are_counted_for_an_hour() {
    let fake = hostel_sdk::fake::Fake::new();
    let greet = || greet(&fake.context(), Some(Greeting { name: "Ada".into() }));

    assert_eq!(greet(), Ok("Hello, Ada! (1)".into()));
    assert_eq!(greet(), Ok("Hello, Ada! (2)".into()));
    fake.advance(Duration::from_secs(3600));
    assert_eq!(greet(), Ok("Hello, Ada! (1)".into()));
    assert_eq!(fake.logs()[0], "info: greetings of Ada: 1");
}
