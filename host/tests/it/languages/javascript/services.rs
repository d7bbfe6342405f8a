//! A service in TypeScript as a plugin author would write it, and the page about HTTP.

use crate::languages::orders;
use crate::languages::services::{PASSWORD, ask, check_refused, served};
use crate::support::{hostel, stderr, stdout};
use serde_json::json;
use std::process::Command;

const FORM: &str = "content-type: application/x-www-form-urlencoded";

#[tokio::test]
async fn a_session_begins_with_a_form_and_ends_with_the_logout() {
    let server = served("sessions");
    let me = async |headers: &[&str]| ask(&server, "GET /me", headers, "").await;
    let login = async |body: &str| ask(&server, "POST /login", &[FORM], body).await;

    let unknown = [me(&[]).await, me(&["cookie: session=x"]).await, {
        login("user=ada&password=wrong").await
    }];
    for reply in unknown {
        assert_eq!(reply.problem(), (401, "unauthorized".to_owned()));
        assert_eq!(reply.header("www-authenticate"), Some("Session realm=\"me\""));
    }
    check_refused(&login("user=ada").await, 400, "the form needs a user and a password");
    let json = ask(&server, "POST /login", &["content-type: application/json"], "{}").await;
    check_refused(&json, 400, "it must be a form");

    let begun = login(&format!("user=ada&password={PASSWORD}")).await;
    assert_eq!((begun.status, begun.header("location")), (303, Some("/me")), "{begun:?}");
    let cookie = begun.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=1800; Path=/; Secure; HttpOnly; SameSite=Lax");
    let cookie = format!("cookie: theme=dark; {pair}");
    let session = me(&[&cookie]).await;
    assert_eq!((session.status, &session.json()["user"]), (200, &json!("ada")));

    let ended = ask(&server, "POST /logout", &[&cookie], "").await;
    assert_eq!(ended.status, 204);
    assert!(ended.header("set-cookie").unwrap().starts_with("session=; Max-Age=0; "), "{ended:?}");
    assert_eq!(me(&[&cookie]).await.status, 401);
}

/// Runs the tests from the page about HTTP, and then the commands of the page, on a new service in
/// this language.
#[track_caller]
fn check_page(language: &str, end: &str) {
    let files = [format!("orders.{end}"), format!("orders.test.{end}")];
    let listings = files.each_ref().map(|file| format!("javascript/tests/orders/{file}"));
    let folder =
        orders::service(language, &[(&*listings[0], &*files[0]), (&*listings[1], &*files[1])]);
    let service = folder.path().join("orders");
    let built = hostel().arg("build").arg(&service).output().unwrap();
    assert!(built.status.success(), "{}", stderr(&built));
    let tested = Command::new("npm").arg("test").current_dir(&service).output().unwrap();
    assert!(stdout(&tested).contains("pass 2"), "{}{}", stdout(&tested), stderr(&tested));
    orders::check(folder.path());
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows_in_javascript() {
    check_page("javascript", "js");
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows_in_typescript() {
    check_page("typescript", "ts");
}
