//! The project checks itself: directions, sizes, docs, versions, and what may not be in the source.

use crate::support::project;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that git tracks or would, as paths from the project's folder.
fn files() -> Vec<PathBuf> {
    let git = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(project())
        .output()
        .unwrap();
    assert!(git.status.success());
    let names = String::from_utf8(git.stdout).unwrap();
    names.lines().map(PathBuf::from).filter(|file| project().join(file).is_file()).collect()
}

fn rust_files(under: &[&str]) -> Vec<(PathBuf, String)> {
    let wanted = |file: &PathBuf| {
        file.extension().is_some_and(|end| end == "rs") && under.iter().any(|u| file.starts_with(u))
    };
    let tests = |file: &PathBuf| {
        let folder = file.parent();
        file.ends_with("tests.rs") || folder.is_some_and(|folder| folder.ends_with("config/tests"))
    };
    let files = files().into_iter().filter(|file| wanted(file) && !tests(file));
    files.map(|file| (file.clone(), read(&file))).collect()
}

fn read(file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(project().join(&file)).unwrap()
}

/// A file's code without its tests.
fn body(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

const SOURCES: &[&str] = &["host/src", "host/cache/src", "guest-sdk/src", "example-services"];

/// The modules of the host, each followed by those it may import.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("bindings", &[]),
    ("bounded", &[]),
    ("telemetry", &[]),
    ("toolchain", &["bounded"]),
    ("source", &["toolchain"]),
    ("units", &[]),
    ("hostcalls", &["bindings", "telemetry"]),
    ("engine", &["bindings", "bounded", "hostcalls", "telemetry", "units"]),
    ("plugin", &["engine", "hostcalls", "source", "telemetry"]),
    ("config", &["plugin", "engine", "source", "units"]),
    ("http", &["config", "plugin", "engine", "hostcalls", "telemetry"]),
    (
        "cli",
        &[
            "http",
            "config",
            "plugin",
            "engine",
            "hostcalls",
            "source",
            "telemetry",
            "toolchain",
            "units",
        ],
    ),
];

/// The module that each name at the crate's root comes from.
fn re_exports() -> BTreeMap<String, String> {
    let lib = read("host/src/lib.rs");
    let mut names = BTreeMap::new();
    for statement in lib.split(';').filter_map(|s| s.trim().split("pub use ").nth(1)) {
        let (path, list) = statement.split_once("::").unwrap();
        let list = list.rsplit("::").next().unwrap_or(list);
        for name in list.split(|c: char| !c.is_alphanumeric() && c != '_') {
            names.insert(name.to_owned(), path.to_owned());
        }
    }
    names
}

#[test]
fn no_module_imports_one_above_it() {
    let re_exports = re_exports();
    for (file, text) in rust_files(&["host/src"]) {
        let inside = file.strip_prefix("host/src").unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&&*module) {
            continue;
        }
        let (_, allowed) = DIRECTIONS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no place in DIRECTIONS"));
        for used in used_modules(body(&text), &re_exports) {
            let fine = used == module || used == "hostel_cache" || allowed.contains(&&*used);
            assert!(fine, "{}: `{module}` may not import `{used}`", file.display());
        }
    }
}

/// The modules of the crate that a text names after `crate::`, in lists too.
fn used_modules(text: &str, re_exports: &BTreeMap<String, String>) -> Vec<String> {
    let mut used = Vec::new();
    for after in text.split("crate::").skip(1) {
        let end = if after.starts_with('{') { after.find('}') } else { None };
        let names = match end {
            Some(end) => &after[1..end],
            None => after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap(),
        };
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let first = name.split("::").next().unwrap();
            used.push(re_exports.get(first).cloned().unwrap_or_else(|| first.to_owned()));
        }
    }
    used
}

#[test]
fn only_the_host_knows_wasm_and_only_hostcalls_meet_the_wit() {
    for (file, text) in rust_files(SOURCES) {
        let text = body(&text);
        let check = |word: &str, allowed: &[&str]| {
            let fine = allowed.iter().any(|place| file.starts_with(place));
            assert!(fine || !text.contains(word), "{} names {word}", file.display());
        };
        let hostcalls = ["host/src/hostcalls", "host/src/hostcalls.rs", "host/src/bindings.rs"];
        check(
            "wasmtime",
            &[
                "host/src/hostcalls",
                "host/src/engine",
                "host/src/engine.rs",
                "host/src/bindings.rs",
            ],
        );
        check("bindings::exports", &hostcalls);
        check("bindgen!(", &["host/src/bindings.rs"]);
        check("generate!(", &["guest-sdk/src/wit.rs"]);
        check("tokio", &["host/src"]);
        check("clap", &["host/src/cli", "host/src/cli.rs"]);
        check("anyhow", &["host/src/cli", "host/src/cli.rs", "host/src/main.rs"]);
    }
}

#[test]
fn nothing_in_the_sources_panics_or_is_unfinished() {
    for (file, text) in rust_files(SOURCES) {
        for word in
            [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("]
        {
            for (number, line) in body(&text).lines().enumerate() {
                let code = line.split("//").next().unwrap();
                assert!(!code.contains(word), "{}:{}: {word}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_and_none_is_long() {
    for (file, text) in rust_files(SOURCES) {
        assert!(text.starts_with("//! "), "{} has no module docs", file.display());
        let lines = body(&text).lines().count();
        assert!(lines <= 400, "{} has {lines} lines; 400 is the most", file.display());
    }
}

#[test]
fn every_example_is_short() {
    for (file, text) in rust_files(&["example-services"]) {
        assert!(text.lines().count() < 80, "{} has 80 lines or more", file.display());
    }
}

#[test]
fn no_test_is_ignored_or_sleeps() {
    for (file, text) in rust_files(&["host", "guest-sdk", "example-services"]) {
        let guests = file.starts_with("host/tests/guests") || file.starts_with("host/benches");
        let this = file.ends_with("tidy.rs");
        let clock = file.ends_with("ticker.rs") || file.ends_with("reclaim.rs");
        for word in ["#[ignore", "thread::sleep(", "time::sleep("] {
            let fine = guests || this || clock || !text.contains(word);
            assert!(fine, "{} has {word}", file.display());
        }
    }
}

#[test]
fn there_is_one_version_number() {
    let version = env!("CARGO_PKG_VERSION");
    for file in ["Cargo.toml", "guest-sdk/Cargo.toml", "host/cache/Cargo.toml"] {
        let text = read(file);
        let found: Vec<_> = text.lines().filter(|line| line.starts_with("version = ")).collect();
        assert_eq!(found, [format!("version = \"{version}\"")], "{file}");
    }
    for file in files().iter().filter(|file| file.extension().is_some_and(|end| end == "wit")) {
        let text = read(file);
        let packages = text.matches("hostel:").count();
        assert_eq!(text.matches(&format!("@{version}")).count(), packages, "{}", file.display());
    }
    let package = read("guest-sdk/javascript/package.json");
    assert!(package.contains(&format!("\"version\": \"{version}\"")), "{package}");
    assert!(read("CHANGELOG.md").contains(&format!("## {version}")));
}

#[test]
fn the_page_of_all_languages_shows_the_templates_as_they_are() {
    let page = read("docs/write-a-service.md");
    for template in [
        "guest-sdk/template/src/lib.rs",
        "guest-sdk/python/template/my_service.py",
        "guest-sdk/javascript/template/my-service.js",
        "guest-sdk/javascript/template-typescript/my-service.ts",
        "guest-sdk/go/template/service.go",
        "guest-sdk/c/template/my_service.c",
    ] {
        let text = read(template);
        let service = text.split("\n#[test]").next().unwrap().trim_end();
        assert!(page.contains(service), "docs/write-a-service.md differs from {template}");
    }
}

#[test]
fn the_pages_for_people_keep_to_their_length() {
    for (page, most) in [("README.md", 150), ("ARCHITECTURE.md", 200)] {
        let lines = read(page).lines().count();
        assert!(lines < most, "{page} has {lines} lines; the most is {most}");
    }
}
