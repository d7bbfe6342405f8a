//! `hostel inspect`: the contents of a component, the grants that it would get, and the reason why
//! it does not fit the world.

use crate::support::{component, hostel, stderr, stdout};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// Returns a folder with this component as `users.wasm`, and optionally a configuration.
fn folder(wasm: &[u8], configuration: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users.wasm"), wasm).unwrap();
    if let Some(text) = configuration {
        std::fs::write(folder.path().join("hostel.toml"), text).unwrap();
    }
    folder
}

fn store_and_read() -> Vec<u8> {
    std::fs::read(component("example-services/store-and-read")).unwrap()
}

fn inspect(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = hostel();
    command.arg("inspect").args(arguments).current_dir(folder);
    command.env("XDG_CACHE_HOME", folder.join("cache")).output().unwrap()
}

#[track_caller]
fn report(folder: &Path, arguments: &[&str], code: i32) -> Value {
    let output = inspect(folder, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_component_is_reported_with_all_of_its_parts() {
    let wasm = store_and_read();
    let folder = folder(&wasm, None);
    let found = report(folder.path(), &["users.wasm"], 0);
    let description = "Stores a value and reads it back.";
    let service = json!({ "name": "store-and-read", "description": description });
    for (key, value) in [
        ("path", json!("users.wasm")),
        ("name", json!("users")),
        ("kind", json!("component")),
        ("bytes", json!(wasm.len())),
        ("error", Value::Null),
        ("services", json!([service])),
        ("exports", json!(["hostel:service/handler@0.1.0"])),
        ("had_code", json!(false)),
        ("language", json!("Rust")),
        ("network", json!("none")),
        ("files", json!("none")),
        ("config", Value::Null),
    ] {
        assert_eq!(found[key], value, "{key}");
    }
    let import = |name: &str| {
        let imports = found["imports"].as_array().unwrap().iter();
        let mut found = imports.filter(|import| import["name"].as_str().unwrap().starts_with(name));
        found.next().unwrap()["offered_by"].clone()
    };
    assert_eq!(
        (import("hostel:cache/cache@0.1.1"), import("wasi:")),
        (json!("hostel"), json!("wasi"))
    );
    let names = found["imports"].as_array().unwrap().iter().map(|import| &import["name"]);
    let of_hostel = |name: &&Value| name.as_str().unwrap().starts_with("hostel:");
    let names: Vec<_> = names.filter(of_hostel).collect();
    assert_eq!(names, ["hostel:cache/cache@0.1.1", "hostel:log/log@0.1.0"], "what it uses");
    assert!(found["memories"][0]["initial"].as_u64().unwrap() >= 64 << 10, "{found}");
    assert!(found["core_modules"].as_u64().unwrap() > 0);
    let rust = |by: &Value| by["part"] == "language" && by["name"] == "Rust";
    assert!(found["producers"].as_array().unwrap().iter().any(rust), "{found}");
    let again = report(folder.path(), &["users.wasm"], 0);
    assert_eq!(again["had_code"], true, "the first look compiled it");
}

#[test]
fn the_text_report_has_the_same_in_sections() {
    let folder = folder(&store_and_read(), None);
    let output = inspect(folder.path(), &["users.wasm"]);
    let told = stdout(&output);
    assert!(told.starts_with("users: users.wasm, component from Rust, "), "{told}");
    for line in [
        "services",
        "  users.store-and-read  Stores a value and reads it back.",
        "granted by default",
        "  cache      plugin/users, read-write",
        "  instances  fresh",
        "  network    none",
        "  files      none",
    ] {
        assert!(told.lines().any(|found| found == line), "no {line:?} in {told}");
    }
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn a_configuration_defines_the_grants() {
    let text = "[caches.shared]\n[limits]\ntime = \"3s\"\n[plugins.renamed]\npath = \"users.wasm\"\n\
                cache = \"shared\"\naccess = \"read-only\"\nlimits = { handles = 7 }\n";
    let folder = folder(&store_and_read(), Some(text));
    let found = report(folder.path(), &["users.wasm", "--config", "hostel.toml"], 0);
    assert_eq!((&found["name"], &found["is_named"]), (&json!("renamed"), &json!(true)));
    let grants = &found["grants"];
    assert_eq!((&grants["cache"], &grants["access"]), (&json!("shared"), &json!("read-only")));
    let limits = &found["limits"];
    assert_eq!((&limits["time"], &limits["handles"]), (&json!("3s"), &json!("7")));
    std::fs::copy(folder.path().join("users.wasm"), folder.path().join("other.wasm")).unwrap();
    let other = report(folder.path(), &["other.wasm", "--config", "hostel.toml"], 0);
    assert_eq!((&other["name"], &other["is_named"]), (&json!("other"), &json!(false)));
    assert_eq!(other["limits"]["time"], "3s", "the host's limits are those of all");
    let gone = inspect(folder.path(), &["users.wasm", "--config", "gone.toml"]);
    assert_eq!(gone.status.code(), Some(2));
}

#[test]
fn an_unfit_component_is_reported_as_far_as_it_can_be_read() {
    let other = wat::parse_str(
        r#"(component (import "wasi:http/types@0.2.0" (instance)) (core module (memory 1 2)))"#,
    );
    let core = wat::parse_str(r#"(module (import "env" "f" (func)) (func (export "run")))"#);
    for (wasm, kind, import, words) in [
        (other.unwrap(), json!("component"), json!("wasi:http/types@0.2.0"), "is not offered"),
        (core.unwrap(), json!("core module"), json!("env"), "core module"),
        (b"hello".to_vec(), Value::Null, Value::Null, "not WebAssembly"),
    ] {
        let folder = folder(&wasm, None);
        let found = report(folder.path(), &["users.wasm"], 3);
        assert_eq!((&found["kind"], &found["imports"][0]["name"]), (&kind, &import));
        assert!(found["error"].as_str().unwrap().contains(words), "{found}");
        let output = inspect(folder.path(), &["users.wasm"]);
        assert_eq!(output.status.code(), Some(3));
        assert!(stdout(&output).starts_with("users: users.wasm, "), "{}", stdout(&output));
        assert!(stderr(&output).starts_with("error: cannot load users.wasm: "));
    }
    let folder = folder(b"", None);
    let gone = report(folder.path(), &["gone.wasm"], 3);
    assert!(
        gone["error"].as_str().unwrap().contains("cannot load gone.wasm: the file does not exist"),
        "{gone}"
    );
}

/// Returns a component that imports an interface and is marked as compiled from Zig.
fn marked(import: &str) -> Vec<u8> {
    let text = format!(
        r#"(component (import "{import}" (instance))
            (core module (@producers (language "Rust" "") (processed-by "zig" "0.17")))
            (@custom "hostel-source-language" "\03Zig"))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn the_language_is_that_of_the_source_and_not_of_its_tools() {
    let folder = folder(&marked("hostel:log/log@0.1.0"), None);
    assert_eq!(report(folder.path(), &["users.wasm"], 3)["language"], "Zig");
    let told = stdout(&inspect(folder.path(), &["users.wasm"]));
    assert!(told.starts_with("users: users.wasm, component from Zig, "), "{told}");
    let made: Vec<_> = told.lines().skip_while(|line| *line != "made by").skip(1).take(2).collect();
    assert_eq!(made, ["  language      Zig", "  processed-by  zig 0.17"], "{told}");
}

#[test]
fn the_network_is_open_only_if_it_is_granted_and_used() {
    let granted = "[plugins.users]\nhttp = { allow = [\"https://a.example\"] }\n";
    let http = "hostel:http/client@0.1.0";
    for (import, configuration, network, shown) in [
        (http, granted, "http", "  network    only the servers of http"),
        (
            "hostel:log/log@0.1.0",
            granted,
            "none",
            "  network    none: it does not import hostel:http",
        ),
        (http, "[plugins.users]\n", "none", "  network    none"),
    ] {
        let folder = folder(&marked(import), Some(configuration));
        let arguments = ["users.wasm", "--config", "hostel.toml"];
        let found = report(folder.path(), &arguments, 3);
        assert_eq!((&found["network"], &found["files"]), (&json!(network), &json!("none")));
        let told = stdout(&inspect(folder.path(), &arguments));
        assert!(told.lines().any(|line| line == shown), "no {shown:?} in {told}");
    }
}

#[test]
fn names_in_a_component_cannot_write_to_the_terminal() {
    let wasm = wat::parse_str(r#"(module (func (export "a\1b[2Jb\0ac")))"#).unwrap();
    let folder = folder(&wasm, None);
    let told = stdout(&inspect(folder.path(), &["users.wasm"]));
    assert!(told.lines().any(|line| line == r"  a\u{1b}[2Jb\nc"), "{told}");
    assert!(!told.contains('\u{1b}'));
}
