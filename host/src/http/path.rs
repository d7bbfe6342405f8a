//! The segments of a request's path.

use std::borrow::Cow;

/// Splits a path and decodes its segments. Returns `None` if a `%` is not followed by two
/// hexadecimal digits, or if a decoded segment is not UTF-8.
pub(super) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(decode).collect()
}

/// Decodes the percent escapes of a text. Returns `None` on the same errors as [`segments`].
pub(super) fn decode(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(bytes.next()?)? << 4) | digit(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&[&str]>) {
        let found = segments(path);
        let found = found.as_ref().map(|all| all.iter().map(|one| &**one).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn segments_are_decoded_once() {
        check("/a/b", Some(&["a", "b"]));
        check("/", Some(&[""]));
        check("/a%2Fb/%e2%82%ac", Some(&["a/b", "€"]));
        check("/%2541", Some(&["%41"]));
        check("/%00", Some(&["\0"]));
        check("/%2e%2e/..", Some(&["..", ".."]));
        for path in ["/%", "/%4", "/%zz", "/%+1", "/%ff", "/a%80"] {
            check(path, None);
        }
    }
}
