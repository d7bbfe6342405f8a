//! Stores a value and reads it back.

use hostel_sdk::{Context, Result, info, services};

services! {
    /// Stores a value and reads it back.
    store_and_read,
}

fn store_and_read(ctx: &Context) -> Result<()> {
    ctx.cache.set("my-key", "my-value")?;

    if let Some(value) = ctx.cache.get::<String>("my-key")? {
        info!("{value}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn what_was_set_is_read_back() {
        let fake = Fake::new();
        fake.call(SERVICES, "store-and-read", &()).unwrap();

        assert_eq!(fake.logs(), ["info: my-value"]);
        assert_eq!((fake.stats().sets, fake.stats().hits), (1, 1));
    }
}
