//! Code in the pages is code that is tested.

use super::read;
use std::collections::BTreeSet;

#[test]
fn the_page_of_all_languages_shows_the_templates_as_they_are() {
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

/// The languages of the recipes, by the name after the fence, and where each tests them.
const RECIPES: &[(&str, &str)] = &[
    ("rust", "guest-sdk/src/recipes.rs"),
    ("python", "guest-sdk/python/tests/test_recipes.py"),
    ("js", "guest-sdk/javascript/tests/recipes.test.js"),
    ("ts", "guest-sdk/javascript/conformance/recipes.ts"),
    ("go", "guest-sdk/go/recipes_test.go"),
    ("c", "guest-sdk/c/tests/test_recipes.c"),
];

/// The code of a file, of docs in Rust those lines that a reader sees.
fn code(file: &str) -> String {
    let text = read(file);
    let shown = |line: &str| !line.starts_with("# ");
    let docs = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let docs = docs.map(|line| line.strip_prefix(' ').unwrap_or(line)).filter(|line| shown(line));
    let docs = docs.collect::<Vec<_>>().join("\n");
    if docs.is_empty() { text } else { docs }
}

#[test]
fn each_recipe_is_there_in_every_language_as_it_is_tested() {
    let page = read("docs/recipes.md");
    for recipe in page.split("\n## ").skip(1) {
        let title = recipe.lines().next().unwrap();
        let mut shown = BTreeSet::new();
        for block in recipe.split("```").skip(1).step_by(2) {
            let (language, text) = block.split_once('\n').unwrap();
            let (_, file) = RECIPES.iter().find(|(name, _)| *name == language).unwrap();
            assert!(code(file).contains(text.trim_end()), "{title} in {language} is not in {file}");
            shown.insert(language);
        }
        assert_eq!(shown, RECIPES.iter().map(|(name, _)| *name).collect(), "{title}");
    }
    assert!(page.matches("\n## ").count() >= 5, "no recipes");
}
