//! Tests of outgoing requests against the routes of a fake.

use std::time::Duration;

use serde_json::json;

use super::{HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};
use crate::failure::{FailureKind, Result};
use crate::fake::Fake;
use crate::service::Context;

const URL: &str = "https://api.example.com/latest?key=secret";

#[test]
fn each_method_sends_its_name_and_its_body_as_json() {
    let fake = Fake::new();
    for method in ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"] {
        fake.route(method, URL, HttpResponse::of_text(method));
    }
    let http = fake.context().http;
    assert_eq!(http.get(URL).unwrap().text(), Ok("GET"));
    assert_eq!(http.head(URL).unwrap().text(), Ok("HEAD"));
    assert_eq!(http.delete(URL).unwrap().text(), Ok("DELETE"));
    assert_eq!(http.post(URL, &json!({ "a": 1 })).unwrap().text(), Ok("POST"));
    assert_eq!(http.put(URL, &1).unwrap().text(), Ok("PUT"));
    assert_eq!(http.patch(URL, "x").unwrap().text(), Ok("PATCH"));
    let requests = fake.requests();
    let bodies: Vec<_> =
        requests.iter().map(|it| String::from_utf8(it.body.clone()).unwrap()).collect();
    assert_eq!(bodies, ["", "", "", r#"{"a":1}"#, "1", r#""x""#]);
    let types = requests.iter().filter(|it| it.headers.iter().any(|(n, _)| n == "content-type"));
    assert_eq!(types.count(), 3);
    assert_eq!(http.post(URL, &f64::NAN).unwrap_err().kind, HttpErrorKind::InvalidRequest);
}

#[test]
fn a_response_is_read_as_text_and_json_and_refused_by_its_status() {
    let fake = Fake::new();
    let response = HttpResponse::of_json(&json!([1])).unwrap().with_header("X-Left", "3");
    fake.route("GET", URL, response);
    let response = fake.context().http.get(URL).unwrap();
    assert_eq!(response.json::<Vec<u8>>(), Ok(vec![1]));
    assert_eq!((response.header("x-left"), response.header("none")), (Some("3".into()), None));
    assert!(response.is_success());
    let failure = response.json::<String>().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert!(failure.message.starts_with("https://api.example.com/latest (status 200): the body: "));
    for (status, kind) in [
        (399, None),
        (404, Some(FailureKind::Internal)),
        (429, Some(FailureKind::Unavailable)),
        (503, Some(FailureKind::Unavailable)),
    ] {
        let response = HttpResponse { url: URL.to_owned(), ..HttpResponse::of_status(status) };
        let failure = response.error_for_status().err();
        assert_eq!(failure.map(|it| it.kind), kind, "{status}");
    }
}

#[test]
fn a_header_is_read_whole_and_by_its_fields() {
    let response = HttpResponse::of_status(200)
        .with_header("Vary", "accept")
        .with_header("set-cookie", "a=1; Path=/")
        .with_header("vary", "cookie")
        .with_header("set-cookie", "b=2");
    assert_eq!(response.header("VARY").as_deref(), Some("accept, cookie"));
    assert_eq!(response.header_values("Set-Cookie"), ["a=1; Path=/", "b=2"]);
}

#[test]
fn an_error_becomes_a_failure_by_its_kind() {
    use HttpErrorKind::*;
    let fake = Fake::new();
    for kind in [InvalidRequest, Denied, Unreachable, Timeout, TooLarge, Aborted] {
        fake.fail_route("GET", URL, kind);
        let latest = |ctx: &Context| -> Result<HttpResponse> { Ok(ctx.http.get(URL)?) };
        let expected = match kind {
            Unreachable | Timeout | Aborted => FailureKind::Unavailable,
            _ => FailureKind::Internal,
        };
        assert_eq!(latest(&fake.context()).unwrap_err().kind, expected, "{kind:?}");
    }
}

#[test]
fn redirects_are_followed_up_to_their_limit() {
    let fake = Fake::new();
    let to = |url: &str| HttpResponse::of_status(303).with_header("location", url);
    fake.route("POST", "https://a/1", to("https://a/2"));
    fake.route("GET", "https://a/2", to("https://a/3"));
    fake.route("GET", "https://a/3", HttpResponse::of_text("end"));
    let http = fake.context().http;
    let response = http.post("https://a/1", &1).unwrap();
    assert_eq!((response.text(), &*response.url), (Ok("end"), "https://a/3"));
    let request = OutgoingRequest::new("GET", "https://a/2").with_redirects(0);
    assert_eq!(http.send(&request).unwrap().status, 303);
    let request = OutgoingRequest::new("POST", "https://a/1").with_redirects(1);
    assert_eq!(http.send(&request).unwrap_err().kind, HttpErrorKind::Aborted);
}

#[test]
fn results_of_several_are_in_the_order_of_the_requests() {
    let fake = Fake::new();
    fake.route_with("GET", "https://a/*", |request| match request.timeout {
        None => Ok(HttpResponse::of_text(request.url.clone())),
        Some(_) => Err(HttpError { kind: HttpErrorKind::Timeout, message: String::new() }),
    });
    let requests = ["https://a/1", "https://a/2"].map(|url| OutgoingRequest::new("GET", url));
    let [first, second] = requests;
    let requests = [first, second.with_timeout(Duration::from_millis(5))];
    let results = fake.context().http.send_many(&requests);
    let [Ok(first), Err(second)] = &results[..] else { panic!("{results:?}") };
    assert_eq!((first.text(), second.kind), (Ok("https://a/1"), HttpErrorKind::Timeout));
}

#[test]
fn a_request_that_no_route_matches_fails_the_test_with_the_list_of_routes() {
    let fake = Fake::new();
    fake.route("POST", URL, HttpResponse::of_status(200));
    let ctx = fake.context();
    let asked = std::panic::AssertUnwindSafe(|| drop(ctx.http.get(URL)));
    let panic = std::panic::catch_unwind(asked).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(message, &format!("GET {URL} matches no route of the fake; there are: POST {URL}"));
}
