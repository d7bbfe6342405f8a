//! The languages that services can be written in: their names, their files, and a source in one.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// The languages that services can be written in here.
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
    /// All of them, in the order of their names.
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

    /// The extensions of its source files.
    fn extensions(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c", "cpp", "cc", "zig"],
            Language::Go => &["go"],
            Language::JavaScript => &["js", "mjs"],
            Language::Python => &["py"],
            Language::Rust => &["rs"],
            Language::TypeScript => &["ts", "mts"],
        }
    }

    /// The manifest that makes a folder a package of this language.
    pub(crate) fn manifest(self) -> Option<&'static str> {
        match self {
            Language::Go => Some("go.mod"),
            Language::Rust => Some("Cargo.toml"),
            _ => None,
        }
    }

    /// Whether a file is one that a source in this language may come to read when it is new: a
    /// module that it imports, or in Python any file, since a plugin carries what lies beside it. No
    /// test is one, and nothing that is for people and tools.
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

    /// The language of a source file, by its extension.
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

/// A service's source, as it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The language that it is built as.
    pub language: Language,
    /// The folder that all its files are in.
    pub folder: PathBuf,
    /// The file that declares the services; of a package of Go or Rust, the manifest.
    pub file: PathBuf,
    /// Whether the folder is this service's alone: its other files are modules of it.
    pub is_whole_folder: bool,
}

impl Source {
    /// The language that it is written in, as people write its name: that of C's toolchain may be
    /// C++ or Zig.
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

    /// The name of its component's file, without the extension: that of the source file, or of the
    /// folder where it is a package or the file is called `service`.
    pub(crate) fn stem(&self) -> String {
        let is_package = self.language.manifest().is_some_and(|name| self.file.ends_with(name));
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if is_package || stem == "service" { folder_name(&self.folder) } else { stem }
    }

    /// The name of its component's file.
    pub(crate) fn component_name(&self) -> String {
        format!("{}.wasm", self.stem())
    }
}

/// The name of a folder, also where its path ends in `.` or `..`.
pub(crate) fn folder_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let named = match absolute.file_name() {
        Some(_) => absolute,
        None => absolute.canonicalize().unwrap_or(absolute),
    };
    named.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file is no data of a service, by the names that are customary.
fn is_for_people_and_tools(file: &Path) -> bool {
    const STARTS: [&str; 5] = ["README", "LICENSE", "LICENCE", "CHANGELOG", "requirements"];
    const NAMES: [&str; 4] = ["hostel.toml", "pyproject.toml", "Makefile", "Dockerfile"];
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    NAMES.contains(&&*name)
        || name.ends_with(".lock")
        || name.ends_with(".wasm")
        || STARTS.iter().any(|start| name.starts_with(start))
}

/// Whether a file is a test, by the names that the languages' test runners look for, or another
/// that accompanies sources: types (`.d.ts`) or a tool's configuration (`.config.js`).
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
