//! Rust: a service as a plugin author would write it. `new_service.rs` tests new projects.

use super::orders;
use super::services::{ask, check_refused, served};
use serde_json::json;

#[tokio::test]
async fn flags_are_checked_when_they_are_put_and_listed_by_prefix() {
    let server = served("flags");
    let put =
        async |name: &str, body: &str| ask(&server, &format!("PUT /flags/{name}"), &[], body).await;
    let half = r#"{"enabled":true,"percent":50}"#;
    assert_eq!(put("new-menu", half).await.status, 201);
    let changed = put("new-menu", half).await;
    assert_eq!((changed.status, &*changed.body), (200, half));
    assert_eq!(put("old-menu", r#"{"enabled":false,"percent":0}"#).await.status, 201);

    for (body, message) in [
        (r#"{"enabled":true,"percent":101}"#, "the percent is 101: it must be from 0 to 100"),
        (r#"{"enabled":true,"percent":-1}"#, "the percent is -1: it must be from 0 to 100"),
        (r#"{"enabled":"yes","percent":1}"#, "expected a boolean at line 1 column 16"),
        (r#"{"enabled":true}"#, "missing field `percent`"),
        (r#"{"enabled":true,"percent":1,"share":1}"#, "unknown field `share`"),
        ("", "the request needs a JSON body"),
    ] {
        check_refused(&put("new-menu", body).await, 400, message);
    }
    check_refused(&put("New", half).await, 400, "the name is \"New\"");

    let list =
        async |query: &str| ask(&server, &format!("GET /flags{query}"), &[], "").await.json();
    let new = json!({ "enabled": true, "percent": 50 });
    let old = json!({ "enabled": false, "percent": 0 });
    assert_eq!(list("?prefix=new").await, json!({ "new-menu": new }));
    assert_eq!(list("").await, json!({ "new-menu": new, "old-menu": old }));
    assert_eq!(list("?prefix=x").await, json!({}));
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows() {
    let listings = [("tests/orders.rs", "src/lib.rs")];
    orders::check(orders::service("rust", &listings).path());
}
