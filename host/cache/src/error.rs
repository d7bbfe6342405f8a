//! The errors of the cache, and their messages.

use crate::limits::{MAX_EXPIRY_SECONDS, MAX_KEY_BYTES};

/// The maximum number of characters of an invalid text that a message quotes.
const EXCERPT_CHARS: usize = 32;

/// The reason why a call was refused. A refused call leaves the entry and its expiry unchanged.
///
/// A message states the rule and contains the invalid text or number. A text is shortened and its
/// control characters are escaped, so that the message is one short line. An in-memory cache has no
/// other errors. The host adds others, for example for a backend that does not respond.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An empty key.
    #[error("invalid key \"\": a key must be 1 to {MAX_KEY_BYTES} bytes")]
    EmptyKey,
    /// A key of more than [`MAX_KEY_BYTES`] bytes.
    #[error("invalid key {key} of {bytes} bytes: a key must be 1 to {MAX_KEY_BYTES} bytes")]
    LongKey {
        /// The beginning of the key, quoted.
        key: String,
        /// The length of the key in bytes.
        bytes: usize,
    },
    /// A value that is not valid by the rules of [`Json`](crate::Json).
    #[error("invalid value at byte {offset}: {reason}, found {found}")]
    InvalidValue {
        /// Byte offset of the error in the value.
        offset: usize,
        /// What is invalid at `offset`, or what was expected there.
        reason: &'static str,
        /// The value's text that starts at `offset`, quoted and shortened, or `the end`.
        found: String,
    },
    /// An expiry of 0 seconds, or of more than [`MAX_EXPIRY_SECONDS`].
    #[error("invalid expiry {seconds}: an expiry is 1 to {MAX_EXPIRY_SECONDS} seconds (ten years)")]
    InvalidExpiry {
        /// The expiry as given.
        seconds: u32,
    },
    /// The stored value is not an [`Integer`](crate::Integer), or the number to add is out of
    /// range.
    #[error(
        "{what} is not an integer from -(2^53 - 1) to 2^53 - 1, written without fraction, \
         exponent and spaces"
    )]
    NotAnInteger {
        /// `value` and the stored text, quoted and shortened, or `delta` and the number to add.
        what: String,
    },
    /// A sum outside -(2^53 - 1) to 2^53 - 1.
    #[error("the sum of {value} and {delta} is not from -(2^53 - 1) to 2^53 - 1")]
    SumOutOfRange {
        /// The stored integer.
        value: i64,
        /// The number to add.
        delta: i64,
    },
    /// A text that this cache cannot have returned as a cursor.
    #[error("{cursor} is not a cursor of this cache: use the cursor of the previous page")]
    InvalidCursor {
        /// The beginning of the cursor, quoted.
        cursor: String,
    },
    /// A value longer than the cache's limit.
    #[error(
        "value {value} of {bytes} bytes is too large: a value must be at most {limit} bytes here"
    )]
    TooLarge {
        /// The beginning of the value, quoted.
        value: String,
        /// The length of the value in bytes.
        bytes: usize,
        /// The maximum length of a value in bytes.
        limit: usize,
    },
}

/// The kind of an [`Error`], as a guest sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The key is empty or too long, or the cursor is invalid.
    InvalidKey,
    /// The value breaks a rule of [`Json`](crate::Json). For `increment`: the stored value, the
    /// number to add or the sum is not a valid integer.
    InvalidValue,
    /// The expiry is 0 or more than ten years.
    InvalidExpiry,
    /// The value is longer than the cache's limit.
    TooLarge,
}

impl Error {
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::EmptyKey | Self::LongKey { .. } | Self::InvalidCursor { .. } => {
                ErrorKind::InvalidKey
            }
            Self::InvalidValue { .. } | Self::NotAnInteger { .. } | Self::SumOutOfRange { .. } => {
                ErrorKind::InvalidValue
            }
            Self::InvalidExpiry { .. } => ErrorKind::InvalidExpiry,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
        }
    }
}

/// Returns the beginning of a text in double quotes, with special characters escaped. Adds `...` if
/// the text is longer.
pub(crate) fn excerpt(text: &str) -> String {
    let end = text.char_indices().nth(EXCERPT_CHARS).map_or(text.len(), |(end, _)| end);
    let shown = text.get(..end).unwrap_or_default();
    let rest = if end < text.len() { "..." } else { "" };
    format!("{shown:?}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expiry, Json, Key};

    #[track_caller]
    fn check<T: std::fmt::Debug>(refused: Result<T, Error>, kind: ErrorKind, message: &str) {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
    }

    #[test]
    fn a_message_names_the_offending_value_and_the_rule() {
        let empty = "invalid key \"\": a key must be 1 to 1024 bytes";
        check(Key::new(""), ErrorKind::InvalidKey, empty);
        check(
            Key::new(&"k".repeat(1025)),
            ErrorKind::InvalidKey,
            "invalid key \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"... of 1025 bytes: \
             a key must be 1 to 1024 bytes",
        );
        check(
            Json::new("[1,\u{7}]", 100),
            ErrorKind::InvalidValue,
            "invalid value at byte 3: expected a value, found \"\\u{7}]\"",
        );
        check(
            Json::new("[1,", 100),
            ErrorKind::InvalidValue,
            "invalid value at byte 3: expected a value, found the end",
        );
        check(
            Expiry::new(0),
            ErrorKind::InvalidExpiry,
            "invalid expiry 0: an expiry is 1 to 315360000 seconds (ten years)",
        );
        check(
            Json::new("[1,2]", 4),
            ErrorKind::TooLarge,
            "value \"[1,2]\" of 5 bytes is too large: a value must be at most 4 bytes here",
        );
    }

    #[test]
    fn an_excerpt_is_one_short_line_cut_between_characters() {
        let cases = [
            ("a\nb\u{1b}[31m", "\"a\\nb\\u{1b}[31m\"".to_owned()),
            ("\"\u{202e}", "\"\\\"\\u{202e}\"".to_owned()),
            (&*"€".repeat(32), format!("\"{}\"", "€".repeat(32))),
            (&*"€".repeat(33), format!("\"{}\"...", "€".repeat(32))),
        ];
        for (text, expected) in cases {
            assert_eq!(excerpt(text), expected);
        }
    }
}
