//! A service in Python as a plugin author would write it, and the page about HTTP.

use crate::languages::orders;
use crate::languages::services::{ask, check_refused, served};
use serde_json::json;

#[tokio::test]
async fn a_client_takes_five_notes_a_minute_and_others_are_not_counted() {
    let server = served("limiter");
    let post = async |client: &str, body: &str| {
        ask(&server, "POST /notes", &[&format!("x-forwarded-for: {client}")], body).await
    };
    let note = r#"{"text":"buy tea"}"#;
    for number in 1..=5 {
        let taken = post("192.0.2.1", note).await;
        let expected = json!({ "number": number, "text": "buy tea" });
        assert_eq!((taken.status, taken.json()), (201, expected));
        assert_eq!(taken.header("x-notes-left"), Some(&*(5 - number).to_string()));
    }
    let refused = post("192.0.2.1", note).await;
    check_refused(&refused, 429, "at most 5 notes a minute");
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");

    let other = post("192.0.2.2", note).await;
    assert_eq!((other.status, other.header("x-notes-left")), (201, Some("4")));
    check_refused(&post("192.0.2.2", "{}").await, 400, "Note needs a member 'text'");
    assert_eq!(post("192.0.2.2", note).await.header("x-notes-left"), Some("3"));
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows() {
    let listings = [("python/tests/orders/orders.py", "orders.py")];
    orders::check(orders::service("python", &listings).path());
}
