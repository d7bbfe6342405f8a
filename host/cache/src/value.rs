//! Values: JSON texts that were checked once and are kept as they were written.

mod grammar;
mod scalars;

use crate::error::{Error, excerpt};

/// A valid value: one JSON text as of RFC 8259, unchanged, that any guest can read.
///
/// Differs from `&str` in what it refuses. RFC 8259 leaves some things to the reader, and those
/// are refused that a common reader would refuse or change: nesting deeper than
/// [`MAX_DEPTH`](crate::MAX_DEPTH), an escaped surrogate without its pair, and a number that is not
/// finite as a binary64. Numbers are otherwise kept however long or precise, and names of members
/// may occur twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Takes a text of at most `limit` bytes. Reads it once and allocates nothing but an error.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] over the limit, without reading the text; [`Error::InvalidValue`] with
    /// the byte at which the text first cannot be continued to a valid one.
    pub fn new(text: &'a str, limit: usize) -> Result<Self, Error> {
        if text.len() > limit {
            return Err(Error::TooLarge { value: excerpt(text), bytes: text.len(), limit });
        }
        grammar::check(text).map(|()| Self(text)).map_err(|flaw| {
            let rest = text.get(flaw.offset..).filter(|rest| !rest.is_empty());
            let found = rest.map_or_else(|| "the end".to_owned(), excerpt);
            Error::InvalidValue { offset: flaw.offset, reason: flaw.reason, found }
        })
    }

    /// The text, byte for byte as it was given.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// Checks that a text is refused, and where: a caret stands before the byte of the flaw.
#[cfg(test)]
#[track_caller]
fn check_marked(marked: &str, reason: &str) {
    let text = marked.replacen('^', "", 1);
    let flaw = grammar::check(&text).unwrap_err();
    assert_eq!(Some(flaw.offset), marked.find('^'), "{marked:?}: {}", flaw.reason);
    assert!(flaw.reason.contains(reason), "{marked:?}: {}", flaw.reason);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_value_at_the_limit_is_taken_and_kept_as_written() {
        let text = "{ \"b\":1.0, \"a\":-0, \"a\":1e2 }";
        assert_eq!(Json::new(text, text.len()).map(Json::as_str), Ok(text));
    }

    #[test]
    fn a_value_over_the_limit_is_too_large_before_it_is_invalid() {
        let refused = Json::new("nonsense", 7);
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
    }

    #[test]
    fn a_flaw_is_told_with_what_stands_there() {
        let error = Json::new("[\"é\",nope]", 100).unwrap_err();
        let Error::InvalidValue { offset: 6, found, .. } = error else { panic!("{error}") };
        assert_eq!(found, "\"nope]\"");
    }
}
