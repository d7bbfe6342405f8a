//! Sizes and durations as people write them: on the command line, in the configuration, in errors.

use bytesize::ByteSize;
use std::time::Duration;

/// Maximum time of a setting or a limit: one day. A host never needs to wait longer, and adding a
/// day to the current time never overflows.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// An invalid size, duration or number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each holds the text as written")]
pub enum UnitError {
    #[error("{0:?} is not a size: write it as in \"64MiB\"")]
    Size(String),
    #[error("{0:?} is not a duration: write it as in \"5s\" or \"250ms\"")]
    Duration(String),
    #[error("{0:?} is not a whole number: write it as in 1000")]
    Count(String),
}

/// Parses a size in bytes: `512KiB`, `64MB`, `1048576`.
///
/// # Errors
///
/// If the text is invalid, or exceeds `usize`.
pub(crate) fn size(text: &str) -> Result<usize, UnitError> {
    let wrong = || UnitError::Size(text.to_owned());
    let size: ByteSize = text.parse().map_err(|_| wrong())?;
    usize::try_from(size.as_u64()).map_err(|_| wrong())
}

/// Parses a duration: `5s`, `250ms`, `1m 30s`.
///
/// # Errors
///
/// If the text is invalid. Only `0` may omit its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, UnitError> {
    humantime::parse_duration(text).map_err(|_| UnitError::Duration(text.to_owned()))
}

/// Parses a whole number.
///
/// # Errors
///
/// If the text is invalid.
pub(crate) fn count(text: &str) -> Result<usize, UnitError> {
    text.parse().map_err(|_| UnitError::Count(text.to_owned()))
}

/// Formats a size for people: `64.0 MiB`.
pub(crate) fn show_size(bytes: u64) -> String {
    ByteSize::b(bytes).to_string()
}

/// Formats a duration for people: `1s`.
pub(crate) fn show_duration(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// Formats a count for people: `199,980`.
pub(crate) fn show_count(count: usize) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_digits_in_groups_of_three() {
        for (count, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (199_980, "199,980"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(show_count(count), shown);
        }
    }

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, bytes) in [("64MiB", 64 << 20), ("64 MiB", 64 << 20), ("1kB", 1_000), ("12", 12)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "64 parsecs", "-1", "64MiBs"] {
            assert_eq!(size(text), Err(UnitError::Size(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        for (text, time) in [("5s", 5_000), ("250ms", 250), ("1m 30s", 90_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(time)), "{text}");
        }
        for text in ["", "5", "s", "-5s"] {
            assert_eq!(duration(text), Err(UnitError::Duration(text.to_owned())), "{text}");
        }
    }
}
