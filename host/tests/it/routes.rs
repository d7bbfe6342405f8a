//! The report of `hostel check` on routes: the service or the files of each route, and the origins
//! whose pages may read the responses.

use crate::support::{component, hostel, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::process::Output;

const CONFIG: &str = r#"
folder = "."
[server.cors]
origins = "*"
[[routes]]
path = "/users/{id}"
methods = ["GET", "PUT"]
service = "shop"
callers = "staff"
[routes.cors]
origins = ["https://app.example.com", "https://a.example"]
[[routes]]
path = "/orders"
service = "shop.store-and-read"
[[routes]]
path = "/own"
service = "shop"
cors = false
[[routes]]
path = "/"
files = "public"
callers = "staff"
[callers.staff]
scheme = "bearer"
env = "STAFF"
"#;

fn check(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("public")).unwrap();
    let shop = component("example-services/store-and-read");
    fs::copy(shop, folder.path().join("shop.wasm")).unwrap();
    fs::write(folder.path().join("hostel.toml"), CONFIG).unwrap();
    let mut check = hostel();
    check.arg("check").args(arguments).env("STAFF", "ann:0123456789abcdefghij");
    check.current_dir(folder.path()).output().unwrap()
}

#[test]
fn each_route_has_a_line() {
    let output = check(&[]);
    let out = stdout(&output);
    let lines = [
        "any method /orders: shop.store-and-read; CORS for *",
        "any method /own: shop",
        "GET, PUT /users/{id}: shop; callers staff; CORS for https://app.example.com, \
         https://a.example",
        "GET, HEAD /: files of public; callers staff; CORS for *",
        "1 plugin, 1 service, 4 routes: no errors",
    ];
    let printed: Vec<_> = out.lines().collect();
    assert_eq!(printed.iter().rev().take(5).rev().copied().collect::<Vec<_>>(), lines, "{out}");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_origins_of_each_route_are_in_the_report() {
    let report: Value = serde_json::from_slice(&check(&["--json"]).stdout).unwrap();
    let routes = report["routes"].as_array().unwrap().iter();
    let cors: Vec<_> = routes.map(|route| (&route["path"], &route["cors"])).collect();
    let (any, two) = (json!(["*"]), json!(["https://app.example.com", "https://a.example"]));
    let none = json!(null);
    let expected = [("/orders", &any), ("/own", &none), ("/users/{id}", &two), ("/", &any)];
    assert_eq!(cors.len(), expected.len());
    for ((path, origins), (expected_path, expected)) in cors.into_iter().zip(expected) {
        assert_eq!((path, origins), (&json!(expected_path), expected));
    }
}
