//! Makes untrusted text safe to print: escapes it to one line, and limits its length.

/// Maximum bytes of an excerpt, before escaping. The longest valid name of a service is shorter.
const MAX_EXCERPT_BYTES: usize = 200;

/// Returns at most the first `most` bytes of a message, as one line, and a note if bytes were cut.
/// If the message may be longer than `most`, `most` must be `limits.log-line-bytes`: the note names
/// this setting. Control characters and characters that reorder or break a line are replaced by
/// escapes.
pub(crate) fn escape(message: &str, most: usize) -> String {
    match shorten(message, most) {
        (line, 0) => line,
        (line, lost) => format!("{line} ... ({lost} bytes cut: `limits.log-line-bytes` is {most})"),
    }
}

/// Like [`escape`], for a message whose maximum is not a setting.
pub(crate) fn escape_fixed(message: &str, most: usize) -> String {
    match shorten(message, most) {
        (line, 0) => line,
        (line, lost) => format!("{line} ... ({lost} bytes cut)"),
    }
}

/// Returns at most the first `most` bytes of a message, as one line, and the number of bytes cut.
fn shorten(message: &str, most: usize) -> (String, usize) {
    let kept = cut(message, most);
    (one_line(kept), message.len() - kept.len())
}

/// Returns at most the first 200 bytes of an untrusted text as one escaped line. The excerpt of a
/// longer text ends in ` ...`.
pub(crate) fn excerpt(text: &str) -> String {
    let kept = cut(text, MAX_EXCERPT_BYTES);
    let ending = if kept.len() < text.len() { " ..." } else { "" };
    one_line(kept) + ending
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() || breaks_a_line(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

/// True for Unicode's line and paragraph separators, and for the bidirectional controls. These
/// controls can make a text look like a different text (Unicode Technical Report 36, "Bidirectional
/// Text Spoofing").
fn breaks_a_line(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, most: usize, expected: &str) {
        assert_eq!(escape(message, most), expected);
    }

    #[test]
    fn a_message_is_one_line_whatever_it_contains() {
        check("plain", 100, "plain");
        check("a\r\nb\tc", 100, "a\\r\\nb\\tc");
        check("\u{1b}[31mred", 100, "\\u{1b}[31mred");
        check("nul\0 c1\u{85}", 100, "nul\\u{0} c1\\u{85}");
        check("\u{202e}gnp.exe\u{2028}", 100, "\\u{202e}gnp.exe\\u{2028}");
        check("\u{61c}\u{200e}\u{200f}", 100, "\\u{61c}\\u{200e}\\u{200f}");
        check("žluťoučký 🐎", 100, "žluťoučký 🐎");
    }

    #[test]
    fn a_long_message_is_cut_between_characters_with_a_note() {
        check("aé", 2, "a ... (2 bytes cut: `limits.log-line-bytes` is 2)");
        check("abc", 3, "abc");
        assert_eq!(escape_fixed("abc", 2), "ab ... (1 bytes cut)");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\nb"), "a\\nb");
        assert_eq!(excerpt(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(excerpt(&"é".repeat(101)), "é".repeat(100) + " ...");
    }
}
