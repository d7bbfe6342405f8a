//! Files written for Zato run unmodified, log the expected lines and make the expected cache calls.
//!
//! `HOSTEL_ZATO_EXAMPLES` is an optional folder with files of the same names to test instead of the
//! project's own.

mod services;

use crate::support::{hostel, project, stderr};
use std::path::PathBuf;

/// The name of each file, its expected log lines, and the expected counters of its cache.
const FILES: &[(&str, &[&str], &str)] = &[
    ("store_and_read", &["my-value"], "sets 1, hits 1, misses 0, deletes 0, exists 0"),
    ("session_token", &["abc123"], "sets 1, hits 1, misses 0, deletes 0, exists 0"),
    ("user_profile", &["joe", "['admin', 'editor']"], "sets 1, hits 1, misses 0, deletes 0"),
    ("temporary_key", &["None"], "sets 1, hits 0, misses 1, deletes 1, exists 0"),
    (
        "feature_flag",
        &["Key is present", "Key is gone"],
        "sets 1, hits 0, misses 0, deletes 1, exists 2",
    ),
    (
        "cache_aside",
        &["Key not found, fetching from source ..", "value-from-source"],
        "sets 1, hits 0, misses 1, deletes 0, exists 0",
    ),
];

fn path(file: &str) -> PathBuf {
    let folder = match std::env::var_os("HOSTEL_ZATO_EXAMPLES") {
        Some(folder) => PathBuf::from(folder),
        // The project's example of that name fetches from an origin server; Zato's does not.
        None if file == "cache_aside" => project().join("host/tests/it/languages/zato"),
        None => project().join("example-services").join(file.replace('_', "-")),
    };
    folder.join(file).with_extension("py")
}

/// Returns the message of a log line of level info, without time, level and source. Returns `None`
/// for any other line.
fn said(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" info  ")?;
    let (_, said) = rest.split_once(' ')?;
    Some(said.to_owned())
}

#[test]
fn files_written_for_zato_run_unmodified() {
    for (file, lines, stats) in FILES {
        let output = hostel().args(["run", "--stats"]).arg(path(file)).output().unwrap();
        let told = stderr(&output);
        assert!(output.status.success(), "{file}: {told}");
        let logged: Vec<String> = told.lines().filter_map(said).collect();
        assert_eq!(logged, *lines, "{file}");
        assert!(told.contains(stats), "{file}: {told}");
    }
}
