//! Keys of entries, and their validation.

use crate::error::{Error, excerpt};
use crate::limits::MAX_KEY_BYTES;

/// A valid key: 1 to [`MAX_KEY_BYTES`] bytes of UTF-8.
///
/// Every Unicode scalar value is allowed, including NUL and newline. Keys are compared byte by byte
/// and never normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a>(&'a str);

impl<'a> Key<'a> {
    /// Validates a key.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyKey`], or [`Error::LongKey`] for more than [`MAX_KEY_BYTES`] bytes.
    pub fn new(key: &'a str) -> Result<Self, Error> {
        match key.len() {
            0 => Err(Error::EmptyKey),
            1..=MAX_KEY_BYTES => Ok(Self(key)),
            bytes => Err(Error::LongKey { key: excerpt(key), bytes }),
        }
    }

    /// Returns the text of the key.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_1024_bytes_whatever_they_spell() {
        for key in ["a", "\0", "\n", " ", "{tag}", "*?[]", "é", "\u{202e}", "\u{10ffff}"] {
            assert_eq!(Key::new(key).map(Key::as_str), Ok(key));
        }
        assert!(Key::new(&"k".repeat(MAX_KEY_BYTES)).is_ok());
        assert!(Key::new(&"é".repeat(MAX_KEY_BYTES / 2)).is_ok());
    }

    #[test]
    fn an_empty_and_a_long_key_are_refused() {
        assert_eq!(Key::new(""), Err(Error::EmptyKey));
        for key in ["k".repeat(MAX_KEY_BYTES + 1), "é".repeat(MAX_KEY_BYTES / 2 + 1)] {
            let bytes = key.len();
            let refused = Key::new(&key);
            assert!(matches!(refused, Err(Error::LongKey { bytes: b, .. }) if b == bytes));
        }
    }
}
