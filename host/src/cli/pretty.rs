//! Formats text for a terminal. Indents JSON without parsing its numbers, because parsing would
//! round them. Escapes control characters, because they could change the terminal's state.

use crate::telemetry::escape;
use serde::de::IgnoredAny;

/// Escapes each line of a text, and puts each element of JSON on a line of its own.
pub(super) fn text(text: &str) -> String {
    let json = json(text);
    let lines = json.as_deref().unwrap_or(text).lines().map(|line| escape(line, usize::MAX));
    lines.collect::<Vec<_>>().join("\n")
}

/// JSON with each element on a line of its own; `None` if the text is not JSON.
fn json(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut pretty = Pretty::default();
    let (mut in_string, mut is_escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            pretty.text.push(c);
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if !c.is_ascii_whitespace() {
            in_string = c == '"';
            pretty.token(c);
        }
    }
    Some(pretty.text)
}

#[derive(Default)]
struct Pretty {
    text: String,
    depth: usize,
    /// True if the last token opened an array or an object.
    is_open: bool,
}

impl Pretty {
    /// Adds a character outside of a string.
    fn token(&mut self, c: char) {
        let closes = matches!(c, ']' | '}');
        self.depth -= usize::from(closes);
        if closes != self.is_open {
            self.line();
        }
        self.is_open = matches!(c, '[' | '{');
        self.depth += usize::from(self.is_open);
        self.text.push(c);
        match c {
            ':' => self.text.push(' '),
            ',' => self.line(),
            _ => {}
        }
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: &str) {
        assert_eq!(text(given), expected, "{given}");
    }

    #[test]
    fn json_has_a_line_for_each_element_and_is_otherwise_as_it_was() {
        check("{}", "{}");
        check(" [ ] ", "[]");
        check("[1.0e400, 12345678901234567890123]", "[\n  1.0e400,\n  12345678901234567890123\n]");
        let object = "{\n  \"a\": {\n    \"b\": [\n      []\n    ]\n  },\n  \"a\": null\n}";
        check(r#"{"a":{"b":[[]]},"a":null}"#, object);
        check(r#"["x:,{\"}\\",1]"#, "[\n  \"x:,{\\\"}\\\\\",\n  1\n]");
        check("\"alone\"", "\"alone\"");
    }

    #[test]
    fn other_text_keeps_its_lines_and_is_escaped_for_the_terminal() {
        check("{a: 1}\nb", "{a: 1}\nb");
        check("\u{1b}[2J\u{202e}", r"\u{1b}[2J\u{202e}");
        check("[\"\u{9b}2J\"]", "[\n  \"\\u{9b}2J\"\n]");
    }
}
