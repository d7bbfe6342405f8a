//! Docs, comments and strings are in plain English: standard verbs, named actors, and "must be" or
//! "is not a" for invalid values.

use super::{GENERATED, files, read};
use regex::Regex;

/// Expressions that make a sentence hard to read: the expression, what to write instead, and an
/// example. A blank in an expression also matches the end of a line and the comment mark of the
/// next one. The word "none" is in lower case, so that Python's `None` does not match.
const EXPRESSIONS: &str = include_str!("words.tsv");

/// Phrases that the last expression also matches, but that are plain English.
const ABSENCE: &[&str] = &["there is no ", "is no longer", "is no more"];

/// Files that may contain the expressions, with the reason.
const ALLOWED: &[(&str, &str)] =
    &[(GENERATED, "its comments are those of the WIT, which are checked")];

const KINDS: &[&str] = &["rs", "wit", "md", "toml", "py", "js", "ts", "go", "c", "h"];

struct Expression {
    regex: Regex,
    instead: &'static str,
    example: String,
}

impl Expression {
    fn of(row: &'static str) -> Self {
        let mut columns = row.split('\t');
        let mut column = || columns.next().unwrap();
        let (words, instead, example) = (column(), column(), column());
        let blank = r"(?: |\n[ \t]*(?:\*|#|//[/!]?)?[ \t]*)";
        let regex = Regex::new(&format!(r"\b{}(?:\b|$)", words.replace(' ', blank)));
        Expression { regex: regex.unwrap(), instead, example: example.replace("\\n", "\n") }
    }

    /// Returns the places where a text contains the expression, as `line: words: what to write`.
    fn places(&self, text: &str) -> Vec<String> {
        let found = self.regex.find_iter(text).map(|found| {
            let line = text[..found.start()].matches('\n').count() + 1;
            let is_word = |word: &&str| word.contains(char::is_alphanumeric);
            let words: Vec<_> = found.as_str().split_whitespace().filter(is_word).collect();
            (line, words.join(" "))
        });
        let is_absence = |words: &str| ABSENCE.iter().any(|it| words.starts_with(it));
        let wrong = found.filter(|(_, words)| !is_absence(&words.to_lowercase()));
        wrong.map(|(line, words)| format!("{line}: \"{words}\": {}", self.instead)).collect()
    }
}

fn expressions() -> Vec<Expression> {
    EXPRESSIONS.lines().map(Expression::of).collect()
}

#[test]
fn docs_comments_and_strings_are_plain_english() {
    let expressions = expressions();
    let mut places = Vec::new();
    for file in files() {
        let kind = file.extension().and_then(|end| end.to_str()).unwrap_or_default();
        let allowed = ALLOWED.iter().any(|(allowed, _)| file.ends_with(allowed));
        if KINDS.contains(&kind) && !allowed {
            let text = read(&file);
            let of_file = expressions.iter().flat_map(|expression| expression.places(&text));
            places.extend(of_file.map(|place| format!("{}:{place}", file.display())));
        }
    }
    assert!(places.is_empty(), "not plain English:\n{}", places.join("\n"));
}

#[test]
fn each_expression_is_found_in_its_example_and_not_in_plain_english() {
    let plain = "it is no longer read; it is no more than that; there is no entry; there
        is no other";
    let expressions = expressions();
    assert_eq!(expressions.len(), 7);
    for expression in expressions {
        assert_eq!(expression.places(&expression.example).len(), 1, "{}", expression.example);
        assert_eq!(expression.places(plain), [""; 0]);
    }
}
