//! Validates a JSON text in one pass and locates the first error.
//!
//! Implements the grammar of RFC 8259. One integer holds the stack of open arrays and objects as
//! bits, so even a deeply nested text needs neither recursion nor allocation.

use crate::limits::MAX_DEPTH;

/// Why and where a text is not a valid value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Byte offset from the beginning; always a character boundary.
    pub(super) offset: usize,
    pub(super) reason: Reason,
}

/// Validates the whole text.
///
/// # Errors
///
/// The first [`Flaw`].
pub(super) fn check(text: &str) -> Result<(), Flaw> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, open: Open::default() };
    reader.read().map_err(|reason| Flaw { offset: reader.at, reason })
}

/// The reason why a text is not valid. `Reader::at` is the offset of the error.
pub(super) type Reason = &'static str;

/// The state of the parser: the text, the offset of the next byte, and the open arrays and objects.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    open: Open,
}

/// The stack of open arrays and objects: the innermost is the lowest bit, which is 1 for an object.
#[derive(Default)]
struct Open {
    depth: u32,
    objects: u128,
}

#[derive(Clone, Copy)]
enum Container {
    Array,
    Object,
}

impl Open {
    fn innermost(&self) -> Option<Container> {
        let object = self.objects & 1 == 1;
        let container = if object { Container::Object } else { Container::Array };
        (self.depth > 0).then_some(container)
    }

    fn push(&mut self, container: Container) {
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(matches!(container, Container::Object));
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Reason> {
        while self.begin_value()? || self.end_value()? {}
        Ok(())
    }

    /// Reads a scalar, or opens an array or object. Returns true if a value must follow.
    fn begin_value(&mut self) -> Result<bool, Reason> {
        match self.after_space() {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => return self.open(Container::Object),
            Some(b'[') => return self.open(Container::Array),
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return Err("expected a value"),
        }
        Ok(false)
    }

    /// Reads the closing brackets after a value, then a comma and, in an object, the next member's
    /// name. Returns true if another value must follow, false at the end of the text.
    fn end_value(&mut self) -> Result<bool, Reason> {
        loop {
            let next = self.after_space();
            match (self.open.innermost(), next) {
                (None, None) => return Ok(false),
                (None, Some(_)) => return Err("expected nothing after the value"),
                (Some(Container::Array), Some(b']')) | (Some(Container::Object), Some(b'}')) => {
                    self.at += 1;
                    self.open.pop();
                }
                (Some(Container::Array), Some(b',')) => {
                    self.at += 1;
                    return Ok(true);
                }
                (Some(Container::Object), Some(b',')) => {
                    self.at += 1;
                    self.member_name()?;
                    return Ok(true);
                }
                (Some(Container::Array), _) => return Err("expected a comma or ]"),
                (Some(Container::Object), _) => return Err("expected a comma or }"),
            }
        }
    }

    fn open(&mut self, container: Container) -> Result<bool, Reason> {
        if self.open.depth == MAX_DEPTH {
            return Err("nested deeper than 100 arrays and objects");
        }
        self.open.push(container);
        self.at += 1;
        match (container, self.after_space()) {
            (Container::Array, Some(b']')) | (Container::Object, Some(b'}')) => Ok(false),
            (Container::Array, _) => Ok(true),
            (Container::Object, _) => self.member_name().map(|()| true),
        }
    }

    fn member_name(&mut self) -> Result<(), Reason> {
        if self.after_space() != Some(b'"') {
            return Err("expected a member's name in double quotes");
        }
        self.string()?;
        if self.after_space() != Some(b':') {
            return Err("expected a colon");
        }
        self.at += 1;
        Ok(())
    }

    /// Skips white space and returns the next byte without consuming it.
    fn after_space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                next => return next,
            }
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::check_marked as refuse;
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn nested(depth: usize, open: &str, close: &str) -> String {
        open.repeat(depth) + "1" + &close.repeat(depth)
    }

    #[test]
    fn valid_texts_are_accepted() {
        let texts = [
            "0",
            "-0",
            "-0.0",
            "1.0",
            "1e2",
            "1E+2",
            "1e-2",
            "0.1e1",
            "123456789012345678901234",
            "5e-324",
            "1e308",
            "1e-400",
            "0e99999999999999999999",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "-1.7976931348623158e308",
            "true",
            "false",
            "null",
            " \t\r\n1 \t\r\n",
            "[]",
            "{}",
            "[ ]",
            "{ }",
            "[1, 2]",
            r#"{"a":1}"#,
            r#"{ "a" : 1 , "a" : 2 }"#,
            r#"{"":{"":[]}}"#,
            "[[],{},[{}]]",
            r#""""#,
            r#""é€😀""#,
            r#""\"\\\/\b\f\n\r\t\u0000\u2028\uD7FF\uE000""#,
            r#""\ud83d\uDE00\ud83d\ude00""#,
            "\"\u{2028}\u{7f}\u{feff}\"",
            r#""12345678\\12345678\n1234567\"""#,
            r#"{"__proto__":null}"#,
        ];
        for text in texts {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn an_invalid_value_is_refused_with_its_position() {
        let texts = [
            "^",
            " ^",
            "\n\t\r ^",
            "^\u{feff}1",
            "^\u{b}1",
            "^\u{a0}1",
            "^NaN",
            "^Infinity",
            "^'a'",
            "^.5",
            "^+1",
            "^,",
            "^]",
            "^}",
            "^:",
            "^nul",
            "^tru",
            "^True",
            "^undefined",
            "^//a\n1",
            "^/**/1",
            "^#",
            "[^",
            "[1,^]",
            "[^,1]",
            "[1,^,2]",
            "[1,^",
            "[^NaN]",
            "{\"a\":^}",
            "{\"a\":^,",
        ];
        texts.into_iter().for_each(|text| refuse(text, "expected a value"));
    }

    #[test]
    fn what_follows_a_value_is_refused() {
        let texts = [
            "1 ^2",
            "1^,",
            "1^x",
            "true^x",
            "{} ^{}",
            "[]^]",
            "0^x10",
            "1^_0",
            "1^//",
            "1^\0",
            "1^\u{feff}",
            "null^\u{a0}",
            "\"a\"^\"b\"",
            "1^+1",
            "1 ^}",
        ];
        texts.into_iter().for_each(|text| refuse(text, "nothing after the value"));
    }

    #[test]
    fn broken_arrays_and_objects_are_refused() {
        for text in ["[1 ^2]", "[1^", "[1^}", "[[1]^", "[{}^:"] {
            refuse(text, "comma or ]");
        }
        for text in ["{\"a\":1^", "{\"a\":1^]", "{\"a\":1 ^\"b\":2}", "{\"a\":[]^:"] {
            refuse(text, "comma or }");
        }
        for text in ["{\"a\" ^1}", "{\"a\"^,1}", "{\"a\"^}", "{\"a\"^"] {
            refuse(text, "colon");
        }
        for text in
            ["{^a:1}", "{^1:1}", "{^'a':1}", "{^,}", "{^", "{^]", "{\"a\":1,^}", "{^null:1}"]
        {
            refuse(text, "member's name");
        }
    }

    #[test]
    fn a_hundred_levels_are_accepted() {
        assert_eq!(check(&nested(100, "[", "]")), Ok(()));
        assert_eq!(check(&nested(100, "{\"a\":", "}")), Ok(()));
        assert_eq!(check(&nested(50, "[{\"a\":", "}]")), Ok(()));
        assert_eq!(check(&format!("[{}]", vec![nested(99, "[", "]"); 3].join(","))), Ok(()));
    }

    #[test]
    fn more_than_a_hundred_levels_are_refused_at_the_hundred_and_first() {
        let limit = MAX_DEPTH.to_string();
        refuse(&format!("{}^[", "[".repeat(100)), &limit);
        refuse(&format!("{}^{{", "{\"a\":".repeat(100)), &limit);
        refuse(&format!("{}^[", "[{\"a\":".repeat(50)), &limit);
        refuse(&format!("{}^{}", "[".repeat(100), "[".repeat(1_000_000)), &limit);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC*|[\\x00-\\x7f]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,9}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Short texts that are JSON or almost JSON. None is nested deeply enough to reach the depth
    /// limit of this parser or of `serde_json`.
    fn nearly_json() -> impl Strategy<Value = String> {
        let edit = (any::<prop::sample::Index>(), "[\\[\\]{},:\"\\\\u0-9deE.+ \n-]{0,2}");
        prop_oneof![
            value().prop_map(|value| value.to_string()),
            value().prop_map(|value| format!("{value:#}")),
            (value(), edit).prop_map(|(value, (place, put))| {
                let mut chars: Vec<char> = value.to_string().chars().collect();
                let place = place.index(chars.len());
                chars.splice(place..=place, put.chars());
                chars.into_iter().collect()
            }),
            "[\\[\\]{},:\"0-9eE.+ -]{0,12}",
            "\"(\\\\u[dD][89a-fA-F][0-9a-f]{2}|\\\\u[0-9a-f]{3,4}|\\\\[a-z]|[a-z]){0,4}\"",
            "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,4})?",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 3000, ..Default::default() })]

        #[test]
        fn a_text_is_accepted_exactly_when_another_reader_reads_it(text in nearly_json()) {
            let read = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(check(&text).is_ok(), read.is_ok(), "{:?}: {:?}", text, read);
        }

        #[test]
        fn a_flaw_stands_between_two_characters(text in any::<String>()) {
            if let Err(flaw) = check(&text) {
                prop_assert!(text.is_char_boundary(flaw.offset));
            }
        }

    }
}
