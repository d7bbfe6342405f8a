//! Documentation pages show the templates, the recipes and the HTTP service exactly as the tested
//! files contain them.

use super::read;
use std::collections::BTreeSet;

#[test]
fn the_page_of_all_languages_shows_the_templates() {
    let page = read("docs/write-a-service.md");
    for template in [
        "guest-sdk/template/src/lib.rs",
        "guest-sdk/python/template/my_service.py",
        "guest-sdk/javascript/template/my-service.js",
        "guest-sdk/javascript/template-typescript/my-service.ts",
        "guest-sdk/go/template/service.go",
        "guest-sdk/c/template/my_service.c",
    ] {
        let text = read(template);
        let service = text.split("\n#[test]").next().unwrap().trim_end();
        assert!(page.contains(service), "docs/write-a-service.md differs from {template}");
    }
}

/// The languages of a page, each by its name after the fence, with the tested files that contain
/// the page's listings in that language.
type Listings = &'static [(&'static str, &'static [&'static str])];

const RECIPES: Listings = &[
    ("rust", &["guest-sdk/src/recipes.rs"]),
    ("python", &["guest-sdk/python/tests/test_recipes.py"]),
    ("js", &["guest-sdk/javascript/tests/recipes.test.js"]),
    ("ts", &["guest-sdk/javascript/conformance/recipes.ts"]),
    ("go", &["guest-sdk/go/recipes_test.go"]),
    ("c", &["guest-sdk/c/tests/test_recipes.c"]),
];

/// The service of the page about HTTP, and its test.
const ORDERS: Listings = &[
    ("rust", &["guest-sdk/tests/orders.rs"]),
    (
        "python",
        &[
            "guest-sdk/python/tests/orders/orders.py",
            "guest-sdk/python/tests/orders/test_orders.py",
        ],
    ),
    (
        "js",
        &[
            "guest-sdk/javascript/tests/orders/orders.js",
            "guest-sdk/javascript/tests/orders/orders.test.js",
        ],
    ),
    (
        "ts",
        &[
            "guest-sdk/javascript/tests/orders/orders.ts",
            "guest-sdk/javascript/tests/orders/orders.test.ts",
        ],
    ),
    (
        "go",
        &[
            "guest-sdk/go/conformance/orders/orders.go",
            "guest-sdk/go/conformance/orders/orders_test.go",
        ],
    ),
    ("c", &["guest-sdk/c/tests/orders/orders.c", "guest-sdk/c/tests/orders/test_orders.c"]),
];

/// The languages of other blocks on pages: configurations, commands and their output.
const NO_LISTINGS: &[&str] = &["toml", "sh", "text"];

/// Returns the code of a file; for a doc example in Rust, only the lines that a reader sees.
fn code(file: &str) -> String {
    let text = read(file);
    let shown = |line: &str| !line.starts_with("# ");
    let docs = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let docs = docs.map(|line| line.strip_prefix(' ').unwrap_or(line)).filter(|line| shown(line));
    let docs = docs.collect::<Vec<_>>().join("\n");
    if docs.contains("```") { docs } else { text }
}

/// Checks that each section shows every language, exactly as in its files. Returns the number of
/// sections.
fn check_listings(page: &str, listings: Listings) -> usize {
    let text = read(page);
    for section in text.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap();
        let mut shown = BTreeSet::new();
        for block in section.split("```").skip(1).step_by(2) {
            let (language, text) = block.split_once('\n').unwrap();
            if NO_LISTINGS.contains(&language) {
                continue;
            }
            let (_, files) = listings.iter().find(|(name, _)| *name == language).unwrap();
            let is_tested = files.iter().any(|file| code(file).contains(text.trim_end()));
            assert!(is_tested, "{title} in {language} is not in {}", files.join(" or "));
            shown.insert(language);
        }
        assert_eq!(shown, listings.iter().map(|(name, _)| *name).collect(), "{title}");
    }
    text.matches("\n## ").count()
}

#[test]
fn each_recipe_is_shown_in_every_language_and_tested() {
    assert!(check_listings("docs/recipes.md", RECIPES) >= 5, "no recipes");
}

#[test]
fn the_page_about_http_shows_every_language_as_it_is_tested() {
    assert_eq!(check_listings("docs/answer-over-http.md", ORDERS), 6);
}
