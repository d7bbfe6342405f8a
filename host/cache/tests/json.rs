//! Checks which texts are valid values: numbers, strings, arrays, objects and white space by RFC
//! 8259, and the limits that it leaves to implementations.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

#[path = "json/peer.rs"]
mod peer;

use hostel_cache::Json;
use proptest::prelude::*;

#[track_caller]
fn taken(texts: &[&str]) {
    for text in texts {
        peer::check(text);
        assert_eq!(Json::new(text, usize::MAX).map(Json::as_str), Ok(*text));
    }
}

#[track_caller]
fn refused(texts: &[&str]) {
    for text in texts {
        peer::check(text);
        assert!(Json::new(text, usize::MAX).is_err(), "{text:?}");
    }
}

#[test]
fn numbers_are_taken_however_long_or_precise_while_they_are_finite() {
    taken(&["0", "-0", "-0.0", "0.0", "1.0", "1e2", "1E2", "1E+2", "1e-2", "100.0", "-1", "1.5e0"]);
    taken(&["9007199254740992", "9007199254740993", "-9007199254740993"]);
    taken(&["9223372036854775807", "-9223372036854775808", "9223372036854775808"]);
    taken(&["18446744073709551615", "18446744073709551616", "1180591620717411303424"]);
    taken(&["0.1", "0.30000000000000004", "5e-324", "2e-324", "1e-400", "-1e-400", "1e308"]);
    taken(&["1.7976931348623157e308", "-1.7976931348623157e308", "0e400", "0.0e9999999999"]);
    taken(&["1e0000000000000000000002", "0.00000000000000000000000000000000000000000001e40"]);
    taken(&[
        &"9".repeat(308),
        &format!("0.{}", "7".repeat(1000)),
        &format!("{}.5", "1".repeat(300)),
    ]);
    refused(&[
        "1e309",
        "1E400",
        "-1e400",
        "1e99999999999999999999",
        "0.4e00669999999999999999999999",
    ]);
    refused(&[&"9".repeat(309), &"1".repeat(1000), &format!("-{}", "1".repeat(1000))]);
    refused(&[
        "NaN",
        "-NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "+1",
        "+0",
        "0x10",
        "0b1",
        "0o7",
    ]);
    refused(&[
        "01", "-01", "00", "1.", ".5", "-.5", "1.e5", "1e", "1e+", "1e-", "-", "--1", "1-", "-a",
    ]);
    refused(&[
        "1_000", "1,000", "1 000", "1e1.5", "1.2.3", "1ee2", "1f", "1n", "1/2", "２", "1٣", "−1",
    ]);
}

#[test]
fn strings_are_taken_with_any_character_and_only_whole_escapes() {
    taken(&[
        r#""""#,
        r#""a""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u0000""#,
        r#""\u001F\u007f""#,
        "\"\u{7f}\"",
    ]);
    taken(&[
        "\"\u{80}\"",
        "\"\u{2028}\u{2029}\"",
        "\"\u{feff}\"",
        "\"\u{ffff}\"",
        "\"\u{10ffff}\"",
    ]);
    taken(&[r#""\uFFFF\uFDD0\uFEFF""#, r#""\uDBFF\uDFFF""#, r#""\uD83D\uDE00""#, r#""\\uD800""#]);
    taken(&["\"\u{e9}\"", "\"e\u{301}\"", "\"\u{202e}abc\"", r#""/""#, "\"'\"", r#""<script>&""#]);
    refused(&[r#""\uD800""#, r#""\uDC00""#, r#""\uDE00\uD83D""#, r#""\uD83Dx""#, r#""\uD83D\n""#]);
    refused(&[r#""\uD83D\uD83D\uDE00""#, r#""\uD83D\u0041""#, r#""\uD83D\\uDE00""#, r#""\uD83D"#]);
    refused(&[
        r#""\u""#,
        r#""\u1""#,
        r#""\u12""#,
        r#""\u123""#,
        r#""\u12G4""#,
        r#""\U0041""#,
        r#""\u{41}""#,
    ]);
    refused(&[
        r#""\x41""#,
        r#""\a""#,
        r#""\0""#,
        r#""\'""#,
        r#""\ ""#,
        "\"\\\n\"",
        "\"\\é\"",
        r#""\"#,
    ]);
    refused(&["\"", "\"a", "a\"", "'a'", "`a`", "“a”", "\"a\"b\"", "\"\\\"", "\"a\\"]);
    for control in ('\0'..' ').filter(|control| *control != '\u{7f}') {
        refused(&[
            &format!("\"{control}\""),
            &format!("\"long enough{control}\""),
            &control.to_string(),
        ]);
    }
}

#[test]
fn arrays_and_objects_are_taken_with_nothing_left_out_or_left_over() {
    taken(&["[]", "[ ]", "[1]", "[1,2]", "[[]]", "[{}]", "[null,true,false]", "[1 , 2 ]", "[\n]"]);
    taken(&[
        "{}",
        "{ }",
        r#"{"":0}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"a":1}"#,
        r#"{"__proto__":{}}"#,
    ]);
    taken(&["{\"\u{e9}\":1,\"e\u{301}\":2}", r#"{"\u0000":1}"#, r#"{"a":{"b":[{"c":null}]}}"#]);
    refused(&[
        "[", "]", "[1", "1]", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1;2]", "[1:2]",
    ]);
    refused(&[
        "[}", "{]", "[1}", "[[1]", "[1]]", "[\"a\"", "[\"a", "[tru]", "[1,\n", "[*]", "[...]",
    ]);
    refused(&["{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{:1}"]);
    refused(&[
        "{\"a\"}",
        "{\"a\",1}",
        "{\"a\" 1}",
        "{\"a\"::1}",
        "{\"a\":1:2}",
        "{\"a\":1 \"b\":2}",
    ]);
    refused(&[
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{[]:1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":1}}",
    ]);
    refused(&[
        "{\"a\":1;\"b\":2}",
        "{\"a\"=1}",
        "{\"a\":1,\"b\"}",
        "{\"a\":}",
        "{\"a\":,}",
        "{\"a\":1]",
    ]);
}

#[test]
fn a_text_is_one_value_with_nothing_but_space_around_it() {
    taken(&["null", "true", "false", "0", "\"a\"", " \t\r\n1\n\r\t ", "\n[\n]\n"]);
    refused(&[
        "",
        " ",
        "\n",
        "\t\r\n ",
        "\u{feff}",
        "\u{feff}1",
        "1\u{feff}",
        "\u{a0}1",
        "1\u{2028}",
    ]);
    refused(&[
        "\u{c}1",
        "\u{b}1",
        "1\u{85}",
        "\u{3000}1",
        "1 2",
        "1,2",
        "1,",
        ",1",
        "[]{}",
        "[][]",
    ]);
    refused(&[
        "{}{}",
        "\"a\"\"b\"",
        "null null",
        "1\n2",
        "1;",
        "1\0",
        "\0",
        "1 x",
        "[]x",
        "{}]",
        "[],",
    ]);
    refused(&[
        "True",
        "TRUE",
        "nul",
        "nulll",
        "tru",
        "fals",
        "none",
        "undefined",
        "nil",
        "Null",
        "n",
        "t",
    ]);
    refused(&[
        "// a\n1", "1 // a", "/* a */1", "1 /**/", "[1 /**/]", "#1", "1 #", "<1>", "(1)", "=1",
    ]);
}

#[test]
fn a_hundred_levels_are_taken_whatever_they_are_of() {
    let levels = |count: usize, open: &str, close: &str| {
        format!("{}0{}", open.repeat(count), close.repeat(count))
    };
    for (open, close, each) in [("[", "]", 1), ("{\"a\":", "}", 1), ("[{\"a\":", "}]", 2)] {
        taken(&[&levels(100 / each, open, close), &levels(99 / each, open, close)]);
        for count in [101, 102, 126, 127, 128, 129, 500, 1_000, 1_000_000] {
            let count = count / each + count % each;
            refused(&[&levels(count, open, close), &open.repeat(count)]);
        }
    }
    taken(&[&format!("[{}0]", "[],{},".repeat(1_000)), &format!("[\"{}\"]", "[{".repeat(1_000))]);
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    // A value is a `str`, and these bytes are not: the host rejects them before it calls the cache.
    let texts: [&[u8]; 6] = [
        b"\"\xff\"",
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xe2\x82\"",
        b"\"\x80\"",
        b"\xff\xfe1\0",
    ];
    for text in texts {
        assert!(std::str::from_utf8(text).is_err());
    }
}

/// Numbers close to the largest finite binary64, with the decimal point in different places.
fn edge_of_numbers() -> impl Strategy<Value = String> {
    let digits = "1797693134862315[78][0-9]{0,20}";
    (digits, -40..40_i32, any::<bool>(), 0..30_usize).prop_map(|(digits, by, negative, point)| {
        let whole = point.clamp(1, digits.len());
        let (before, after) = digits.split_at(whole);
        let after = if after.is_empty() { String::new() } else { format!(".{after}") };
        let exponent = 309 - whole as i32 + if by.abs() > 2 { 0 } else { by };
        format!("{}{before}{after}e{exponent}", if negative { "-" } else { "" })
    })
}

/// Random pieces of JSON, which rarely form a valid value.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\[\\]{},:]",
        "\"(\\\\[\"\\\\/bfnrtux]|[a-c ]|\\\\u[dD][89a-fA-F][0-9]{2}|é|😀|[\\x00-\\x1f]){0,3}\"",
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        "true|false|null|NaN| |\n|\u{feff}|//",
        Just("\"a\":".to_owned()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A valid text with characters changed, inserted, removed or duplicated.
fn mutated() -> impl Strategy<Value = String> {
    let valid = prop::sample::select(vec![
        r#"{"a":[1,-2.5e3,"x\u00e9\n",{"b":null}],"c":{"d":[true,false]},"e":""}"#,
        "[[[[]]],[{}],{\"k\":[[],{}]} , 0.125 ,\"\\ud83d\\ude00 \u{2028}\", -0, 1E+2]",
        " {\n \"long name of a member\" : \"a text that is longer than eight bytes\"\n}\n",
    ]);
    let edit = (any::<prop::sample::Index>(), 0..4_u8, "[\\[\\]{},:\"\\\\u0-9deE.+ \n\t\\x00-]");
    (valid, prop::collection::vec(edit, 1..4)).prop_map(|(text, edits)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (place, how, put) in edits {
            let (at, put) = (place.index(chars.len()), put.chars());
            match how {
                0 => drop(chars.splice(at..=at, put)),
                1 => drop(chars.splice(at..at, put)),
                2 => drop(chars.remove(at)),
                _ => chars.insert(at, chars[at]),
            }
        }
        chars.into_iter().collect()
    })
}

const CASES: u32 = if cfg!(miri) { 20 } else { 4_000 };

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: CASES, ..Default::default() })]

    #[test]
    fn a_number_at_the_edge_is_taken_only_when_another_reader_reads_it(text in edge_of_numbers()) {
        let taken = Json::new(&text, usize::MAX).is_ok();
        let read = serde_json::from_str::<serde_json::Value>(&text);
        prop_assert!(!taken || read.is_ok(), "{text}: {read:?}");
    }

    #[test]
    fn pieces_of_json_are_taken_exactly_when_another_reader_reads_them(text in pieces()) {
        peer::check(&text);
    }

    #[test]
    fn a_changed_text_is_taken_exactly_when_another_reader_reads_it(text in mutated()) {
        peer::check(&text);
    }
}
