//! The README's commands, run as they stand there.

use crate::support::{project, stderr, stdout};
use std::path::Path;
use std::process::{Command, Output};

/// The lines of the README's `sh` blocks, in order.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Runs one command; what begins with `hostel` runs in a folder outside the project, as the
/// reader's would, with the program that the README installed.
fn run(command: &str, scratch: &Path) -> Output {
    let installed = scratch.join("installed/bin");
    let path = format!("{}:{}", installed.display(), std::env::var("PATH").unwrap());
    // The same source with the settings of this test run: a release build takes many minutes.
    let command = match command.strip_prefix("cargo install ") {
        Some(rest) => {
            format!("cargo install --debug --root '{}/installed' {rest}", scratch.display())
        }
        None => command.to_owned(),
    };
    let folder = if command.starts_with("hostel ") { scratch } else { project() };
    Command::new("sh")
        .args(["-ec", &command])
        .current_dir(folder)
        .env("PATH", path)
        .env("XDG_DATA_HOME", scratch.join("data"))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let scratch = tempfile::tempdir().unwrap();
    let commands = commands();
    assert!(commands.iter().any(|command| command == "make run"), "{commands:?}");
    assert!(commands.iter().any(|command| command.starts_with("hostel new ")), "{commands:?}");
    for command in commands.iter().filter(|command| *command != "make test") {
        let output = run(command, scratch.path());
        assert!(output.status.success(), "{command}: {}", stderr(&output));
        if command == "make run" {
            check_examples(&stderr(&output));
        }
        if command.starts_with("hostel run ") {
            assert_ne!(stdout(&output), "", "{command}");
        }
    }
}

/// Checks that the six examples logged what they log on empty caches.
fn check_examples(told: &str) {
    for line in [
        "store-and-read.store-and-read my-value",
        "session-token.session-token abc123",
        "user-profile.user-profile joe",
        "user-profile.user-profile [\"admin\", \"editor\"]",
        "temporary-key.temporary-key None",
        "feature-flag.feature-flag Key is present",
        "feature-flag.feature-flag Key is gone",
        "cache-aside.cache-aside Key not found, fetching from source ..",
        "cache-aside.cache-aside value-from-source",
    ] {
        assert!(told.lines().any(|found| found.ends_with(line)), "no {line:?} in {told}");
    }
}
