//! Folders of plugins: every command finds the same plugins under the same names, whether it is
//! given the folder or runs inside it.

use crate::http::program::{ANYWHERE, Serving};
use crate::support::{component, hostel, program, project, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Creates a folder of this name with these files, in a temporary folder. Returns both folders.
pub fn folder_with(name: &str, files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join(name);
    fs::create_dir(&folder).unwrap();
    for (file, content) in files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    (outside, folder)
}

fn hostel_in(current: &Path, arguments: &[&str]) -> Command {
    let mut command = hostel();
    command.current_dir(current).args(arguments).env_remove("VIRTUAL_ENV");
    command
}

fn output(current: &Path, arguments: &[&str]) -> Output {
    hostel_in(current, arguments).output().unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line).unwrap();
    stdout(output).lines().map(line).collect()
}

/// Returns the names of the plugins in these full service names.
fn plugins_of<'a>(services: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let plugin = |service: &str| service.split_once('.').unwrap().0.to_owned();
    services.into_iter().map(plugin).collect()
}

fn run(current: &Path, path: &str) -> BTreeSet<String> {
    let output = output(current, &["run", path, "--json"]);
    assert_ne!(output.status.code(), Some(3), "{}", stderr(&output));
    plugins_of(json_lines(&output).iter().map(|call| call["service"].as_str().unwrap()))
}

fn build(current: &Path, path: &str) -> BTreeSet<String> {
    let output = output(current, &["build", path, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let stem = |built: &Value| {
        let component = built["component"].as_str().unwrap_or_else(|| panic!("{built}"));
        Path::new(component).file_stem().unwrap().to_string_lossy().replace('_', "-")
    };
    json_lines(&output).iter().map(stem).collect()
}

/// Returns the name of the plugin that `inspect` reports, or `None` if the folder holds several
/// plugins.
fn inspect(current: &Path, path: &str) -> Option<String> {
    let output = output(current, &["inspect", path, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    if report["error"].is_null() {
        return Some(report["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert!(report["error"].as_str().unwrap().contains("holds several plugins"), "{report}");
    None
}

fn check_command(current: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let output = output(current, &[&["check", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{} {}", stdout(&output), stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let plugins = report["plugins"].as_array().unwrap().iter();
    plugins.map(|plugin| plugin["name"].as_str().unwrap().to_owned()).collect()
}

/// Starts a server, and returns the plugins that its log line about the end of loading names.
fn serve(current: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let (_serving, first) = Serving::begin(hostel_in(current, &[&["serve"], arguments].concat()));
    let names = first.rsplit_once('(').unwrap().1.trim_end_matches(')');
    plugins_of(names.split(", "))
}

/// Checks that commands find these plugins in a folder, from outside and from inside.
#[track_caller]
pub fn check(folder: &Path, plugins: &[&str]) {
    let expected: BTreeSet<String> = plugins.iter().map(|name| (*name).to_owned()).collect();
    let outside = folder.parent().unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    for (current, path) in [(outside, name), (folder, ".")] {
        assert_eq!(run(current, path), expected, "run {path}");
        assert_eq!(build(current, path), expected, "build {path}");
        let only = expected.first().filter(|_| expected.len() == 1);
        assert_eq!(inspect(current, path).as_ref(), only, "inspect {path}");
    }
    check_served(folder, plugins);
}

/// Checks that these plugins are served from a folder, and that `check` reports them.
#[track_caller]
pub fn check_served(folder: &Path, plugins: &[&str]) {
    let expected: BTreeSet<String> = plugins.iter().map(|name| (*name).to_owned()).collect();
    let outside = folder.parent().unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    for (current, path) in [(outside, name), (folder, ".")] {
        assert_eq!(serve(current, &[path]), expected, "serve {path}");
        assert_eq!(serve(current, &[path, "--watch"]), expected, "serve {path} --watch");
    }
    assert_eq!(serve(folder, &[]), expected, "serve");
    assert_eq!(check_command(folder, &[]), expected, "check");
}

/// Checks that `hostel serve --watch` builds a source again when a file changes. The file's path is
/// relative to the source's folder.
pub fn check_watched(folder: &Path, file: &str, content: &str) {
    let outside = folder.parent().unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let (serving, first) = Serving::begin(hostel_in(outside, &["serve", name, "--watch"]));
    let until = |words: &[&str]| loop {
        let (_, line) = serving.any_line().unwrap();
        if words.iter().any(|words| line.contains(words)) {
            break;
        }
    };
    let is_loaded = first.contains(&format!("({}.", name.replace('_', "-")));
    if !is_loaded {
        until(&[", loaded in "]);
    }
    fs::write(folder.join(file), content).unwrap();
    // Not every language logs the start of a repeated build, so the line about the new version
    // counts too.
    until(&["building ", "; was "]);
}

/// Checks that a source is served if a configuration beside its folder names it by a path.
pub fn check_named(folder: &Path, path: &str) {
    let beside = folder.parent().unwrap().join("configuration");
    fs::create_dir_all(&beside).unwrap();
    let configuration = format!("[plugins.named]\npath = {path:?}\n");
    fs::write(beside.join("hostel.toml"), configuration).unwrap();
    assert_eq!(serve(&beside, &[]), BTreeSet::from(["named".to_owned()]), "{path}");
}

/// Checks that the response of a service contains the current contents of the files that its build
/// reads. Each edit is a file, its new content, and a word that the response must then contain. A
/// file that no build reads must not cause a build.
pub fn check_fresh(folder: &Path, edits: &[(&str, &str, &str)]) {
    let outside = folder.parent().unwrap();
    let run = || {
        let output = output(outside, &["run", folder.file_name().unwrap().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    run();
    let (first, ..) = edits[0];
    let before = fs::read_to_string(folder.join(first)).unwrap();
    for (file, content, word) in edits {
        fs::write(folder.join(file), content).unwrap();
        let (answers, _) = run();
        assert!(answers.contains(word), "{file}: {answers}");
    }
    let tests = ["test_it.py", "it.test.js", "test_it.c"].map(|file| (file, ""));
    let go_test = ("it_test.go", "package main\n");
    let others = [go_test, ("hostel.toml", "folder = \".\"\n"), ("README.md", "")];
    for (file, content) in others.into_iter().chain(tests) {
        fs::write(folder.join(file), content).unwrap();
    }
    let (_, said) = run();
    assert_eq!(said, "", "it was built again");
    check_watched(folder, first, &before);
}

/// Checks a new project from `hostel new` in a language.
pub fn check_new(language: &str) {
    let outside = tempfile::tempdir().unwrap();
    let made = output(outside.path(), &["new", "my-shop", "--lang", language]);
    assert!(made.status.success(), "{}", stderr(&made));
    check(&outside.path().join("my-shop"), &["my-shop"]);
    let built = stdout(&output(outside.path(), &["build", "my-shop"]));
    let report = output(outside.path(), &["inspect", built.trim(), "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["language"].as_str().unwrap_or_default().to_lowercase(), language);
}

fn wasm() -> Vec<u8> {
    fs::read(component("example-services/store-and-read")).unwrap()
}

#[test]
fn a_package_is_one_service_called_like_its_folder() {
    check(&project().join("example-services/store-and-read"), &["store-and-read"]);
}

#[test]
fn a_package_is_named_after_its_folder_not_its_manifest() {
    let manifest = format!(
        "[package]\nname = \"other\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\nhostel-sdk = {{ path = {:?} }}\n[workspace]\n",
        project().join("guest-sdk")
    );
    let service = fs::read(project().join("example-services/store-and-read/src/lib.rs")).unwrap();
    let files = [("Cargo.toml", manifest.as_bytes()), ("src/lib.rs", &service)];
    let (_outside, folder) = folder_with("my-shop", &files);
    check(&folder, &["my-shop"]);
}

#[test]
fn components_are_plugins_but_for_hidden_and_ignored_ones() {
    let wasm = wasm();
    let files = ["users.wasm", "load_test.wasm", ".hidden.wasm", ".venv/a.wasm", "target/b.wasm"];
    let (_outside, folder) = folder_with("plugins", &files.map(|file| (file, &*wasm)));
    check(&folder, &["load-test", "users"]);
    let (_outside, folder) = folder_with("plugins", &[("users.wasm", &wasm)]);
    check(&folder, &["users"]);
}

#[test]
fn a_folder_without_a_plugin_is_refused_by_every_command_with_the_same_code() {
    let rows: [&[(&str, &[u8])]; 3] = [
        &[],
        &[(".hidden/users.wasm", b""), ("venv/a.py", b""), ("README.md", b"")],
        &[("hostel.toml", b"folder = \".\"")],
    ];
    for files in rows {
        let (outside, folder) = folder_with("empty", files);
        for (current, path) in [(outside.path(), "empty"), (&*folder, ".")] {
            for command in ["run", "build", "inspect"] {
                let refused = output(current, &[command, path]);
                assert_eq!(refused.status.code(), Some(3), "{command} {path}");
                assert!(stderr(&refused).contains("hostel new"), "{}", stderr(&refused));
            }
        }
        let check = output(&folder, &["check"]);
        let (code, said) = (check.status.code(), stderr(&check));
        assert_eq!(
            (code, said.contains("there is nothing to serve in ")),
            (Some(3), true),
            "{said}"
        );
        assert!(stdout(&check).contains("1 error"), "{}", stdout(&check));
        let served = output(&folder, &[&["serve"], &ANYWHERE[..]].concat());
        assert_eq!((served.status.code(), stderr(&served)), (code, said));
        let served = output(outside.path(), &[&["serve", "empty"], &ANYWHERE[..]].concat());
        assert_eq!(served.status.code(), code, "{}", stderr(&served));
    }
}

#[test]
fn a_folder_is_served_by_its_configuration_from_outside_too() {
    let wasm = wasm();
    let configuration = "[plugins.renamed]\npath = \"users.wasm\"\n";
    let files = [("hostel.toml", configuration.as_bytes()), ("users.wasm", &wasm)];
    let (outside, folder) = folder_with("shop", &files);
    let expected = BTreeSet::from(["renamed".to_owned()]);
    check_served(&folder, &["renamed"]);
    assert_eq!(check_command(outside.path(), &["--config", "shop/hostel.toml"]), expected);
}

#[test]
fn a_build_that_a_signal_ends_leaves_no_process() {
    let (outside, folder) = folder_with("shop", &[("Cargo.toml", b"[package]\n")]);
    // The script that replaces cargo and the script's children hold the pipe open. A read reaches
    // the end of the pipe only when all of them are gone.
    let pipe = outside.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    program(outside.path(), "rustc", "echo /");
    let begins =
        format!("exec 3>'{}'; echo begun >&3; (sleep 600; true) & sleep 600", pipe.display());
    program(outside.path(), "cargo", &begins);
    let path = format!("{}:{}", outside.path().display(), std::env::var("PATH").unwrap());
    let mut command = hostel_in(outside.path(), &["build"]);
    let building = command.arg(&folder).env("PATH", path).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = fs::File::open(pipe).unwrap();
    let mut begun = [0; 6];
    words.read_exact(&mut begun).unwrap();
    let process = rustix::process::Pid::from_child(&building);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    let ended = building.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), stderr(&ended).contains("error")), (Some(128 + 15), false));
    assert_eq!(words.read(&mut begun).unwrap(), 0);
}
