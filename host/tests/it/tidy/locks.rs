//! Separately built packages have their own lock files. If such a file contains `hostel`,
//! `hostel-cache` or `hostel-sdk`, it must contain all dependencies of that package: otherwise
//! `--locked` refuses the build.

use super::{files, read};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Returns the dependencies in the manifest of one of these three packages; empty for any other.
fn needed(package: &str) -> BTreeSet<String> {
    let folder = match package {
        "hostel" => "host",
        "hostel-cache" => "host/cache",
        "hostel-sdk" => "guest-sdk",
        _ => return BTreeSet::new(),
    };
    let manifest: toml::Table = read(format!("{folder}/Cargo.toml")).parse().unwrap();
    let manifest = toml::Value::from(manifest);
    let targets = manifest.get("target").and_then(|target| target.as_table());
    let tables = targets.into_iter().flat_map(|targets| targets.values()).chain([&manifest]);
    tables
        .filter_map(|table| table.get("dependencies")?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn a_package_that_is_built_apart_pins_what_the_host_needs() {
    let lock = |file: &PathBuf| file.ends_with("Cargo.lock") && file.parent() != Some("".as_ref());
    let locks: Vec<_> = files().into_iter().filter(lock).collect();
    assert!(locks.contains(&PathBuf::from("host/benches/peers/Cargo.lock")), "{locks:?}");
    for file in locks {
        let pinned: toml::Table = read(&file).parse().unwrap();
        for package in pinned["package"].as_array().unwrap() {
            let name = package["name"].as_str().unwrap();
            let named = package.get("dependencies").and_then(|all| all.as_array());
            let named: BTreeSet<_> = named
                .into_iter()
                .flatten()
                .filter_map(|one| one.as_str()?.split(' ').next().map(str::to_owned))
                .collect();
            let missing: Vec<_> = needed(name).difference(&named).cloned().collect();
            let place = file.display();
            assert!(
                missing.is_empty(),
                "{place}: `{name}` lacks {missing:?}: run cargo there once"
            );
        }
    }
}
