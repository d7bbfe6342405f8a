//! Every limit has one name and one value in all languages. Names are `MAX_*`, `MIN_*` and
//! `DEFAULT_*`, in the language's own case: `MAX_KEY_BYTES` is `HOSTEL_MAX_KEY_BYTES` in C and
//! `maxKeyBytes` in Go.

use super::{body, files, read, rust_files};
use std::collections::{BTreeMap, BTreeSet};

/// The files with the limits: of each language, and of the cache that the host and the Rust fake
/// share.
const FILES: &[(&str, &str)] = &[
    ("cache", "host/cache/src/limits.rs"),
    ("rust", "guest-sdk/src/limits.rs"),
    ("c", "guest-sdk/c/hostel_limits.h"),
    ("go", "guest-sdk/go/limits.go"),
    ("javascript", "guest-sdk/javascript/limits.js"),
    ("python", "guest-sdk/python/hostel_sdk/limits.py"),
];

const ALL: &[&str] = &["cache", "rust", "c", "go", "javascript", "python"];

/// Every limit of the languages, its wording in `wit/` with `#` for the value, and the files that
/// define it. The Rust SDK omits limits that only its fake checks, because the cache defines them.
const LIMITS: &[(&str, &str, &[&str])] = &[
    ("MAX_KEY_BYTES", "Keys are 1 to # bytes", &["cache", "c", "go", "javascript", "python"]),
    ("MAX_DEPTH", "than # arrays and objects", &["cache", "c", "go", "javascript", "python"]),
    ("MAX_EXPIRY_SECONDS", "Whole seconds, 1 to # (", ALL),
    ("MAX_INTEGER", "-# to # (2^53 - 1)", ALL),
    ("MAX_KEYS", "a call takes at most # keys", ALL),
    // The default of a setting; 1 MiB in `wit/`.
    ("DEFAULT_VALUE_LIMIT", "", &["cache", "c", "go", "javascript", "python"]),
    // Not part of the contract. In Python MAX_DEPTH also applies to bodies; Rust has serde_json's
    // limit.
    ("MAX_BODY_DEPTH", "", &["c", "go", "javascript"]),
    // The other SDKs leave checking the status to the host.
    ("MIN_STATUS", "An HTTP status code, # to 599", &["go", "javascript", "python"]),
    ("MAX_STATUS", "An HTTP status code, 200 to #", &["go", "javascript", "python"]),
];

/// Returns the limits that a file defines, with their names in capitals.
fn limits(file: &str) -> BTreeMap<String, u64> {
    let text = read(file);
    body(&text).lines().filter_map(limit).collect()
}

/// Returns the name in capitals and the value if a line defines a decimal number, or one shifted to
/// the left, in any of the languages.
fn limit(line: &str) -> Option<(String, u64)> {
    let starts = ["pub(crate) const ", "pub const ", "export const ", "#define HOSTEL_", "\t", ""];
    let definition = starts.iter().find_map(|start| line.strip_prefix(start))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, rest) = definition.split_at(definition.find(|c| !is_name(c))?);
    let value = rest.split_once('=').map_or(rest, |(_, value)| value);
    let value = value.trim().trim_end_matches(';').replace('_', "");
    let number = match value.split_once("<<") {
        Some((number, bits)) => {
            number.trim().parse::<u64>().ok()? << bits.trim().parse::<u32>().ok()?
        }
        None => value.parse().ok()?,
    };
    Some((in_capitals(name), number))
}

fn in_capitals(name: &str) -> String {
    if name.chars().all(|c| !c.is_lowercase()) {
        return name.to_owned();
    }
    let mut capitals = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            capitals.push('_');
        }
        capitals.push(letter.to_ascii_uppercase());
    }
    capitals
}

#[test]
fn every_language_has_the_limits_by_the_same_names() {
    for (language, file) in FILES {
        let has = |(_, _, languages): &&(&str, &str, &[&str])| languages.contains(language);
        let expected: BTreeSet<_> = LIMITS.iter().filter(has).map(|(name, ..)| *name).collect();
        let limits = limits(file);
        let of_contract = |name: &&str| LIMITS.iter().any(|(limit, ..)| limit == name);
        // The cache's file also defines limits that are not in `LIMITS`.
        let found = limits.keys().map(String::as_str);
        let found: BTreeSet<_> = match *language {
            "cache" => found.filter(of_contract).collect(),
            _ => found.collect(),
        };
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn every_limit_has_one_value_in_every_language_and_in_the_contract() {
    let contract = [
        "wit/handler.wit",
        "wit/deps/hostel-cache/cache.wit",
        "wit/deps/hostel-cache/batch.wit",
        "wit/deps/hostel-cache/atomics.wit",
    ];
    let contract = contract.map(read).concat();
    let contract = contract.replace("///", "").split_whitespace().collect::<Vec<_>>().join(" ");
    let values: BTreeMap<_, _> = FILES.iter().map(|(name, file)| (*name, limits(file))).collect();
    for (name, words, languages) in LIMITS {
        let found: BTreeMap<_, _> =
            languages.iter().map(|language| (*language, values[language].get(*name))).collect();
        let distinct: BTreeSet<_> = found.values().copied().collect();
        assert_eq!(distinct.len(), 1, "{name} has several values: {found:?}");
        let value = distinct.first().unwrap().expect(name);
        let words = words.replace('#', &with_commas(*value));
        assert!(contract.contains(&words), "wit/ does not say {words:?}");
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn limits_are_defined_in_files_of_limits_and_nowhere_else() {
    for (file, text) in rust_files(&["host/cache/src", "guest-sdk/src"]) {
        for word in ["const MAX_", "const MIN_"] {
            let fine = file.ends_with("limits.rs") || !body(&text).contains(word);
            assert!(fine, "{} defines {word}*: limits.rs is its place", file.display());
        }
    }
    let is_source = |file: &std::path::PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy();
        let source =
            ["c", "h", "go", "js", "py", "rs"].iter().any(|end| name.ends_with(&format!(".{end}")));
        let limits = FILES.iter().any(|(_, limits)| file.ends_with(limits));
        let tests = file.iter().any(|part| part == "tests") || name.contains("test");
        file.starts_with("guest-sdk") && source && !limits && !tests
    };
    for file in files().iter().filter(|file| is_source(file)) {
        let text = read(file);
        for word in ["LONGEST_", "MOST_", "DEEPEST", "315_360_000", "315360000"] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}
