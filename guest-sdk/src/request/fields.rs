//! Parses the fields of a query or form, `application/x-www-form-urlencoded`, as in [the URL
//! standard](https://url.spec.whatwg.org/#urlencoded-parsing).

use std::borrow::Cow;

/// Returns the decoded value of each field of that name.
pub(super) fn values<'a>(text: &'a [u8], name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.filter_map(move |pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let (found, value) = (parts.next()?, parts.next().unwrap_or_default());
        (decode(found) == name).then(|| decode(value))
    })
}

/// Decodes `+` and percent-escapes. Invalid escapes are kept; invalid UTF-8 becomes U+FFFD.
fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return String::from_utf8_lossy(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (byte, left) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, left @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, left),
                _ => (b'%', after),
            },
            _ => (*first, after),
        };
        decoded.push(byte);
        rest = left;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
