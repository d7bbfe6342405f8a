//! A service in Go as a plugin author would write it, and the page about HTTP.

use crate::languages::orders;
use crate::languages::services::{ask, check_refused, served};

#[tokio::test]
async fn a_short_link_leads_to_its_url() {
    let server = served("shortener");
    let post = async |body: &str| ask(&server, "POST /", &[], body).await;
    let made = post(r#"{"url":"https://example.com/a b?c=d&e=f"}"#).await;
    assert_eq!(made.status, 201, "{made:?}");
    let location = made.header("location").unwrap();
    assert_eq!(location.strip_prefix('/'), made.json()["code"].as_str());

    let followed = ask(&server, &format!("GET {location}"), &[], "").await;
    assert_eq!((followed.status, &*followed.body), (302, ""));
    assert_eq!(followed.header("location"), Some("https://example.com/a%20b?c=d&e=f"));
    check_refused(&ask(&server, "GET /nothing", &[], "").await, 404, "no link \"nothing\"");

    for (body, message) in [
        (r#"{"url":"ftp://example.com"}"#, "it must be of http or https"),
        ("{}", "the url is \"\""),
        (r#"{"url":5}"#, "url is 5: it must be a string, at line 1 column 8"),
        ("", "the request needs a JSON body"),
    ] {
        check_refused(&post(body).await, 400, message);
    }
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows() {
    let listings = [("go/conformance/orders/orders.go", "service.go")];
    orders::check(orders::service("go", &listings).path());
}
