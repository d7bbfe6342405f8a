use std::borrow::Cow;

use super::*;
use crate::failure::FailureKind;

#[derive(serde::Deserialize, Debug, PartialEq)]
struct Order {
    id: u64,
    price: f64,
}

fn request(body: &[u8]) -> Request {
    Request { body: body.to_vec(), ..Request::default() }
}

fn by_http(http: HttpRequest) -> Request {
    Request { http: Some(http), ..Request::default() }
}

#[track_caller]
fn check_refused(body: &[u8], message: &str) {
    let failure = request(body).json::<Order>().unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadRequest);
    assert!(failure.message.contains(message), "{failure}");
}

#[test]
fn body_is_read_as_the_type() {
    let order = request(br#"{"id": 18446744073709551615, "price": 2, "more": 1}"#).json();
    assert_eq!(order, Ok(Order { id: u64::MAX, price: 2.0 }));
}

#[test]
fn empty_body_is_read_as_null() {
    assert_eq!(request(b"").json::<Option<Order>>(), Ok(None));
    assert_eq!(request(b"").json::<()>(), Ok(()));
    check_refused(b"", "needs a JSON body and has none");
}

#[test]
fn body_of_another_type_is_a_bad_request_that_names_the_place() {
    check_refused(br#"{"id": 1}"#, "missing field `price` at line 1 column 9");
    check_refused(b"{\"id\": 1,\n\"price\": \"2\"}", "at line 2 column 12");
    check_refused(br#"{"id": 1, "price": 9007199254740993}"#, "9007199254740993");
    check_refused(b"{} {}", "line 1 column 2");
    check_refused(b"\xff", "utf-8");
}

#[test]
fn a_header_with_a_field_that_is_not_utf_8_is_read_by_its_other_fields_only() {
    let headers = vec![
        ("accept".to_owned(), b"a/b".to_vec()),
        ("Accept".to_owned(), b"\xff".to_vec()),
        ("cookie".to_owned(), b"a=\xff".to_vec()),
    ];
    let request = by_http(HttpRequest { headers, ..HttpRequest::default() });
    assert_eq!(request.header("accept"), None);
    assert_eq!(request.header_values("accept"), ["a/b"]);
    assert_eq!(request.cookie("a"), None);
}

#[test]
fn one_field_is_read_without_a_copy() {
    let headers = vec![("accept".to_owned(), b"a/b".to_vec())];
    let query = "q=a&r=b+c".to_owned();
    let request = by_http(HttpRequest { headers, query, ..HttpRequest::default() });
    assert!(matches!(request.header("accept"), Some(Cow::Borrowed("a/b"))));
    assert!(matches!(request.query("q"), Some(Cow::Borrowed("a"))));
    assert!(matches!(request.query("r"), Some(Cow::Owned(value)) if value == "b c"));
}

#[test]
fn a_cookie_is_read_of_the_first_pair_and_a_quote_alone_stays() {
    let cookie = |text: &str| {
        by_http(HttpRequest {
            headers: vec![("cookie".to_owned(), text.as_bytes().to_vec())],
            ..HttpRequest::default()
        })
    };
    assert_eq!(cookie("a=\"").cookie("a"), Some("\""));
    assert_eq!(cookie("a=\"\"").cookie("a"), Some(""));
    assert_eq!(cookie("\ta = 1\t;a=2").cookie("a"), Some("1"));
}

#[test]
fn the_address_of_a_client_has_no_port_and_no_brackets() {
    let by =
        |client: &str| by_http(HttpRequest { client: client.into(), ..HttpRequest::default() });
    assert_eq!(by("192.0.2.1:4711").client_address(), Some("192.0.2.1"));
    assert_eq!(by("[2001:db8::1]:0").client_address(), Some("2001:db8::1"));
    assert_eq!(by("").client_address(), None);
    assert_eq!(Request::default().client_address(), None);
}

#[test]
fn a_request_without_http_has_no_headers_cookies_and_parameters() {
    let request = Request::default();
    assert_eq!((request.header("a"), request.cookie("a")), (None, None));
    assert_eq!((request.query("a"), request.path_param("a")), (None, None));
    assert_eq!(request.query_integer("a"), Ok(None));
    assert_eq!(request.form("a"), Ok(None));
    assert!(request.header_values("a").is_empty() && request.query_values("a").is_empty());
    assert_eq!(request.path_integer("a").unwrap_err().kind, FailureKind::Internal);
}

#[test]
fn an_integer_is_one_of_64_bits() {
    let read = |text: &str| {
        let query = format!("a={text}");
        by_http(HttpRequest { query, ..HttpRequest::default() }).query_integer("a")
    };
    assert_eq!(read("-9223372036854775808"), Ok(Some(i64::MIN)));
    assert_eq!(read("9223372036854775807"), Ok(Some(i64::MAX)));
    for text in ["--1", "-%2B1", "0x1", "%001", "-9223372036854775809"] {
        assert_eq!(read(text).unwrap_err().kind, FailureKind::BadRequest, "{text}");
    }
}

#[test]
fn fields_of_a_form_may_be_any_bytes() {
    let content_type = Some("application/x-www-form-urlencoded".to_owned());
    let form = Request { content_type, ..request(b"a=\xff&b=%F0%9F%8d&c=%c3%a9") };
    assert_eq!(form.form("a"), Ok(Some("\u{fffd}".into())));
    assert_eq!(form.form("b"), Ok(Some("\u{fffd}".into())));
    assert_eq!(form.form("c"), Ok(Some("é".into())));
}
