//! A service in C as a plugin author would write it, and the page about HTTP.

use crate::languages::orders;
use crate::languages::services::{ask, check_refused, served};
use serde_json::json;

#[tokio::test]
async fn visits_are_counted_by_page_in_steps() {
    let server = served("counter");
    let get = async |target: &str| ask(&server, &format!("GET {target}"), &[], "").await;
    let first = get("/count/home").await;
    assert_eq!((first.status, first.json()), (200, json!({ "page": "home", "visits": 1 })));
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(get("/count/home?step=2").await.json()["visits"], 3);
    let other = json!({ "page": "a \"b\u{e9}", "visits": 1 });
    assert_eq!(get("/count/a%20%22b%C3%A9").await.json(), other);

    for (step, message) in [
        ("two", "the query parameter \"step\" is \"two\": it must be an integer"),
        ("2.5", "it must be an integer"),
        ("", "it must be an integer"),
        ("0", "the step is 0: it must be from 1 to 1000"),
    ] {
        check_refused(&get(&format!("/count/home?step={step}")).await, 400, message);
    }
    assert_eq!(get("/count/home").await.json()["visits"], 4, "a refused step is counted");
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows() {
    let listings = [("c/tests/orders/orders.c", "orders.c")];
    orders::check(orders::service("c", &listings).path());
}
