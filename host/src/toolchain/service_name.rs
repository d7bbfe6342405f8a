//! Checks the names of new services: a service's file or package has its name, and must not be
//! mistaken for another file or package.

use super::language::{Language, is_test};
use super::tool;
use std::path::Path;

/// The first path elements of Go's standard packages, and names that have a meaning in Go.
const GO_NAMES: &str = "archive arena bufio bytes cmd cmp compress container context crypto database \
    debug embed encoding errors expvar flag fmt go hash html image index internal io iter log main \
    maps math mime net os path plugin reflect regexp runtime slices sort std strconv strings structs \
    sync syscall testing text time unicode unique unsafe vendor weak";

/// A Python program that prints Python's keywords and the modules of its standard library.
const PYTHON_NAMES: &str = "import keyword, sys; print(*keyword.kwlist, *sys.stdlib_module_names)";

/// Checks a name for a service in a language. If the name is invalid, returns the reason and a
/// proposal, which is a similar name if possible.
pub(super) fn check(name: &str, language: Language) -> Result<(), (String, String)> {
    let others = names_of(language);
    let Some(why) = fault(name, language, &others) else {
        return Ok(());
    };
    let bare = name.trim_start_matches("test-").trim_end_matches("-test");
    let proposals = [format!("{name}-service"), format!("{bare}-service"), "my-service".to_owned()];
    let mut proposals = proposals.into_iter();
    let proposal = proposals.find(|it| fault(it, language, &others).is_none());
    Err((why, proposal.unwrap_or_default()))
}

/// The names reserved by a language, separated and surrounded by spaces.
fn names_of(language: Language) -> String {
    let names = match language {
        Language::Go => GO_NAMES.to_owned(),
        // Without Python, no Python service can be built yet anyway.
        Language::Python => tool::ask("python3", &["-c", PYTHON_NAMES]).unwrap_or_default(),
        _ => String::new(),
    };
    format!(" {names} ")
}

fn fault(name: &str, language: Language, others: &str) -> Option<String> {
    let snake_name = name.replace('-', "_");
    let is_of_the_sdk = match language {
        Language::Rust => ["hostel-sdk", "hostel-cache"].contains(&name),
        Language::Python => ["hostel-sdk", "zato"].contains(&name),
        _ => name == "hostel-sdk",
    };
    if is_of_the_sdk {
        return Some("the SDK has a package of that name".to_owned());
    }
    let extension = match language {
        Language::C => "c",
        Language::Python => "py",
        _ => "",
    };
    let file = format!("{snake_name}.{extension}");
    if !extension.is_empty() && is_test(Path::new(&file)) {
        return Some(format!("its file, {file}, would be treated as a test"));
    }
    let is_taken = others.contains(&format!(" {snake_name} "));
    is_taken.then(|| match language {
        Language::Go => "Go has a package of that name".to_owned(),
        _ => "Python has a keyword or a module of that name".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: Language, name: &str, others: &str, expected: Option<&str>) {
        let found = fault(name, language, others);
        match expected {
            Some(words) => assert!(found.unwrap().contains(words), "{name}"),
            None => assert_eq!(found, None, "{name}"),
        }
    }

    #[test]
    fn a_name_is_refused_where_its_files_would_be_taken_for_others() {
        let python = " class json ";
        for name in ["class", "json"] {
            check(Language::Python, name, python, Some("keyword or a module"));
            check(Language::JavaScript, name, " ", None);
        }
        for name in ["my-test", "test-me"] {
            check(Language::Python, name, python, Some("treated as a test"));
            check(Language::C, name, " ", Some("treated as a test"));
            for language in [Language::Go, Language::Rust, Language::TypeScript] {
                check(language, name, " ", None);
            }
        }
        for language in Language::ALL {
            check(language, "hostel-sdk", " ", Some("the SDK has a package"));
            check(language, "my-shop", " ", None);
        }
        check(Language::Go, "fmt", &names_of(Language::Go), Some("Go has a package"));
        check(Language::Python, "jso", python, None);
    }

    #[test]
    fn a_name_that_is_refused_leads_to_one_that_is_not() {
        for (name, proposal) in [("my-test", "my-test-service"), ("test-me", "me-service")] {
            assert_eq!(super::check(name, Language::C).unwrap_err().1, proposal);
        }
        assert_eq!(super::check("fmt", Language::Go).unwrap_err().1, "fmt-service");
    }
}
