//! Checks whether a key exists, before and after deleting it.

use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};

const EXPIRY: Duration = Duration::from_secs(300);

services! {
    /// Checks whether a key exists, before and after deleting it.
    feature_flag,
}

fn feature_flag(ctx: &Context) -> Result<()> {
    ctx.cache.set_with_expiry("flag-key", &true, EXPIRY)?;
    if ctx.cache.exists("flag-key")? {
        info!("Key is present");
    }

    ctx.cache.delete("flag-key")?;
    if !ctx.cache.exists("flag-key")? {
        info!("Key is gone");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn key_is_present_until_it_is_deleted() {
        let fake = Fake::new();
        fake.call(SERVICES, "feature-flag", &()).unwrap();

        assert_eq!(fake.logs(), ["info: Key is present", "info: Key is gone"]);
        let stats = fake.stats();
        assert_eq!((stats.sets, stats.exists, stats.deletes), (1, 2, 1));
        assert_eq!((stats.hits, stats.misses), (0, 0));
    }
}
