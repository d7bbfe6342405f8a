//! Docs, comments and strings are in plain English: standard verbs, named actors, and "must be" or
//! "is not a" for invalid values.

use super::{GENERATED, files, read};
use regex::Regex;

/// Expressions that make a sentence hard to read, and what to write instead. A blank in one also
/// matches the end of a line and the comment mark of the next one. "is none" is in lower case,
/// because Python's `is None` is an operator.
const EXPRESSIONS: &[(&str, &str)] = &[
    (r"\b(?i:whoever|nobody|everybody)\b", "name the actor: the client, the caller, the operator"),
    (
        r"\b[Ww]ho (?:comes|calls|asks|runs)\b",
        "name the actor: the client, the caller, the operator",
    ),
    (
        r"\b[Aa]nswers (?:(?:the|a|an|with|how|whether|none|true|false|what)\b|`)",
        "\"returns\" for a function, \"responds with\" for a server",
    ),
    (
        r"\b(?:[Ss]ays|[Tt]ells) (?:whether|which|how|what)\b",
        "\"returns\", \"reports\", \"prints\", \"contains\" or \"describes\"",
    ),
    (r"\b[Ii]s none\b", "\"must be\" for an invalid value, \"does not exist\" for a missing one"),
    (r"(?:\b[Tt]here )?\b[Ii]s no [a-z]+", "\"must be\" or \"is not a\" for an invalid value"),
];

/// What the last expression also matches, and means an absence.
const ABSENCE: &[&str] = &["there is no ", "is no longer", "is no more"];

/// Files that contain the expressions, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    ("host/tests/it/tidy/words.rs", "the rule itself"),
    (GENERATED, "its comments are those of the WIT, which are checked"),
];

const KINDS: &[&str] = &["rs", "wit", "md", "toml", "py", "js", "ts", "go", "c", "h"];

/// Returns the places of a text with an expression, as `line: words (what to write)`.
fn found(text: &str, expressions: &[(Regex, &str)]) -> Vec<String> {
    let mut places = Vec::new();
    for (expression, instead) in expressions {
        for words in expression.find_iter(text) {
            let line = text[..words.start()].matches('\n').count() + 1;
            let is_word = |word: &&str| word.contains(|c: char| c.is_alphanumeric() || c == '`');
            let words: Vec<_> = words.as_str().split_whitespace().filter(is_word).collect();
            let words = words.join(" ");
            if !ABSENCE.iter().any(|absence| words.to_lowercase().starts_with(absence)) {
                places.push(format!("{line}: \"{words}\": write {instead}"));
            }
        }
    }
    places
}

fn expressions() -> Vec<(Regex, &'static str)> {
    let blank = r"(?: |\n[ \t]*(?:\*|#|//[/!]?)?[ \t]*)";
    let compile = |(words, instead): &(&str, &'static str)| {
        (Regex::new(&words.replace(' ', blank)).unwrap(), *instead)
    };
    EXPRESSIONS.iter().map(compile).collect()
}

#[test]
fn docs_comments_and_strings_are_plain_english() {
    let expressions = expressions();
    let mut places = Vec::new();
    for file in files() {
        let kind = file.extension().and_then(|end| end.to_str()).unwrap_or_default();
        let allowed = ALLOWED.iter().any(|(allowed, _)| file.ends_with(allowed));
        if KINDS.contains(&kind) && !allowed {
            let of_file = found(&read(&file), &expressions);
            places.extend(of_file.into_iter().map(|place| format!("{}:{place}", file.display())));
        }
    }
    assert!(places.is_empty(), "not plain English:\n{}", places.join("\n"));
}

#[test]
fn expressions_are_found_across_lines_and_in_any_case() {
    let expressions = expressions();
    for (text, line) in [
        ("Nobody reads it.", 1),
        ("a\n/// It answers\n/// the value.", 2),
        ("# It tells\n# which.", 1),
        ("a\n\n * Returns false if there\n * is none.", 4),
        ("x = \"1.5 is no ratio\"", 1),
        ("It answers `None`.", 1),
        ("who\n    calls", 1),
    ] {
        let places = found(text, &expressions);
        assert!(places.len() == 1 && places[0].starts_with(&format!("{line}: ")), "{places:?}");
    }
    let fine =
        "if value is None: there is no entry\n// There\n// is no entry; it is no longer read";
    assert_eq!(found(fine, &expressions), [""; 0]);
}
