use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::fake::Fake;

fn cache() -> Cache {
    Fake::new().context().cache
}

#[track_caller]
fn check_back<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: T, text: &str) {
    let cache = cache();
    cache.set("k", &value).unwrap();
    assert_eq!(cache.get_raw("k").unwrap().unwrap(), text);
    assert_eq!(cache.get("k"), Ok(Some(value)));
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Point,
    Circle(f64),
    Square { side: u8 },
}

#[test]
fn value_comes_back_equal_and_with_its_type() {
    check_back("a\u{0}\u{2028}é😀".to_owned(), "\"a\\u0000\u{2028}é😀\"");
    check_back(7_i64, "7");
    check_back(0.1 + 0.2, "0.30000000000000004");
    check_back(-0.0_f64, "-0.0");
    check_back((5e-324, 1e308), "[5e-324,1e+308]");
    check_back((true, false), "[true,false]");
    check_back(1_u128 << 70, "1180591620717411303424");
    check_back(vec![Some(1.5), None], "[1.5,null]");
    check_back(HashMap::from([(1_u8, 'a')]), r#"{"1":"a"}"#);
    check_back(json!({"b": [1, 1.0], "a": {"": null}}), r#"{"a":{"":null},"b":[1,1.0]}"#);
    let shapes = r#"["Point",{"Circle":1.5},{"Square":{"side":2}}]"#;
    check_back((Shape::Point, Shape::Circle(1.5), Shape::Square { side: 2 }), shapes);
}

#[test]
fn missing_key_and_stored_null_are_none_and_exists_distinguishes_them() {
    let cache = cache();
    assert_eq!(cache.get::<String>("k"), Ok(None));
    assert_eq!((cache.get_raw("k"), cache.exists("k")), (Ok(None), Ok(false)));
    cache.set("k", &None::<String>).unwrap();
    assert_eq!(cache.get::<String>("k"), Ok(None));
    assert_eq!(cache.get::<Value>("k"), Ok(None));
    assert_eq!((cache.get_raw("k"), cache.exists("k")), (Ok(Some("null".into())), Ok(true)));
}

#[test]
fn second_delete_finds_nothing() {
    let cache = cache();
    cache.set("k", "v").unwrap();
    assert_eq!((cache.delete("k"), cache.delete("k")), (Ok(true), Ok(false)));
}

#[test]
fn entry_expires_and_the_last_set_determines_the_expiry() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let second = Duration::from_secs(1);
    cache.set_with_expiry("short", "v", second).unwrap();
    cache.set_with_expiry("cleared", "v", second).unwrap();
    cache.set("cleared", "v").unwrap();
    fake.advance(second - Duration::from_nanos(1));
    assert_eq!((cache.exists("short"), cache.exists("cleared")), (Ok(true), Ok(true)));
    fake.advance(Duration::from_nanos(1));
    assert_eq!((cache.exists("short"), cache.exists("cleared")), (Ok(false), Ok(true)));
    assert_eq!(cache.get::<String>("short"), Ok(None));
}

#[track_caller]
fn check_expiry(expiry: Duration, accepted: bool) {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let result = cache.set_with_expiry("k", "v", expiry);
    assert_eq!((result.is_ok(), fake.stats().sets == 1), (accepted, accepted));
    if let Err(error) = result {
        assert_eq!(error.kind, CacheErrorKind::InvalidExpiry);
        assert!(error.message.contains("whole seconds, 1 to 315360000"), "{error}");
    }
}

#[test]
fn expiry_is_whole_seconds_up_to_ten_years() {
    check_expiry(Duration::ZERO, false);
    check_expiry(Duration::from_nanos(1), false);
    check_expiry(Duration::from_millis(1_500), false);
    check_expiry(Duration::from_secs(1), true);
    check_expiry(Duration::from_secs(315_360_000), true);
    check_expiry(Duration::new(315_360_000, 1), false);
    check_expiry(Duration::from_secs(315_360_001), false);
    check_expiry(Duration::from_secs((1 << 32) + 60), false);
    check_expiry(Duration::MAX, false);
}

#[track_caller]
fn check_set_refused<T: Serialize>(value: T, message: &str) {
    let fake = Fake::new();
    let cache = fake.context().cache;
    cache.set("k", "old").unwrap();
    let error = cache.set("k", &value).unwrap_err();
    assert_eq!(error.kind, CacheErrorKind::InvalidValue);
    assert!(error.message.contains(message), "{error}");
    assert_eq!(cache.get("k"), Ok(Some("old".to_owned())));
    assert_eq!(fake.stats().sets, 1);
}

#[test]
fn value_without_a_json_form_is_refused_and_the_old_one_stays() {
    check_set_refused(f64::NAN, "NaN");
    check_set_refused(vec![Some(f32::INFINITY)], "inf");
    check_set_refused(HashMap::from([("a", (1, f64::NEG_INFINITY))]), "-inf");
    check_set_refused(Shape::Circle(f64::NAN), "\"k\" has no JSON form: NaN");
    check_set_refused(HashMap::from([((1, 2), 3)]), "key must be a string");
}

#[test]
fn refusal_of_the_host_keeps_its_kind_and_message() {
    let cache = cache();
    let kind = |result: Result<(), CacheError>| result.unwrap_err().kind;
    assert_eq!(kind(cache.set("", "v")), CacheErrorKind::InvalidKey);
    assert_eq!(kind(cache.set("k", &"v".repeat(1 << 20))), CacheErrorKind::TooLarge);
    let deep = (0..101).fold(Value::Null, |value, _| json!([value]));
    assert_eq!(kind(cache.set("k", &deep)), CacheErrorKind::InvalidValue);
    assert!(cache.get::<u8>("").unwrap_err().message.contains("1024"));
}

#[test]
fn a_refusal_names_the_argument_and_the_fix() {
    let cache = cache();
    let error = cache.set_with_expiry("k", "v", Duration::ZERO).unwrap_err();
    assert!(error.message.starts_with("an expiry of 0 seconds: "), "{error}");
    let left = cache.set_with_expiry("k", "v", Duration::from_millis(59_700)).unwrap_err();
    assert!(left.message.ends_with("; `Duration::from_secs(expiry.as_secs())` is"), "{left}");
    cache.set("n", &u64::MAX).unwrap();
    let error = cache.get::<f64>("n").unwrap_err();
    assert!(error.message.contains("read it as an integer, `i64` or `i128`"), "{error}");
    assert!(error.message.contains("get_raw"), "{error}");
}

#[test]
fn raw_text_is_stored_unchanged_or_refused() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let text = " { \"a\" : 1.0 , \"a\" : -0 } ";
    cache.set_raw_with_expiry("k", text, Duration::from_secs(60)).unwrap();
    for refused in ["", "nope", "[1,]", "1e400"] {
        assert_eq!(cache.set_raw("k", refused).unwrap_err().kind, CacheErrorKind::InvalidValue);
    }
    let error = cache.set_raw_with_expiry("k", "1", Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind, CacheErrorKind::InvalidExpiry);
    assert_eq!(cache.get_raw("k"), Ok(Some(text.to_owned())));
    fake.advance(Duration::from_secs(60));
    assert_eq!(cache.exists("k"), Ok(false));
}

#[test]
fn value_of_another_type_is_an_error_that_names_key_and_type() {
    let cache = cache();
    let key = "k".repeat(65);
    cache.set(&key, "v").unwrap();
    let error = cache.get::<u8>(&key).unwrap_err();
    let message =
        format!("the value under \"{}\".. cannot be read as u8: invalid type", "k".repeat(64));
    assert_eq!(error.kind, CacheErrorKind::InvalidValue);
    assert!(error.message.starts_with(&message), "{error}");
}

#[test]
fn integer_that_would_be_rounded_is_an_error_and_its_text_can_be_read() {
    let cache = cache();
    cache.set("k", &((1_u64 << 53) + 1)).unwrap();
    assert_eq!(cache.get::<f64>("k").unwrap_err().kind, CacheErrorKind::InvalidValue);
    assert_eq!(cache.get("k"), Ok(Some((1_u64 << 53) + 1)));
    assert_eq!(cache.get_raw("k"), Ok(Some("9007199254740993".to_owned())));
}
