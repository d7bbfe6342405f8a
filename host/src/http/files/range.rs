//! The requested part of a file: RFC 9110, section 14.

/// The bytes of a file that a response contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// All bytes.
    Whole,
    /// `length` bytes from `start`. `length` is at least 1.
    Part { start: u64, length: u64 },
    /// The file has none of the requested bytes.
    Unsatisfiable,
}

impl ByteRange {
    /// Parses a `Range` header for a file of `size` bytes. A header that is malformed, has another
    /// unit or has several ranges means the whole file, as sections 14.2 and 17.15 allow. With
    /// several ranges, a client could request the same bytes a thousand times.
    pub(super) fn of(header: &str, size: u64) -> Self {
        ByteRange::parse(header, size).unwrap_or(ByteRange::Whole)
    }

    fn parse(header: &str, size: u64) -> Option<Self> {
        let (unit, range) = header.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        if first.is_empty() {
            let start = size.saturating_sub(number(last)?);
            return Some(ByteRange::between(start, u64::MAX, size));
        }
        let first = number(first)?;
        let last = if last.is_empty() { u64::MAX } else { number(last)? };
        (first <= last).then(|| ByteRange::between(first, last, size))
    }

    fn between(first: u64, last: u64, size: u64) -> Self {
        match last.min(size.saturating_sub(1)).checked_sub(first) {
            Some(more) if first < size => ByteRange::Part { start: first, length: more + 1 },
            _ => ByteRange::Unsatisfiable,
        }
    }
}

/// Parses a number that consists of digits only, or returns `None` for other text. Returns
/// `u64::MAX` for a number that is too large.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file() {
        let part = |start, length| ByteRange::Part { start, length };
        for (header, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-9", part(0, 10)),
            ("bytes=3-", part(3, 7)),
            ("Bytes = 3-5 ", part(3, 3)),
            ("bytes=9-18446744073709551616", part(9, 1)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-99999999999999999999", part(0, 10)),
        ] {
            assert_eq!(ByteRange::of(header, 10), expected, "{header}");
        }
    }

    #[test]
    fn a_range_behind_the_file_cannot_be_satisfied() {
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(ByteRange::of(header, 10), ByteRange::Unsatisfiable, "{header}");
        }
        for header in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(ByteRange::of(header, 0), ByteRange::Unsatisfiable, "{header}");
        }
    }

    #[test]
    fn anything_but_a_single_range_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=5-4",
            "lines=1-2",
            "bytes=0-1,2-3",
            "bytes=0-1,",
            "bytes=--1",
            "bytes=0x1-2",
        ] {
            assert_eq!(ByteRange::of(header, 10), ByteRange::Whole, "{header}");
        }
    }
}
