//! Validation of an entry's expiry.

use std::time::Duration;

use crate::error::{CacheError, CacheErrorKind};
use crate::limits::MAX_EXPIRY_SECONDS;

/// Converts an expiry to seconds.
///
/// # Errors
///
/// `InvalidExpiry` unless `expiry` is a whole number of seconds from 1 to [`MAX_EXPIRY_SECONDS`].
pub(crate) fn whole_seconds(expiry: Duration) -> Result<u32, CacheError> {
    let seconds = u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX);
    let in_range = (1..=MAX_EXPIRY_SECONDS).contains(&seconds);
    if expiry.subsec_nanos() == 0 && in_range {
        return Ok(seconds);
    }
    let shown = if expiry.is_zero() { "0 seconds".to_owned() } else { format!("{expiry:?}") };
    let fix = if in_range { "; `Duration::from_secs(expiry.as_secs())` is" } else { "" };
    let message = format!(
        "an expiry of {shown}: it must be whole seconds, 1 to {MAX_EXPIRY_SECONDS} (ten years){fix}"
    );
    Err(CacheError { kind: CacheErrorKind::InvalidExpiry, message })
}

/// Converts the `early` of [`GetOrSet`](crate::GetOrSet) to seconds.
///
/// # Errors
///
/// Those of [`whole_seconds`]; `InvalidExpiry` if there is no expiry or `early` is not less than
/// the expiry.
pub(crate) fn early_seconds(early: Duration, expiry: Option<u32>) -> Result<u32, CacheError> {
    let early = whole_seconds(early)?;
    let message = match expiry {
        Some(expiry) if early < expiry => return Ok(early),
        Some(expiry) => format!("early is {early} s: it must be less than the expiry, {expiry} s"),
        None => format!("early is {early} s, but there is no expiry: set a longer expiry"),
    };
    Err(CacheError { kind: CacheErrorKind::InvalidExpiry, message })
}
