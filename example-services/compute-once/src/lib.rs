//! Computes a value once, however many calls need it at the same time.

use std::time::Duration;

use hostel_sdk::{Context, GetOrSet, Result, info, services};

/// The value expires after a minute. In its last ten seconds, one call computes the next value, and
/// other calls get the old one.
const REPORT: GetOrSet = GetOrSet::expiry(Duration::from_secs(60)).early(Duration::from_secs(10));

services! {
    /// Computes a value once, however many calls need it at the same time.
    compute_once,
}

fn compute_once(ctx: &Context) -> Result<()> {
    let report = ctx.cache.get_or_set_with("report", REPORT, compute)?;
    info!("{report}");
    Ok(())
}

/// A placeholder for a slow computation.
fn compute() -> Result<String> {
    info!("Computing ..");
    Ok("the-report".to_string())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    const COMPUTING: &str = "info: Computing ..";
    const VALUE: &str = "info: the-report";

    #[test]
    fn value_is_computed_once_and_again_before_it_expires() {
        let fake = Fake::new();
        let call = || fake.call(SERVICES, "compute-once", &()).unwrap();

        call();
        assert_eq!(fake.logs(), [COMPUTING, VALUE]);
        fake.advance(Duration::from_secs(50));
        call();
        assert_eq!(fake.logs(), [COMPUTING, VALUE, VALUE]);

        fake.advance(Duration::from_millis(1));
        call();
        assert_eq!(fake.logs(), [COMPUTING, VALUE, VALUE, COMPUTING, VALUE]);
    }

    #[test]
    fn old_value_is_used_while_another_call_computes() {
        let fake = Fake::new();
        let call = || fake.call(SERVICES, "compute-once", &()).unwrap();

        call();
        fake.advance(Duration::from_secs(55));
        fake.hold("report");
        call();
        assert_eq!(fake.logs(), [COMPUTING, VALUE, VALUE]);
    }
}
