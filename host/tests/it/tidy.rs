//! Checks of the project itself: module directions, file sizes, docs, versions, and forbidden
//! patterns in the source.

mod imports;

use crate::support::project;
use imports::{Modules, circles};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

mod limits;
mod locks;
mod pages;
mod sdks;
mod words;

/// Returns the files that git tracks or would track, as paths relative to the project's folder.
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

/// The file of the generated bindings. A test compares the file with the generator's output, and
/// can rewrite it.
const GENERATED: &str = "guest-sdk/src/bindings.rs";

fn rust_files(under: &[&str]) -> Vec<(PathBuf, String)> {
    let wanted = |file: &PathBuf| {
        file.extension().is_some_and(|end| end == "rs") && under.iter().any(|u| file.starts_with(u))
    };
    let tests = |file: &PathBuf| {
        let folder = file.parent();
        file.ends_with("tests.rs") || folder.is_some_and(|folder| folder.ends_with("tests"))
    };
    let is_ours = |file: &PathBuf| wanted(file) && !tests(file) && !file.ends_with(GENERATED);
    let files = files().into_iter().filter(is_ours);
    files.map(|file| (file.clone(), read(&file))).collect()
}

fn read(file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(project().join(&file)).unwrap()
}

/// Returns the code of a file without its inline tests, which are at its end.
fn body(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

const SOURCES: &[&str] = &["host/src", "host/cache/src", "guest-sdk/src", "example-services"];

/// The modules of the host, each followed by the modules that it may import. ARCHITECTURE.md has
/// the same table.
const DIRECTIONS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "http",
            "config",
            "plugin",
            "engine",
            "world",
            "backend",
            "source",
            "toolchain",
            "grants",
            "name",
            "service",
            "telemetry",
            "units",
            "file",
            "process",
            "wall",
        ],
    ),
    (
        "http",
        &[
            "config",
            "plugin",
            "engine",
            "backend",
            "grants",
            "name",
            "service",
            "telemetry",
            "file",
            "blocking",
            "memory",
        ],
    ),
    (
        "config",
        &["plugin", "engine", "backend", "source", "grants", "name", "service", "units", "file"],
    ),
    (
        "plugin",
        &[
            "engine",
            "world",
            "hostcalls",
            "backend",
            "outbound",
            "source",
            "grants",
            "name",
            "service",
            "telemetry",
            "blocking",
            "memory",
            "process",
        ],
    ),
    (
        "engine",
        &[
            "world",
            "hostcalls",
            "backend",
            "bounded",
            "memory",
            "service",
            "telemetry",
            "units",
            "process",
        ],
    ),
    ("world", &["hostcalls", "bindings", "service", "telemetry"]),
    ("hostcalls", &["backend", "bindings", "grants", "memory", "outbound", "telemetry"]),
    ("outbound", &["blocking", "grants", "memory", "telemetry", "trust", "units"]),
    ("source", &["toolchain", "name", "file"]),
    ("toolchain", &["bounded"]),
    ("grants", &["name"]),
    ("service", &["telemetry"]),
    ("telemetry", &["blocking", "trust"]),
    ("backend", &["telemetry", "trust"]),
    ("bindings", &[]),
    ("blocking", &[]),
    ("bounded", &[]),
    ("file", &[]),
    ("memory", &[]),
    ("name", &[]),
    ("process", &[]),
    ("trust", &[]),
    ("units", &[]),
    ("wall", &[]),
];

/// Returns the modules of a crate whose sources are in this folder.
fn modules(root: &str) -> Modules {
    let files: Vec<_> = rust_files(&[root])
        .into_iter()
        .map(|(file, text)| (file, body(&text).to_owned()))
        .collect();
    Modules::read(Path::new(root), &files)
}

/// Returns the module of the host that a file belongs to.
fn top(file: &Path) -> String {
    let inside = file.strip_prefix("host/src").unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn no_module_imports_one_above_it() {
    let modules = modules("host/src");
    for (file, _) in rust_files(&["host/src"]) {
        let module = top(&file);
        if ["lib", "main"].contains(&&*module) {
            continue;
        }
        let (_, allowed) = DIRECTIONS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no place in DIRECTIONS"));
        for used in modules.modules_named_by(&file) {
            let fine = used == module || allowed.contains(&&*used);
            assert!(fine, "{}: `{module}` may not import `{used}`", file.display());
        }
    }
}

#[test]
fn architecture_md_has_the_same_directions() {
    let page = read("ARCHITECTURE.md");
    let section = page.split("## Directions").nth(1).unwrap().split("\n## ").next().unwrap();
    // A row contains modules in backticks, and then the modules that each of them may import.
    let cells = |line: &'static str| -> Vec<&str> { line.split('`').skip(1).step_by(2).collect() };
    let section: &'static str = section.to_owned().leak();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let rows: Vec<(&str, Vec<&str>)> = rows
        .flat_map(|(modules, may)| cells(modules).into_iter().map(move |it| (it, cells(may))))
        .collect();
    let table: Vec<(&str, Vec<&str>)> =
        DIRECTIONS.iter().map(|(module, may)| (*module, may.to_vec())).collect();
    assert_eq!(rows, table, "ARCHITECTURE.md and DIRECTIONS differ");
}

#[test]
fn no_two_files_import_each_other() {
    for root in ["host/src", "host/cache/src", "guest-sdk/src"] {
        let modules = modules(root);
        let circles = circles(&modules.arrows()).into_iter().map(|circle| format!("{circle:?}"));
        let circles: Vec<_> = circles.collect();
        assert!(circles.is_empty(), "files that import each other:\n{}", circles.join("\n"));
    }
}

/// Names of types that mean the same in several modules and therefore share the name, each with its
/// meaning.
const SHARED_TYPE_NAMES: &[(&str, &str)] = &[
    ("Arguments", "the arguments of a command, one type a command"),
    ("GetResult", "the result of `get`, by wasmtime's internals or by its public API"),
    ("Sender", "what the SDK sends requests by: the host, or the fake in a test"),
    ("Settings", "where the SDK reads settings: the host, or the fake in a test"),
    ("Store", "what the SDK's cache calls: the host, or the fake in a test"),
];

#[test]
fn a_type_name_means_one_thing() {
    for root in ["host/src", "host/cache/src", "guest-sdk/src"] {
        let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (file, text) in rust_files(&[root]) {
            for name in body(&text).lines().filter_map(type_name) {
                places.entry(name).or_default().push(file.clone());
            }
        }
        for (name, files) in places {
            let shared = SHARED_TYPE_NAMES.iter().any(|(shared, _)| *shared == name);
            assert!(files.len() == 1 || shared, "`{name}` is several types: {files:?}");
        }
    }
}

/// Returns the type that a line declares at the top level of a file.
fn type_name(line: &str) -> Option<String> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.strip_prefix(' ')?,
        None => line,
    };
    let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned())
}

#[test]
fn only_the_host_knows_wasm_and_only_worlds_meet_the_export() {
    for (file, text) in rust_files(SOURCES) {
        let text = body(&text);
        let check = |word: &str, allowed: &[&str]| {
            let fine = allowed.iter().any(|place| file.starts_with(place));
            assert!(fine || !text.contains(word), "{} names {word}", file.display());
        };
        let worlds =
            ["host/src/world/hostel.rs", "host/src/bindings.rs", "guest-sdk/src/export/wasm.rs"];
        check(
            "wasmtime",
            &[
                "host/src/hostcalls",
                "host/src/hostcalls.rs",
                "host/src/world",
                "host/src/world.rs",
                "host/src/engine",
                "host/src/engine.rs",
                "host/src/bindings.rs",
            ],
        );
        check("bindings::exports", &worlds);
        check("bindgen!(", &["host/src/bindings.rs"]);
        check("tokio", &["host/src"]);
        check("clap", &["host/src/cli", "host/src/cli.rs"]);
        check("anyhow", &["host/src/cli", "host/src/cli.rs", "host/src/main.rs"]);
    }
}

#[test]
fn the_sources_never_panic_and_are_finished() {
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

/// Only two files may compile components: one for hosts that choose to compile in their own
/// process, and one that runs in a separate process.
#[test]
fn nothing_compiles_in_the_serving_process() {
    const COMPILES: [&str; 6] = [
        "Component::from_",
        "Module::from_",
        "precompile_component",
        "precompile_module",
        " Component::new(",
        " Module::new(",
    ];
    let may = ["job", "child"].map(|file| format!("host/src/engine/compiler/{file}.rs"));
    let mut found = BTreeSet::new();
    for (file, text) in rust_files(&["host/src"]) {
        for (number, line) in body(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let place = format!("{}:{}: {code}", file.display(), number + 1);
            if COMPILES.iter().any(|word| code.contains(word)) {
                assert!(may.iter().any(|may| file == Path::new(may)), "{place}");
                found.insert(file.clone());
            }
            // The program itself may choose to compile in its own process only on platforms without
            // helper processes.
            let by_program =
                file.starts_with("host/src/cli") && code.contains("Compiler::InProcess");
            let elsewhere =
                body(&text).lines().take(number).any(|line| line.contains("not(target_os"));
            assert!(!by_program || elsewhere, "{place}");
        }
    }
    assert_eq!(found.len(), may.len(), "{found:?}");
}

#[test]
fn every_module_has_docs_and_is_short() {
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
    let package = read("guest-sdk/javascript/package.json");
    assert!(package.contains(&format!("\"version\": \"{version}\"")), "{package}");
    assert!(read("CHANGELOG.md").contains(&format!("## {version}")));
}

#[test]
fn each_wit_package_has_one_version() {
    let mut versions: BTreeMap<String, (String, PathBuf)> = BTreeMap::new();
    for file in files() {
        let wit = file.extension().is_some_and(|end| end == "wit");
        let host = file.starts_with("host/src") && file.extension().is_some_and(|end| end == "rs");
        if !wit && !host {
            continue;
        }
        let text = read(&file);
        for (package, version) in body(&text).match_indices("hostel:").filter_map(|(at, _)| {
            let text = &body(&text)[at..];
            let end = text.find(|c: char| !c.is_alphanumeric() && !"/-@.:".contains(c))?;
            let (package, version) = text[..end].split_once('@')?;
            Some((
                package.split('/').next()?.to_owned(),
                version.trim_end_matches(['.', ':']).to_owned(),
            ))
        }) {
            let first = versions.entry(package.clone()).or_insert((version.clone(), file.clone()));
            let (found, place) = (&first.0, first.1.display());
            assert_eq!(version, *found, "{package} in {} and in {place}", file.display());
        }
    }
    for package in ["hostel:cache", "hostel:config", "hostel:http", "hostel:log", "hostel:service"]
    {
        assert!(versions.contains_key(package), "{package} has no version");
    }
}

#[test]
fn the_pages_keep_to_their_length() {
    for (page, most) in [("README.md", 150), ("ARCHITECTURE.md", 200)] {
        let lines = read(page).lines().count();
        assert!(lines < most, "{page} has {lines} lines; the most is {most}");
    }
}
