//! From an empty folder to a running service, outside Hostel's repository: the `hostel` program
//! contains the SDK.

use crate::support::{hostel, stderr, stdout};
use std::path::Path;
use std::process::{Command, Output};

/// Runs `hostel` in a folder, with its data in a subfolder.
fn hostel_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = hostel();
    command.current_dir(folder).args(arguments).env("XDG_DATA_HOME", folder.join("data"));
    command.output().unwrap()
}

#[test]
fn a_new_service_runs_and_passes_its_own_test() {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path(), &["new", "my-shop"]);
    assert_eq!((made.status.code(), &*stdout(&made)), (Some(0), ""), "{}", stderr(&made));
    assert!(stderr(&made).contains("`hostel run my-shop`"), "{}", stderr(&made));

    let run =
        hostel_in(folder.path(), &["run", "my-shop", "--stats", "--payload", r#"{"name":"Ada"}"#]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    for stats in ["cache plugin/my-shop: sets 0,", " entries 1,"] {
        assert!(stderr(&run).contains(stats), "{}", stderr(&run));
    }

    let service = folder.path().join("my-shop");
    let tested = Command::new("cargo").arg("test").current_dir(&service).output().unwrap();
    assert!(tested.status.success(), "{}", stderr(&tested));
    assert!(stdout(&tested).contains("1 passed"), "{}", stdout(&tested));

    let mut files: Vec<_> = std::fs::read_dir(&service).unwrap().collect::<Result<_, _>>().unwrap();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    let made = [".gitignore", ".hostel", "Cargo.lock", "Cargo.toml", "README.md", "src", "target"];
    assert_eq!(names, made);

    // A clone on another machine lacks the link; the next build restores it.
    std::fs::remove_file(service.join(".hostel")).unwrap();
    let built = hostel_in(folder.path(), &["build", "my-shop"]);
    assert!(built.status.success(), "{}", stderr(&built));
    assert!(stdout(&built).trim().ends_with("my_shop.wasm"));
}

#[test]
fn services_in_rust_compile_what_they_depend_on_once_for_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    for (name, compiles) in [("first", true), ("second", false)] {
        assert!(hostel_in(folder.path(), &["new", name]).status.success());
        let mut build = hostel();
        build.current_dir(folder.path()).args(["build", name]);
        build.env("XDG_DATA_HOME", folder.path().join("data"));
        let built = build.env("XDG_CACHE_HOME", folder.path().join("cache")).output().unwrap();
        let told = stderr(&built);
        assert!(built.status.success(), "{told}");
        assert!(told.contains(&format!("Compiling {name} ")), "{told}");
        assert_eq!(told.contains("Compiling serde_json "), compiles, "{told}");
        assert!(Path::new(stdout(&built).trim()).starts_with(folder.path().join(name)));
    }
}

#[test]
fn an_invalid_or_taken_name_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    for (name, words) in [("My Shop", "lower-case"), ("taken", "taken already exists")] {
        let output = hostel_in(folder.path(), &["new", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn a_name_that_the_next_command_would_refuse_is_refused_with_one_that_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    for (language, name, words) in [
        (
            "c",
            "my-test",
            "its file, my_test.c, would be treated as a test; use `my-test-service`, for example",
        ),
        ("go", "fmt", "Go has a package of that name; use `fmt-service`, for example"),
        (
            "rust",
            "hostel-sdk",
            "the SDK has a package of that name; use `hostel-sdk-service`, for example",
        ),
    ] {
        let output = hostel_in(folder.path(), &["new", name, "--lang", language]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert!(!folder.path().join(name).exists());
    }
}

#[test]
fn a_service_is_made_in_the_current_folder_and_in_one_whose_parent_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let deep = hostel_in(folder.path(), &["new", "a b/c/my-shop", "--lang", "js"]);
    assert!(stderr(&deep).contains("`hostel run 'a b/c/my-shop'`"), "{}", stderr(&deep));
    assert!(folder.path().join("a b/c/my-shop/my-shop.js").is_file());
    let here = folder.path().join("their-shop");
    std::fs::create_dir_all(here.join(".git")).unwrap();
    assert!(hostel_in(&here, &["new", ".", "--lang", "js"]).status.success());
    assert!(here.join("their-shop.js").is_file());
    let again = hostel_in(&here, &["new", ".", "--lang", "js"]);
    assert!(stderr(&again).contains("already exists"), "{}", stderr(&again));
}

#[test]
fn a_service_within_a_workspace_is_left_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("Cargo.toml");
    std::fs::write(&manifest, "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n").unwrap();
    let made = hostel_in(folder.path(), &["new", "crates/my-shop"]);
    assert!(stderr(&made).contains("excluded it from the workspace of "), "{}", stderr(&made));
    let cargo = |folder: &Path| {
        let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
        let output = Command::new("cargo").args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    cargo(folder.path());
    cargo(&folder.path().join("crates/my-shop"));
}

#[test]
fn every_file_of_the_sdk_is_laid_out_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    assert!(hostel_in(folder.path(), &["new", "one"]).status.success());
    let root = folder.path().join("data/hostel").join(env!("CARGO_PKG_VERSION"));
    let wit = root.join("wit/world.wit");
    let original = std::fs::read_to_string(&wit).unwrap();
    assert_eq!(original, include_str!("../../../wit/world.wit"));
    std::fs::write(&wit, "half").unwrap();
    assert!(hostel_in(folder.path(), &["new", "two"]).status.success());
    assert_eq!(std::fs::read_to_string(&wit).unwrap(), original);
    for file in ["guest-sdk/src/lib.rs", "guest-sdk/Cargo.toml", "host/cache/src/lib.rs"] {
        assert!(root.join(file).is_file(), "{file}");
    }
}
