//! The report of `hostel check` on direct calls: which callers a direct call requires if routes to
//! the service require groups of callers.

use crate::support::{component, hostel, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

/// Runs `hostel check` on a configuration with these lines and two groups of callers, in a folder
/// with a plugin `shop` of one service.
fn check(lines: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let shop = component("example-services/store-and-read");
    fs::copy(shop, folder.path().join("shop.wasm")).unwrap();
    for (group, digit) in [("staff", "a"), ("robots", "b")] {
        let file = folder.path().join(group);
        fs::write(&file, format!("ann:sha256:{}\n", digit.repeat(64))).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let groups = "[callers.staff]\nscheme = \"bearer\"\nfile = \"staff\"\n\
                  [callers.robots]\nscheme = \"bearer\"\nfile = \"robots\"\n";
    fs::write(folder.path().join("hostel.toml"), format!("{lines}\n{groups}")).unwrap();
    hostel().arg("check").args(arguments).current_dir(folder.path()).output().unwrap()
}

fn route(path: &str, service: &str, callers: &str) -> String {
    format!("[[routes]]\npath = \"{path}\"\nservice = \"{service}\"\ncallers = \"{callers}\"\n")
}

/// Checks the reported lines about direct calls, and that there is no error.
#[track_caller]
fn check_reports(lines: &str, expected: &[&str]) {
    let output = check(lines, &[]);
    let out = stdout(&output);
    let out: Vec<_> = out.lines().collect();
    let (last, told) = out.split_last().unwrap();
    let told: Vec<_> =
        told[1..].iter().filter(|line| !line.starts_with("any method ")).copied().collect();
    assert_eq!((&*told, output.status.code()), (expected, Some(0)), "{}", stderr(&output));
    assert!(last.ends_with(": no errors"), "{last}");
}

const OPEN: &str = "folder = \".\"\n";
const STAFF: &str = "[plugins.shop]\ncallers = \"staff\"\n";

#[test]
fn a_direct_call_that_requires_the_callers_of_a_route_is_reported() {
    let told = "shop.store-and-read: POST /services/shop.store-and-read is for callers staff, like \
                its routes";
    for service in ["shop", "shop.store-and-read"] {
        let routes = route("/a", service, "staff") + &route("/b", "shop", "open");
        check_reports(&format!("{OPEN}{routes}"), &[told]);
    }
}

#[test]
fn a_service_without_direct_calls_is_reported_with_its_groups() {
    let told = "shop.store-and-read: POST /services/shop.store-and-read is closed, since its \
                plugin and routes require different groups of callers: robots, staff";
    let (staff, robots) = (route("/a", "shop", "staff"), route("/b", "shop", "robots"));
    check_reports(&format!("{STAFF}{robots}"), &[told]);
    check_reports(&format!("{OPEN}{staff}{robots}"), &[told]);
    let output = check(&format!("{STAFF}{robots}"), &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let service = "shop.store-and-read";
    let call = json!({"service": service, "callers": null, "required": ["robots", "staff"]});
    assert_eq!(report["direct_calls"], json!([call]));
}

#[test]
fn usual_and_disabled_direct_calls_are_not_reported() {
    check_reports(OPEN, &[]);
    check_reports(&format!("{STAFF}{}", route("/a", "shop", "staff")), &[]);
    check_reports(&format!("{STAFF}{}", route("/a", "shop", "open")), &[]);
    let off = format!("{OPEN}[server]\nservices = false\n{}", route("/a", "shop", "staff"));
    check_reports(&off, &[]);
}
