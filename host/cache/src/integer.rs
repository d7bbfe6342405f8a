//! Integers that `increment` accepts.

use crate::error::{Error, excerpt};
use crate::limits::MAX_INTEGER;

/// An integer from -[`MAX_INTEGER`] to [`MAX_INTEGER`].
///
/// A stored integer is the text `0`, or an optional `-` and digits that do not begin with `0`.
/// Other spellings of an integer, such as `1.0`, `1e2` and `-0`, are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i64);

impl Integer {
    /// The integer that a missing entry counts as.
    const ZERO: Self = Self(0);

    /// Validates a number to add.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnInteger`] if `delta` is out of range.
    pub fn new(delta: i64) -> Result<Self, Error> {
        Self::in_range(delta).ok_or_else(|| Error::NotAnInteger { what: format!("delta {delta}") })
    }

    /// Adds `delta` to the integer in a stored text, or to 0 without a text. Returns the sum and
    /// its text of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnInteger`] for the text, [`Error::SumOutOfRange`], [`Error::TooLarge`].
    pub fn sum(text: Option<&str>, delta: Self, limit: usize) -> Result<(Self, String), Error> {
        let sum = text.map_or(Ok(Self::ZERO), Self::parse)?.plus(delta)?;
        let text = sum.0.to_string();
        if text.len() > limit {
            return Err(Error::TooLarge { value: excerpt(&text), bytes: text.len(), limit });
        }
        Ok((sum, text))
    }

    /// Parses a stored text.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnInteger`].
    fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_plain = text == "0" || digits.starts_with(|first| matches!(first, '1'..='9'));
        let number = if is_plain { text.parse().ok() } else { None };
        number
            .and_then(Self::in_range)
            .ok_or_else(|| Error::NotAnInteger { what: format!("value {}", excerpt(text)) })
    }

    /// Returns the sum.
    ///
    /// # Errors
    ///
    /// [`Error::SumOutOfRange`].
    fn plus(self, delta: Self) -> Result<Self, Error> {
        let sum = self.0.checked_add(delta.0).and_then(Self::in_range);
        sum.ok_or(Error::SumOutOfRange { value: self.0, delta: delta.0 })
    }

    /// Returns the integer as a number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    fn in_range(number: i64) -> Option<Self> {
        (-MAX_INTEGER..=MAX_INTEGER).contains(&number).then_some(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_integer_is_a_plain_text_within_the_range() {
        let texts = ["0", "1", "-1", "10", "-907", "9007199254740991", "-9007199254740991"];
        for text in texts {
            assert_eq!(Integer::parse(text).map(|it| it.get().to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn any_other_text_is_not_an_integer() {
        let texts = [
            "",
            "-",
            "+1",
            "-0",
            "00",
            "01",
            "-01",
            "--1",
            " 1",
            "1 ",
            "1.0",
            "1e2",
            "\"1\"",
            "null",
            "[1]",
            "1_0",
            "9007199254740992",
            "-9007199254740992",
            "9223372036854775808",
            "\u{661}",
        ];
        for text in texts {
            let refused = Integer::parse(text).map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::InvalidValue), "{text:?}");
        }
    }

    #[test]
    fn a_delta_and_a_sum_are_within_the_range() {
        let most = Integer::new(MAX_INTEGER).unwrap();
        let least = Integer::new(-MAX_INTEGER).unwrap();
        let one = Integer::new(1).unwrap();
        assert_eq!(most.plus(least), Ok(Integer::ZERO));
        assert_eq!(most.plus(Integer::ZERO), Ok(most));
        let (value, delta) = (MAX_INTEGER, 1);
        assert_eq!(most.plus(one), Err(Error::SumOutOfRange { value, delta }));
        let (value, delta) = (-MAX_INTEGER, -MAX_INTEGER);
        assert_eq!(least.plus(least), Err(Error::SumOutOfRange { value, delta }));
        for delta in [MAX_INTEGER + 1, -MAX_INTEGER - 1, i64::MAX, i64::MIN] {
            let what = format!("delta {delta}");
            assert_eq!(Integer::new(delta), Err(Error::NotAnInteger { what }));
        }
    }
}
