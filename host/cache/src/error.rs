//! The errors of the cache, and their messages.

use crate::limits::{MAX_EXPIRY_SECONDS, MAX_KEY_BYTES};

/// How many characters of an offending text a message shows.
const EXCERPT_CHARS: usize = 32;

/// A refused call. The entry that was there, its expiry too, is untouched.
///
/// A message names the rule and the offending text, shortened and with its control characters
/// escaped, so that it can be written to a log as it is. The set is closed: a map in memory
/// refuses bad arguments and nothing else. A plugin without access, or a backend that does not
/// respond, is an error of the map's caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key of no bytes.
    #[error("invalid key \"\": a key is 1 to {MAX_KEY_BYTES} bytes")]
    EmptyKey,
    /// A key of more than [`MAX_KEY_BYTES`] bytes.
    #[error("invalid key {key} of {bytes} bytes: a key is 1 to {MAX_KEY_BYTES} bytes")]
    LongKey {
        /// The key's beginning, quoted.
        key: String,
        /// The key's length.
        bytes: usize,
    },
    /// A value that is not a JSON text by the rules of [`Json`](crate::Json).
    #[error("invalid value at byte {offset}: {reason}, found {found}")]
    InvalidValue {
        /// Where the value is wrong, in bytes from its beginning.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
        /// The rest of the value from there on, quoted and shortened, or `the end`.
        found: String,
    },
    /// An expiry of 0 seconds, or of more than [`MAX_EXPIRY_SECONDS`].
    #[error("invalid expiry {seconds}: an expiry is 1 to {MAX_EXPIRY_SECONDS} seconds (ten years)")]
    InvalidExpiry {
        /// The expiry as given.
        seconds: u32,
    },
    /// What is under a key, or what is added to it, is no integer from -(2^53 - 1) to 2^53 - 1.
    #[error(
        "{what} is no integer from -(2^53 - 1) to 2^53 - 1, written without fraction, exponent and \
         spaces"
    )]
    NotAnInteger {
        /// What it is, quoted and shortened where it comes from a guest.
        what: String,
    },
    /// A sum that is no integer from -(2^53 - 1) to 2^53 - 1.
    #[error("the sum of {value} and {delta} is not from -(2^53 - 1) to 2^53 - 1")]
    SumOutOfRange {
        /// What is under the key.
        value: i64,
        /// What was to be added.
        delta: i64,
    },
    /// A cursor that no page of this cache gave.
    #[error("{cursor} is no place in this cache: take the cursor of the page before")]
    InvalidCursor {
        /// The cursor's beginning, quoted.
        cursor: String,
    },
    /// A value longer than the cache allows.
    #[error("value {value} of {bytes} bytes is too large: a value is at most {limit} bytes here")]
    TooLarge {
        /// The value's beginning, quoted.
        value: String,
        /// The value's length.
        bytes: usize,
        /// The cache's limit.
        limit: usize,
    },
}

/// The kind of an [`Error`], as a guest sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The key is empty or too long, or the cursor comes from elsewhere.
    InvalidKey,
    /// The value is not a JSON text, or no integer where one is needed.
    InvalidValue,
    /// The expiry is 0 or more than ten years.
    InvalidExpiry,
    /// The value is longer than the cache allows.
    TooLarge,
}

impl Error {
    /// Which argument was refused, and why in one word.
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

/// The beginning of a text in double quotes, with everything escaped that could disturb a line.
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
        check(Key::new(""), ErrorKind::InvalidKey, "invalid key \"\": a key is 1 to 1024 bytes");
        check(
            Key::new(&"k".repeat(1025)),
            ErrorKind::InvalidKey,
            "invalid key \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"... of 1025 bytes: \
             a key is 1 to 1024 bytes",
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
            "value \"[1,2]\" of 5 bytes is too large: a value is at most 4 bytes here",
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
