//! The languages of services: their names and files, and the source of a service.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// The languages that the toolchain can build. `C` includes C++ and Zig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    C,
    Go,
    JavaScript,
    Python,
    Rust,
    TypeScript,
}

impl Language {
    /// All languages, sorted by name.
    pub const ALL: [Language; 6] = [
        Language::C,
        Language::Go,
        Language::JavaScript,
        Language::Python,
        Language::Rust,
        Language::TypeScript,
    ];

    /// The language's name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::Go => "go",
            Language::JavaScript => "javascript",
            Language::Python => "python",
            Language::Rust => "rust",
            Language::TypeScript => "typescript",
        }
    }

    /// The extensions of the language's source files.
    pub(super) fn extensions(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c", "cpp", "cc", "zig"],
            Language::Go => &["go"],
            Language::JavaScript => &["js", "mjs"],
            Language::Python => &["py"],
            Language::Rust => &["rs"],
            Language::TypeScript => &["ts", "mts"],
        }
    }

    /// The name of the manifest that marks a folder as a package of this language. `None` for
    /// languages other than Go and Rust.
    pub(crate) fn manifest(self) -> Option<&'static str> {
        match self {
            Language::Go => Some("go.mod"),
            Language::Rust => Some("Cargo.toml"),
            _ => None,
        }
    }

    /// True if a source in this language may read the file: a module that the source may import or,
    /// in Python, any other file that is not for people or tools, because a service may read it as
    /// data. False if [`is_test`] is true.
    pub(crate) fn has_module(self, file: &Path) -> bool {
        let others: &[&str] = match self {
            Language::C => &["h", "hpp"],
            Language::JavaScript | Language::TypeScript => {
                &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "json"]
            }
            Language::Python if !is_for_people_and_tools(file) => return !is_test(file),
            Language::Go | Language::Python | Language::Rust => &[],
        };
        let extension = file.extension().and_then(OsStr::to_str).unwrap_or_default();
        !is_test(file) && (self.extensions().contains(&extension) || others.contains(&extension))
    }

    /// The language of a source file, by its extension; `None` for other files.
    pub(crate) fn of_file(file: &Path) -> Option<Language> {
        let extension = file.extension().and_then(OsStr::to_str)?;
        Language::ALL.into_iter().find(|language| language.extensions().contains(&extension))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A service's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The language whose toolchain builds the source.
    pub language: Language,
    /// The folder that contains `file` and the source's modules.
    pub folder: PathBuf,
    /// The file that declares the services; for a Go or Rust package, the manifest.
    pub file: PathBuf,
    /// Whether the whole folder belongs to this service: the other files are its modules.
    pub is_whole_folder: bool,
}

impl Source {
    /// The display name of the source's language; for the C toolchain, this may be C++ or Zig.
    pub fn shown_language(&self) -> &'static str {
        let extension = self.file.extension().and_then(OsStr::to_str);
        match (self.language, extension) {
            (Language::C, Some("cpp" | "cc")) => "C++",
            (Language::C, Some("zig")) => "Zig",
            (Language::C, _) => "C",
            (Language::Go, _) => "Go",
            (Language::JavaScript, _) => "JavaScript",
            (Language::Python, _) => "Python",
            (Language::Rust, _) => "Rust",
            (Language::TypeScript, _) => "TypeScript",
        }
    }

    /// The file name of the source's component, without the extension: the stem of the source file.
    /// For a package, or a file with the stem `service`, it is the name of the folder.
    pub(crate) fn stem(&self) -> String {
        let is_package = self.language.manifest().is_some_and(|name| self.file.ends_with(name));
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if is_package || stem == "service" { folder_name(&self.folder) } else { stem }
    }

    /// The file name of the source's component.
    pub(crate) fn component_name(&self) -> String {
        format!("{}.wasm", self.stem())
    }
}

/// The name of a folder, even if its path ends in `.` or `..`.
pub(crate) fn folder_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let named = match absolute.file_name() {
        Some(_) => absolute,
        None => absolute.canonicalize().unwrap_or(absolute),
    };
    named.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// True for a file that is not data of a service, such as a README or a lock file, by its name.
fn is_for_people_and_tools(file: &Path) -> bool {
    const STARTS: [&str; 5] = ["README", "LICENSE", "LICENCE", "CHANGELOG", "requirements"];
    const NAMES: [&str; 4] = ["hostel.toml", "pyproject.toml", "Makefile", "Dockerfile"];
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    NAMES.contains(&&*name)
        || name.ends_with(".lock")
        || name.ends_with(".wasm")
        || STARTS.iter().any(|start| name.starts_with(start))
}

/// True for a test, by the names that the languages' test runners use, or for another file that
/// accompanies sources: types (`.d.ts`) or a tool's configuration (`.config.js`).
pub(crate) fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.starts_with("test_")
        || [".test", "_test", ".d", ".config"].iter().any(|end| stem.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: Language, file: &str, expected: &str) {
        let file = Path::new("/some/my-shop").join(file);
        let folder = file.parent().unwrap().to_owned();
        let source = Source { language, folder, file, is_whole_folder: true };
        assert_eq!(source.stem(), expected);
    }

    #[test]
    fn a_component_is_named_by_the_file_or_else_by_the_folder() {
        check(Language::Python, "my_users.py", "my_users");
        check(Language::Python, "service.py", "my-shop");
        check(Language::Rust, "Cargo.toml", "my-shop");
        check(Language::Go, "go.mod", "my-shop");
        check(Language::Go, "greeter.go", "greeter");
        check(Language::Go, "../my-shop/service.go", "my-shop");
        let here = std::env::current_dir().unwrap();
        assert_eq!(folder_name(Path::new(".")), *here.file_name().unwrap().to_string_lossy());
        let above = here.parent().unwrap();
        assert_eq!(folder_name(Path::new("..")), *above.file_name().unwrap().to_string_lossy());
    }
}
