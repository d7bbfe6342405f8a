//! Values: JSON texts that are validated once and stored unchanged.

mod grammar;
mod scalars;

use crate::error::{Error, excerpt};

/// A valid value: one unchanged JSON text (RFC 8259) that guests in any language can parse.
///
/// RFC 8259 leaves some limits to the parser. This type refuses nesting deeper than
/// [`MAX_DEPTH`](crate::MAX_DEPTH), an unpaired escaped surrogate, and a number that is not finite
/// as a binary64, because some common parsers refuse or alter such texts. It accepts duplicate
/// member names, and all other numbers, however long or precise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Validates a text of at most `limit` bytes in one pass. Allocates only to report an error.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the text is longer than `limit`, without parsing it;
    /// [`Error::InvalidValue`] with the offset of the first error.
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

    /// Returns the text, byte for byte as given.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// Asserts that the text `marked` without its caret is refused at the offset of the caret, and that
/// the error contains `reason`.
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
    fn a_value_at_the_limit_is_stored_unchanged() {
        let text = "{ \"b\":1.0, \"a\":-0, \"a\":1e2 }";
        assert_eq!(Json::new(text, text.len()).map(Json::as_str), Ok(text));
    }

    #[test]
    fn a_value_over_the_limit_is_too_large_before_it_is_invalid() {
        let refused = Json::new("nonsense", 7);
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
    }

    #[test]
    fn an_error_names_the_text_at_its_place() {
        let error = Json::new("[\"é\",nope]", 100).unwrap_err();
        let Error::InvalidValue { offset: 6, found, .. } = error else { panic!("{error}") };
        assert_eq!(found, "\"nope]\"");
    }
}
