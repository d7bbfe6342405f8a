//! What a path holds: a service's source, in which language, and what it is called.

use super::BuildError;
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

    /// The endings of its source files.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c", "cpp", "cc", "zig"],
            Language::Go => &["go"],
            Language::JavaScript => &["js", "mjs"],
            Language::Python => &["py"],
            Language::Rust => &["rs"],
            Language::TypeScript => &["ts", "mts"],
        }
    }

    /// The file that tells a folder's language by being there.
    fn marker(self) -> Option<&'static str> {
        match self {
            Language::Go => Some("go.mod"),
            Language::Rust => Some("Cargo.toml"),
            _ => None,
        }
    }

    /// Whether a build in this language may read a file, by its ending.
    pub(super) fn reads(self, file: &Path) -> bool {
        let more: &[&str] = match self {
            Language::C => &["h", "hpp"],
            Language::Go => &["mod", "sum"],
            Language::JavaScript | Language::TypeScript => &["js", "mjs", "ts", "mts", "json"],
            Language::Python | Language::Rust => &["toml", "json"],
        };
        let ending = file.extension().and_then(OsStr::to_str).unwrap_or_default();
        self.endings().contains(&ending) || more.contains(&ending)
    }

    fn of_file(file: &Path) -> Option<Language> {
        let ending = file.extension().and_then(OsStr::to_str)?;
        Language::ALL.into_iter().find(|language| language.endings().contains(&ending))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A service's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) language: Language,
    /// The folder that everything of it is in.
    pub(super) folder: PathBuf,
    /// The file that declares the services; for Go and Rust, whose packages are folders, the
    /// marker.
    pub(super) file: PathBuf,
}

impl Source {
    /// Tells what is at a path: a source file, or a folder with one.
    ///
    /// A folder is Rust or Go by its `Cargo.toml` or `go.mod`. Otherwise its source is the file
    /// named `service` or like the folder, or the only one that is no test.
    pub(super) fn find(path: &Path) -> Result<Source, BuildError> {
        let none = || BuildError::NoSource(path.to_owned());
        if path.is_file() {
            let language = Language::of_file(path).ok_or_else(none)?;
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            let folder = folder.unwrap_or(Path::new(".")).to_owned();
            if language == Language::Rust && !folder.join("Cargo.toml").is_file() {
                return Err(BuildError::NoManifest(path.to_owned()));
            }
            return Ok(Source { language, folder, file: path.to_owned() });
        }
        for language in Language::ALL {
            let file = language.marker().map(|marker| path.join(marker));
            if let Some(file) = file.filter(|file| file.is_file()) {
                return Ok(Source { language, folder: path.to_owned(), file });
            }
        }
        let file = main_file(path).ok_or_else(none)?;
        let language = Language::of_file(&file).ok_or_else(none)?;
        Ok(Source { language, folder: path.to_owned(), file })
    }

    /// The file name of the component, without its ending: what the plugin is called.
    pub(super) fn name(&self) -> String {
        let named_by = match self.language.marker() {
            Some(_) => std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone()),
            None => self.file.clone(),
        };
        let name = named_by.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "service" { folder_name(&self.folder) } else { name }
    }
}

/// The components and the sources of services in a folder, each with the name that it gives its
/// component's file, without the ending.
///
/// The folder itself where it is the source of one, or else each component, source file and folder
/// with a source in it, in the order of their paths. Hidden files and tests are none.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn services_in(folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let is_package = |marker: &str| folder.join(marker).is_file();
    if Language::ALL.into_iter().filter_map(Language::marker).any(is_package) {
        let source = Source::find(folder).ok();
        return Ok(source.map(|source| (source.name(), folder.to_owned())).into_iter().collect());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        found.extend(service_at(&path).map(|name| (name, path)));
    }
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    Ok(found)
}

/// The name that a component or a service's source gives its component's file, without the ending;
/// none when it is neither.
pub fn service_at(path: &Path) -> Option<String> {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if hidden || is_test(path) {
        return None;
    }
    if path.is_file() && path.extension().is_some_and(|end| end == "wasm") {
        return Some(path.file_stem()?.to_string_lossy().into_owned());
    }
    Some(Source::find(path).ok()?.name())
}

fn folder_name(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The one file of a folder that declares its services.
fn main_file(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut sources: Vec<PathBuf> =
        files.filter(|file| Language::of_file(file).is_some() && !is_test(file)).collect();
    sources.sort();
    let like_folder = folder_name(folder).replace('-', "_");
    let stem =
        |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
    let named = sources.iter().find(|file| [&*like_folder, "service"].contains(&&*stem(file)));
    match (named, sources.as_slice()) {
        (Some(file), _) => Some(file.clone()),
        (None, [only]) => Some(only.clone()),
        _ => None,
    }
}

/// Whether a file is a test, by the names that the languages' test runners look for, or another
/// that goes with a source and is none.
pub(super) fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with(".d")
        || stem.ends_with(".config")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is found in a folder `my-shop` with these files.
    #[track_caller]
    fn check(files: &[&str], expected: Option<(Language, &str, &str)>) {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("my-shop");
        std::fs::create_dir(&shop).unwrap();
        for file in files {
            std::fs::write(shop.join(file), "").unwrap();
        }
        let found = Source::find(&shop).ok();
        let found = found.map(|source| (source.language, source.file.clone(), source.name()));
        let expected =
            expected.map(|(language, file, name)| (language, shop.join(file), name.to_owned()));
        assert_eq!(found, expected, "{files:?}");
    }

    #[test]
    fn a_folder_holds_one_service() {
        use Language::*;
        check(&["Cargo.toml", "x.py"], Some((Rust, "Cargo.toml", "my-shop")));
        check(&["go.mod", "service.go"], Some((Go, "go.mod", "my-shop")));
        check(&["my_shop.py", "test_my_shop.py", "b.py"], Some((Python, "my_shop.py", "my_shop")));
        check(&["my-shop.ts", "my-shop.test.ts"], Some((TypeScript, "my-shop.ts", "my-shop")));
        check(&["service.js", "other.js"], Some((JavaScript, "service.js", "my-shop")));
        check(&["only.c", "test_only.c"], Some((C, "only.c", "only")));
        check(&["a.py", "b.py"], None);
        check(&["README.md"], None);
        check(&[], None);
    }

    #[test]
    fn a_folder_holds_components_and_sources() {
        let folder = tempfile::tempdir().unwrap();
        let names = || -> Vec<String> {
            let found = services_in(folder.path()).unwrap();
            found.into_iter().map(|(name, _)| name).collect()
        };
        for file in ["my_b.wasm", "a.py", "a_test.py", ".c.wasm", "README.md"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        for inside in ["d", "empty", "e.wasm"] {
            std::fs::create_dir(folder.path().join(inside)).unwrap();
        }
        std::fs::write(folder.path().join("d").join("go.mod"), "").unwrap();
        assert_eq!(names(), ["a", "d", "my_b"]);
        std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        let [(_, path)] = services_in(folder.path()).unwrap().try_into().unwrap();
        assert_eq!(path, folder.path());
        assert!(services_in(&folder.path().join("gone")).is_err());
    }

    #[test]
    fn a_file_is_a_service_by_its_ending() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.py");
        std::fs::write(&file, "").unwrap();
        let source = Source::find(&file).unwrap();
        assert_eq!((source.language, source.name()), (Language::Python, "users".to_owned()));
        assert_eq!(source.folder, folder.path());
        assert!(Source::find(&folder.path().join("gone.py")).is_err());
    }
}
