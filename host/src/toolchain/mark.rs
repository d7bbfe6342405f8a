//! Marks a component with the language of its source. The component's `producers` do not suffice,
//! because they also name the languages of interpreters, libraries and adapters.

use super::Source;
use wasmparser::{CustomSectionReader, KnownCustom, Parser, Payload};

/// The custom section that contains the language's name.
const SECTION: &str = "hostel-source-language";

/// Maximum bytes of a language's name.
const MAX_NAME_BYTES: usize = 32;

/// Appends the mark to a component.
pub(super) fn marked(mut component: Vec<u8>, source: &Source) -> Vec<u8> {
    let language = source.shown_language();
    let mut section = Vec::new();
    for part in [SECTION, language] {
        // The section has fewer than 128 bytes, so each length takes one byte of LEB128.
        section.extend(u8::try_from(part.len()));
        section.extend_from_slice(part.as_bytes());
    }
    component.push(0);
    component.extend(u8::try_from(section.len()));
    component.append(&mut section);
    component
}

/// The source language of a component, from its mark. Components built by Cargo have no mark:
/// without a mark, the language is Rust if Rust produced the largest core module. `None` if the
/// language is unknown.
pub fn source_language(component: &[u8]) -> Option<String> {
    let (mut depth, mut module) = (0_usize, 0);
    // The size of the largest module that Rust produced, and the size of the largest module
    // overall.
    let (mut of_rust, mut largest) = (0, 0);
    for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ModuleSection { unchecked_range, .. } if depth == 1 => {
                module = unchecked_range.len();
                largest = largest.max(module);
            }
            Payload::CustomSection(section) if depth == 1 && section.name() == SECTION => {
                let (length, name) = section.data().split_first()?;
                let is_name = usize::from(*length) == name.len() && name.len() <= MAX_NAME_BYTES;
                return String::from_utf8(name.to_vec()).ok().filter(|_| is_name);
            }
            Payload::CustomSection(section) if depth == 2 && is_rust(&section) => {
                of_rust = of_rust.max(module);
            }
            _ => {}
        }
    }
    (of_rust > 0 && of_rust == largest).then(|| "Rust".to_owned())
}

/// True if a `producers` section names Rust as a language.
fn is_rust(section: &CustomSectionReader<'_>) -> bool {
    let KnownCustom::Producers(fields) = section.as_known() else { return false };
    let languages = fields.into_iter().map_while(Result::ok).filter(|it| it.name == "language");
    let mut names = languages.flat_map(|field| field.values.into_iter().map_while(Result::ok));
    names.any(|value| value.name == "Rust")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Language;
    use std::path::PathBuf;

    fn source(language: Language, file: &str) -> Source {
        let (folder, file) = (PathBuf::from("a"), PathBuf::from(file));
        Source { language, folder, file, is_whole_folder: false }
    }

    #[test]
    fn a_component_contains_the_language_of_its_source() {
        let component = wat::parse_str("(component (core module))").unwrap();
        assert_eq!(source_language(&component), None);
        for (language, file, expected) in [
            (Language::C, "a/a.c", "C"),
            (Language::C, "a/a.cpp", "C++"),
            (Language::C, "a/a.zig", "Zig"),
            (Language::Python, "a/a.py", "Python"),
            (Language::TypeScript, "a/a.mts", "TypeScript"),
            (Language::Go, "a/go.mod", "Go"),
        ] {
            let marked = marked(component.clone(), &source(language, file));
            assert_eq!(source_language(&marked).as_deref(), Some(expected));
            wasmparser::Validator::new().validate_all(&marked).unwrap();
        }
    }

    #[test]
    fn without_a_mark_it_is_rust_that_made_the_largest_module() {
        let rust = r#"(core module (@producers (language "C11" "") (language "Rust" "2024")))"#;
        let other = |name: &str| format!("(core module (@custom \"{name}\" \"data\"))");
        let language = |modules: &str| {
            source_language(&wat::parse_str(format!("(component {modules})")).unwrap())
        };
        assert_eq!(language(&format!("{rust}{}", other("a"))).as_deref(), Some("Rust"));
        assert_eq!(language(&format!("{rust}{}", other(&"a".repeat(200)))), None);
        assert_eq!(language(&other("a")), None);
    }

    #[test]
    fn only_the_outermost_section_counts_and_only_a_short_name() {
        let inner = wat::parse_str(
            r#"(component (core module (@custom "hostel-source-language" "\01C")))"#,
        );
        assert_eq!(source_language(&inner.unwrap()), None);
        for wrong in ["", "\\02C", "\\01\\ff"] {
            let text = format!(r#"(component (@custom "hostel-source-language" "{wrong}"))"#);
            assert_eq!(source_language(&wat::parse_str(text).unwrap()), None, "{wrong:?}");
        }
        assert_eq!(source_language(b"hello"), None);
    }
}
