//! Deletes a value and reads the missing key.

use hostel_sdk::{Context, Result, info, services};

services! {
    /// Deletes a value and reads the missing key.
    temporary_key,
}

fn temporary_key(ctx: &Context) -> Result<()> {
    ctx.cache.set("temp-key", "temp-value")?;
    ctx.cache.delete("temp-key")?;

    let value: Option<String> = ctx.cache.get("temp-key")?;
    info!("{value:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn deleted_key_reads_as_none() {
        let fake = Fake::new();
        fake.call(SERVICES, "temporary-key", &()).unwrap();

        assert_eq!(fake.logs(), ["info: None"]);
        let stats = fake.stats();
        assert_eq!((stats.sets, stats.deletes, stats.hits, stats.misses), (1, 1, 0, 1));
    }
}
