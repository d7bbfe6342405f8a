use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + Debug>(text: &str, expected: T) {
    assert_eq!(from_text::<T>(text).unwrap(), expected, "{text}");
}

#[track_caller]
fn refuses<T: DeserializeOwned + Debug>(text: &str, integer: &str) {
    let error = from_text::<T>(text).unwrap_err().to_string();
    assert!(error.contains(&format!("integer {integer} does not fit")), "{text}: {error}");
    assert!(error.contains("at line 1 column"), "{text}: {error}");
}

#[derive(Deserialize, PartialEq, Debug)]
struct Point {
    x: f64,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Meters(f64);

#[derive(Deserialize, PartialEq, Debug)]
enum Shape {
    Dot,
    Circle(f64),
    Line(f64, f64),
    Square { side: f64 },
}

#[derive(Deserialize, PartialEq, Debug)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

const ODD: &str = "9007199254740993"; // 2^53 + 1
const HUGE: &str = "1180591620717411303425"; // 2^70 + 1

#[test]
fn integer_is_read_into_types_that_hold_it() {
    reads(ODD, 9_007_199_254_740_993_u64);
    reads("-9223372036854775808", i64::MIN);
    reads("18446744073709551615", u64::MAX);
    reads(HUGE, 1_180_591_620_717_411_303_425_i128);
    reads("340282366920938463463374607431768211455", u128::MAX);
    let both = serde_json::json!([9_007_199_254_740_993_u64, u64::MAX]);
    reads(&format!("[{ODD}, 18446744073709551615]"), both);
    refuses::<u64>("18446744073709551617", "18446744073709551617");
    refuses::<i64>("-9223372036854775809", "-9223372036854775809");
}

#[test]
fn integer_is_read_into_a_float_up_to_the_last_exact_one() {
    reads("9007199254740992", 9_007_199_254_740_992.0);
    reads("-9007199254740992", -9_007_199_254_740_992.0);
    reads("16777216", 16_777_216_f32);
    reads("18446744073709551615", 18_446_744_073_709_551_615_u64);
    reads("1152921504606846976", 1_152_921_504_606_846_976.0);
    reads("1073741824", 1_073_741_824_f32);
    for text in ["18446744073709551616", "1180591620717411303424", "-18446744073709551616"] {
        reads::<f64>(text, text.parse().unwrap());
        reads::<f32>(text, text.parse().unwrap());
        reads::<Value>(text, text.parse::<f64>().unwrap().into());
    }
    refuses::<f32>("18446744073709553664", "18446744073709553664");
    for (text, f32_only) in [("16777217", true), (ODD, false), ("-9007199254740993", false)] {
        refuses::<f32>(text, text);
        if f32_only { reads(text, 16_777_217.0) } else { refuses::<f64>(text, text) }
    }
    for text in ["18446744073709551615", "18446744073709551617", HUGE, "-9223372036854775809"] {
        refuses::<f32>(text, text);
        refuses::<f64>(text, text);
        if text.ends_with("615") {
            continue;
        }
        refuses::<Value>(text, text);
    }
}

#[test]
fn integer_of_any_length_is_distinguished_from_the_adjacent_float() {
    let mut digits = "7".repeat(20);
    for _ in 0..280 {
        refuses::<f64>(&digits, &shown(&digits));
        refuses::<Value>(&format!("[{digits}]"), &shown(&digits));
        let float = format!("{digits}.0");
        reads::<f64>(&float, float.parse().unwrap());
        reads::<f64>(&format!("{digits}e0"), float.parse().unwrap());
        digits.push(char::from(b'0' + (digits.len() * digits.len() / 3 % 10) as u8));
    }
}

fn shown(digits: &str) -> String {
    digits.get(..40).map_or(digits.to_owned(), |start| format!("{start}.."))
}

#[test]
fn float_of_any_bits_comes_back() {
    let mut state = 1_u64;
    for round in 0..20_000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let whole = (state as i64 as f64 * f64::from(round % 40 - 30).exp2()).trunc();
        let (double, single) = (f64::from_bits(state), f32::from_bits((state >> 32) as u32));
        if double.is_finite() && single.is_finite() {
            let all = (double, single, whole, whole as f32);
            let text = to_text(&all).unwrap();
            assert_eq!(from_text::<(f64, f32, f64, f32)>(&text).unwrap(), all, "{text}");
            let value: Value = from_text(&text).unwrap();
            assert_eq!(value[0].as_f64().map(f64::to_bits), Some(double.to_bits()), "{text}");
            assert_eq!(value[2].as_f64(), Some(whole), "{text}");
        }
    }
}

#[test]
fn number_written_as_a_float_is_read_as_serde_json_reads_it() {
    for text in ["9007199254740993.0", "1e300", "1.8446744073709552e19", "-0", "0.1", "-2E+40"] {
        reads::<f64>(text, text.parse().unwrap());
        assert_eq!(from_text::<Value>(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }
}

#[test]
fn rounding_is_found_at_any_depth() {
    refuses::<Option<f64>>(ODD, ODD);
    refuses::<Meters>(ODD, ODD);
    refuses::<Vec<Option<f64>>>(&format!("[1, null, {ODD}]"), ODD);
    refuses::<(u8, f64)>(&format!("[1, {ODD}]"), ODD);
    refuses::<BTreeMap<String, Point>>(&format!(r#"{{"a": {{"x": {ODD}}}}}"#), ODD);
    refuses::<Shape>(&format!(r#"{{"Circle": {ODD}}}"#), ODD);
    refuses::<Shape>(&format!(r#"{{"Line": [1, {ODD}]}}"#), ODD);
    refuses::<Shape>(&format!(r#"{{"Square": {{"side": {ODD}}}}}"#), ODD);
    refuses::<Value>(&format!(r#"{{"a": ["\"", {HUGE}]}}"#), HUGE);
    refuses::<Flat>(&format!(r#"{{"id": 1, "a": {HUGE}}}"#), HUGE);
    reads(r#""Dot""#, Shape::Dot);
    let last = "18446744073709551617";
    refuses::<(IgnoredAny, IgnoredAny, f64)>(
        &format!("[{HUGE}, 33333333333333333333, {last}]"),
        last,
    );
}

#[test]
fn numbers_that_are_not_read_do_not_matter() {
    let text = format!(r#"{{"y": [{HUGE}, {{"z": {ODD}}}], "\\": "{HUGE}", "x": 1e21}}"#);
    reads(&text, Point { x: 1e21 });
    let text = format!(r#"["\\\"{HUGE}", 1180591620717411303424.0]"#);
    reads(&text, (format!("\\\"{HUGE}"), 1_180_591_620_717_411_303_424.0));
}

#[test]
fn raw_value_passes_in_both_directions() {
    let text = format!(r#"{{"a":[{HUGE},1.0]}}"#);
    let raw: Box<RawValue> = from_text(&text).unwrap();
    assert_eq!(raw.get(), text);
    assert_eq!(to_text(&vec![raw]).unwrap(), format!("[{text}]"));
}

#[test]
fn text_that_is_not_json_is_refused() {
    for text in ["", "{} {}", "[1,]", "\"", "-", "{\"a\": 99999999999999999999", "[\"\\"] {
        assert!(from_text::<Value>(text).is_err(), "{text}");
        assert!(from_text::<IgnoredAny>(text).is_err(), "{text}");
    }
}

#[derive(Serialize)]
struct Every<'a> {
    numbers: (i8, u16, i32, u64, i128, u128, f32, f64),
    bytes: &'a [u8],
    unit: (),
    letter: char,
    choice: Choice,
    choices: [Choice; 3],
    newtype: Wrapped,
    pair: Pair,
    map: BTreeMap<u8, Option<bool>>,
}

#[derive(Serialize, Clone, Copy)]
enum Choice {
    None,
    One(f64),
    Two(f64, f64),
    Named { a: f64 },
}

#[derive(Serialize, Clone, Copy)]
struct Wrapped(f64);

#[derive(Serialize, Clone, Copy)]
struct Pair(f64, f64);

fn every(odd: f64) -> [Choice; 3] {
    [Choice::One(odd), Choice::Two(1.0, odd), Choice::Named { a: odd }]
}

#[test]
fn every_kind_of_value_is_written_as_serde_json_writes_it() {
    let value = Every {
        numbers: (-1, 2, -3, u64::MAX, i128::MIN, u128::MAX, 0.1, 1e300),
        bytes: b"ab",
        unit: (),
        letter: 'é',
        choice: Choice::None,
        choices: every(0.5),
        newtype: Wrapped(-0.0),
        pair: Pair(1.0, 2.0),
        map: BTreeMap::from([(1, Some(true)), (2, None)]),
    };
    assert_eq!(to_text(&value).unwrap(), serde_json::to_string(&value).unwrap());
}

#[derive(Serialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
enum Mixed {
    Number(u8),
    Text(String),
}

#[test]
fn two_members_of_one_name_are_refused() {
    let rest = |name: &str| BTreeMap::from([(name.to_owned(), 2)]);
    let refused = |value: &dyn Fn() -> Result<String, Error>| value().unwrap_err().to_string();
    let error = refused(&|| to_text(&[Flattened { id: 1, rest: rest("id") }]));
    assert!(error.contains("two members of one object have the name \"id\""), "{error}");
    let mixed = BTreeMap::from([(Mixed::Number(1), 1), (Mixed::Text("1".to_owned()), 2)]);
    let error = refused(&|| to_text(&mixed));
    assert!(error.contains("have the name \"1\""), "{error}");
    let taken = to_text(&(Flattened { id: 1, rest: rest("i\"d") }, rest("id"))).unwrap();
    assert_eq!(taken, r#"[{"id":1,"i\"d":2},{"id":2}]"#);
    let nested = serde_json::json!({"a": {"a": "a", "b": ["a", {"a": 1}, {"a": 2}]}, "b": "\":"});
    assert_eq!(to_text(&nested).unwrap(), nested.to_string());
}

#[test]
fn number_without_a_json_form_is_refused_at_any_depth() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for choice in every(bad) {
            assert!(to_text(&choice).is_err());
        }
        assert!(to_text(&(1, Some(bad))).is_err());
        assert!(to_text(&[Wrapped(bad)]).is_err());
        assert!(to_text(&Pair(1.0, bad)).is_err());
        assert!(to_text(&BTreeMap::from([("a", vec![bad])])).is_err());
        let error = to_text(&(bad as f32)).unwrap_err().to_string();
        assert_eq!(error, format!("{bad} is not a JSON number"));
    }
}
