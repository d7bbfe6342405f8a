//! Finds plugins: determines whether a folder is the source of one service or a folder of plugins.

use super::files::{is_hidden, is_ignored};
use super::location::{Location, folder_of, real_place};
use crate::file;
use crate::toolchain::{BuildError, Language, Source, folder_name, is_test};
use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

/// The plugins at a path, sorted by path.
///
/// A path with the extension `.wasm` is a component, even if nothing exists there. Any other file
/// is a source if it has an extension of a language; a Rust file only if a `Cargo.toml` is beside
/// it. A folder is the first of these that applies:
///
/// 1. a package, if it has a `Cargo.toml` or a `go.mod`: one service, named after the folder;
/// 2. a folder of plugins, if it contains a component;
/// 3. one service, if a source file is named like the folder, or `service`: the other files are its
///    modules;
/// 4. one service, if it has one source file and no folder that is one service by 1 or 3;
/// 5. a folder of plugins.
///
/// A path to the file of rule 3, or to a file beside the manifest of rule 1 in the package's
/// language, leads to the service of the folder.
///
/// In a folder of plugins each component, each source file and each folder that is one service is a
/// plugin. Hidden files and folders, source files of tests, `__init__.py`, and folders of installed
/// or built files are ignored, unless the path itself names one.
///
/// # Errors
///
/// If the path cannot be read.
pub fn discover(path: &Path) -> io::Result<Vec<Location>> {
    if is_component(path) {
        return Ok(vec![Location::Component(path.to_owned())]);
    }
    if !path.metadata().map_err(|error| file::explained(path, error))?.is_dir() {
        return Ok(source_file(path).into_iter().collect());
    }
    let folder = Folder::read(path)?;
    Ok(match folder.one_service() {
        Some(source) => vec![Location::Source(source)],
        None => folder.plugins(),
    })
}

/// The components in a folder except hidden ones, sorted by path. Any path that ends in `.wasm`
/// counts as a component.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn components(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(Folder::read(folder)?.components)
}

/// The plugin of this name in a folder; a component takes precedence over a source. If the folder
/// is one service, the plugin may be that service, or a plugin inside the folder. `None` if no
/// plugin has this name.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn by_name(folder: &Path, name: &str) -> io::Result<Option<Location>> {
    let folder = Folder::read(folder)?;
    let mut found: Vec<Location> = folder.one_service().into_iter().map(Location::Source).collect();
    found.extend(folder.plugins());
    found.retain(|location| location.name() == name);
    found.sort_by_key(|location| !matches!(location, Location::Component(_)));
    Ok(found.into_iter().next())
}

impl Location {
    /// The only plugin at a path, as [`discover`] finds it.
    ///
    /// # Errors
    ///
    /// If the path cannot be read, or there is no plugin or more than one plugin.
    pub fn at(path: &Path) -> Result<Location, BuildError> {
        let unreadable = |source| BuildError::Read { path: path.to_owned(), source };
        let mut found = discover(path).map_err(unreadable)?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                found.push(last);
                let shown = |location: &Location| location.path().display().to_string();
                let plugins = found.iter().map(shown).collect::<Vec<_>>().join(", ");
                Err(BuildError::SeveralPlugins { path: path.to_owned(), plugins })
            }
            (None, _) if holds_rust(path) => Err(BuildError::NoManifest(path.to_owned())),
            (None, _) => Err(BuildError::NoSource(path.to_owned())),
        }
    }
}

/// The [`Location::place`] of the plugin at a path. If there is not exactly one plugin, the place
/// that a file at this path would have, or `None` if the path does not end in a name or its folder
/// does not exist.
pub fn place_of(path: &Path) -> Option<PathBuf> {
    Location::at(path).map_or_else(|_| real_place(path), |location| location.place())
}

/// True for a Rust file, or a folder that contains one. If there is no plugin at the path, this
/// means that the package's manifest is missing.
fn holds_rust(path: &Path) -> bool {
    let is_rust = |file: &Path| Language::of_file(file) == Some(Language::Rust);
    let Ok(entries) = path.read_dir() else { return is_rust(path) };
    entries.filter_map(Result::ok).any(|entry| is_rust(&entry.path()))
}

/// True if an entry of a folder is a folder, or a link to one.
fn is_folder(entry: &DirEntry) -> io::Result<bool> {
    let kind = entry.file_type()?;
    Ok(kind.is_dir() || kind.is_symlink() && entry.path().is_dir())
}

fn is_component(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wasm"))
}

/// The source of a folder that is a package, or `None`.
fn package(folder: &Path) -> Option<Source> {
    let package = |language: Language| {
        let file = folder.join(language.manifest()?);
        let folder = folder.to_owned();
        file.is_file().then_some(Source { language, folder, file, is_whole_folder: true })
    };
    Language::ALL.into_iter().find_map(package)
}

/// The source that a file belongs to: its folder's service, or the file alone. `None` if the file
/// belongs to no source.
fn source_file(file: &Path) -> Option<Location> {
    let language = Language::of_file(file)?;
    let folder = Folder::read(folder_of(file)).ok()?;
    let is_package = |whole: &Source| package(&folder.path).as_ref() == Some(whole);
    let declares = |whole: &Source| match is_package(whole) {
        true => whole.language == language,
        false => whole.file.file_name() == file.file_name(),
    };
    let alone = || folder.source(file, false).filter(|alone| alone.language != Language::Rust);
    folder.whole().filter(declares).or_else(alone).map(Location::Source)
}

/// The components, source files and folders in a folder, except hidden ones. Each list is sorted by
/// path.
struct Folder {
    path: PathBuf,
    components: Vec<PathBuf>,
    /// Source files except tests and Rust files: a Rust file only counts as part of a package.
    sources: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Folder {
    fn read(path: &Path) -> io::Result<Folder> {
        let mut folder = Folder {
            path: path.to_owned(),
            components: Vec::new(),
            sources: Vec::new(),
            folders: Vec::new(),
        };
        for entry in path.read_dir()? {
            let entry = entry?;
            let file = path.join(entry.file_name());
            if is_hidden(&file) {
                continue;
            }
            let is_source = Language::of_file(&file).is_some_and(|found| found != Language::Rust);
            if is_component(&file) {
                folder.components.push(file);
            } else if is_folder(&entry)? {
                folder.folders.push(file);
            } else if is_source && !is_test(&file) && file.is_file() {
                folder.sources.push(file);
            }
        }
        folder.components.sort();
        folder.sources.sort();
        folder.folders.sort();
        Ok(folder)
    }

    /// The service that comprises the whole folder, if the folder's manifest or a file's name
    /// declares one. A name does not count if the folder contains a component.
    fn whole(&self) -> Option<Source> {
        if let Some(package) = package(&self.path) {
            return Some(package);
        }
        let stem =
            |file: &Path| file.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
        let names = [folder_name(&self.path).replace('-', "_"), "service".to_owned()];
        let named = self.sources.iter().find(|file| names.contains(&stem(file)));
        let file = named.filter(|_| self.components.is_empty())?;
        self.source(file, true)
    }

    /// The service of the folder, if the folder is one service by the rules of [`discover`].
    fn one_service(&self) -> Option<Source> {
        if let Some(whole) = self.whole() {
            return Some(whole);
        }
        let [file] = self.sources.as_slice() else { return None };
        let is_module = file.file_stem() == Some(OsStr::new("__init__"));
        let is_whole = |path: &PathBuf| {
            !is_ignored(path) && Folder::read(path).is_ok_and(|folder| folder.whole().is_some())
        };
        let holds_others = !self.components.is_empty() || self.folders.iter().any(is_whole);
        if is_module || holds_others { None } else { self.source(file, false) }
    }

    /// The plugins in a folder of plugins.
    fn plugins(&self) -> Vec<Location> {
        let components = self.components.iter().cloned().map(Location::Component);
        let is_plugin = |file: &&PathBuf| file.file_stem() != Some(OsStr::new("__init__"));
        let files = self.sources.iter().filter(is_plugin);
        let files = files.filter_map(|file| self.source(file, false));
        let folders = self.folders.iter().filter(|path| !is_ignored(path));
        let folders = folders.filter_map(|path| Folder::read(path).ok()?.one_service());
        let mut plugins: Vec<Location> =
            components.chain(files.chain(folders).map(Location::Source)).collect();
        plugins.sort_by(|a, b| a.path().cmp(b.path()));
        plugins
    }

    fn source(&self, file: &Path, is_whole_folder: bool) -> Option<Source> {
        let language = Language::of_file(file)?;
        let (folder, file) = (self.path.clone(), file.to_owned());
        Some(Source { language, folder, file, is_whole_folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a folder `my-shop` with these files and folders; folders end in a slash.
    fn shop(entries: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("my-shop");
        std::fs::create_dir(&shop).unwrap();
        for entry in entries {
            let path = shop.join(entry);
            match entry.ends_with('/') {
                true => std::fs::create_dir_all(path).unwrap(),
                false => {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, "").unwrap();
                }
            }
        }
        (folder, shop)
    }

    /// Checks the names and paths of the plugins in `my-shop` with these entries; the folder
    /// itself is `.`.
    #[track_caller]
    fn check(entries: &[&str], expected: &[(&str, &str)]) {
        let (_folder, shop) = shop(entries);
        let found = discover(&shop).unwrap();
        let path = |location: &Location| match location.path().strip_prefix(&shop).unwrap() {
            path if path == Path::new("") => ".".to_owned(),
            path => path.to_string_lossy().into_owned(),
        };
        let found: Vec<_> = found.iter().map(|it| (it.name(), path(it))).collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
        assert_eq!(found, expected, "{entries:?}");
    }

    #[test]
    fn a_folder_is_one_service_by_its_manifest_or_by_a_name_or_when_it_has_one_file() {
        check(&["Cargo.toml", "x.py", "y.wasm", "src/lib.rs"], &[("my-shop", ".")]);
        check(&["go.mod", "service.go", "other.go"], &[("my-shop", ".")]);
        check(&["my_shop.py", "helper.py", "test_my_shop.py"], &[("my-shop", ".")]);
        check(&["my-shop.ts", "my-shop.test.ts", "types.d.ts"], &[("my-shop", ".")]);
        check(&["service.js", "other.js"], &[("my-shop", ".")]);
        check(&["only.c", "test_only.c", "only.h"], &[("only", "only.c")]);
        check(&["only.py", "models/user.py", "models/shop.py"], &[("only", "only.py")]);
        check(&["only.py", "models/user.py"], &[("only", "only.py")]);
        check(&["my_shop.py", "orders/orders.py"], &[("my-shop", ".")]);
    }

    #[test]
    fn a_folder_of_plugins_holds_components_source_files_and_folders_of_services() {
        check(&["a.py", "b.js", "README.md"], &[("a", "a.py"), ("b", "b.js")]);
        check(&["only.wasm", "notes.txt"], &[("only", "only.wasm")]);
        check(&["only.py", "x.wasm"], &[("only", "only.py"), ("x", "x.wasm")]);
        check(&["my_shop.py", "x.wasm"], &[("my-shop", "my_shop.py"), ("x", "x.wasm")]);
        check(&["only.py", "b/Cargo.toml"], &[("b", "b"), ("only", "only.py")]);
        check(
            &["a.py", "b.py", "c/only.js"],
            &[("a", "a.py"), ("b", "b.py"), ("only", "c/only.js")],
        );
        check(
            &["a.wasm", "load_test.wasm", "b.wasm/"],
            &[("a", "a.wasm"), ("b", "b.wasm"), ("load-test", "load_test.wasm")],
        );
        check(&["a.py", "b.py", "c/a.py", "c/b.py"], &[("a", "a.py"), ("b", "b.py")]);
    }

    #[test]
    fn what_was_not_written_as_a_service_is_left_out() {
        check(&[], &[]);
        check(&["README.md", "src/lib.rs", "build.rs"], &[]);
        let hidden = [".a.py", ".b.wasm", ".c/c.py", ".venv/d.py"];
        let made = ["target/e.py", "node_modules/f.js", "venv/g.py", "env/pyvenv.cfg", "env/h.py"];
        let tests = ["test_i.py", "j_test.go", "k.config.js"];
        check(&[&hidden[..], &made, &tests].concat(), &[]);
        check(&["a.py", "b.py", "__init__.py"], &[("a", "a.py"), ("b", "b.py")]);
        check(&["__init__.py"], &[]);
        check(&["a.py", "b.py", "c/__init__.py", "c/d.py"], &[("a", "a.py"), ("b", "b.py")]);
    }

    /// Checks the result of `Location::at` for a path in `my-shop`: the plugin's name, and whether
    /// the whole folder is its source.
    #[track_caller]
    fn check_at(entries: &[&str], path: &str, expected: Result<(&str, bool), &str>) {
        let (_folder, shop) = shop(entries);
        let found = Location::at(&shop.join(path));
        let is_whole = |it: &Location| matches!(it, Location::Source(it) if it.is_whole_folder);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!((&*found.name(), is_whole(&found)), expected, "{path}");
            }
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, _) => panic!("{path}: {found:?}"),
        }
    }

    #[test]
    fn a_path_is_what_it_names_also_where_a_folder_of_plugins_would_leave_it_out() {
        check_at(&["my_shop.py", "helper.py"], "my_shop.py", Ok(("my-shop", true)));
        check_at(&["my_shop.py", "helper.py"], "helper.py", Ok(("helper", false)));
        check_at(&["go.mod", "service.go"], "service.go", Ok(("my-shop", true)));
        check_at(&["go.mod", "x.py"], "x.py", Ok(("x", false)));
        check_at(&["service.go"], "service.go", Ok(("my-shop", true)));
        check_at(&["service.py", "x.wasm"], "service.py", Ok(("my-shop", false)));
        check_at(&["greeter.go"], "greeter.go", Ok(("greeter", false)));
        check_at(&["test_x.py"], "test_x.py", Ok(("test-x", false)));
        check_at(&["target/x.wasm"], "target", Ok(("x", false)));
        check_at(&[".hidden/y.py"], ".hidden", Ok(("y", false)));
        check_at(&[], "gone.wasm", Ok(("gone", false)));
        check_at(&["Cargo.toml", "src/lib.rs"], "src", Err("src is not in a Cargo package"));
        check_at(
            &["Cargo.toml", "src/lib.rs"],
            "src/lib.rs",
            Err("lib.rs is not in a Cargo package"),
        );
        check_at(&["a.py", "b.js"], "", Err("my-shop/a.py, "));
        check_at(&["notes.txt"], "notes.txt", Err("notes.txt is not a service"));
        check_at(&[], "", Err("my-shop/ contains no service"));
        check_at(&[], "gone.py", Err("cannot read "));
    }

    #[test]
    fn a_plugin_is_found_by_its_name_a_component_first() {
        let (_folder, shop) = shop(&["my_shop.py", "users.py"]);
        let path = |name: &str| by_name(&shop, name).unwrap().map(|it| it.path().to_owned());
        assert_eq!(path("my-shop"), Some(shop.clone()));
        assert_eq!(path("users"), Some(shop.join("users.py")), "a module that is named");
        assert_eq!(path("other"), None);
        std::fs::write(shop.join("users.wasm"), "").unwrap();
        assert_eq!(path("users"), Some(shop.join("users.wasm")));
    }

    #[test]
    fn a_place_is_the_same_however_its_path_is_written() {
        let (_folder, shop) = shop(&["my_shop.py", "helper.py"]);
        let place = place_of(&shop);
        assert!(place.is_some());
        assert_eq!(place_of(&shop.join("my_shop.py")), place);
        assert_eq!(place_of(&shop.join("../my-shop")), place);
        assert_ne!(place_of(&shop.join("helper.py")), place);
        assert_eq!(place_of(&shop.join("gone/x.wasm")), None);
    }
}
