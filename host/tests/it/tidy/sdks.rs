//! The modules of the Python and JavaScript SDKs have no import cycles.

use super::{files, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files that each file imports when it is loaded.
type Imports = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

fn imports(folder: &str, end: &str, imported: impl Fn(&Path, &str) -> Vec<PathBuf>) -> Imports {
    let wanted = |file: &&PathBuf| {
        let tests = file.starts_with(format!("{folder}/tests"));
        file.starts_with(folder) && file.extension().is_some_and(|e| e == end) && !tests
    };
    let all: BTreeSet<_> = files().iter().filter(wanted).cloned().collect();
    let of = |file: &PathBuf| {
        let found: BTreeSet<_> = read(file).lines().flat_map(|line| imported(file, line)).collect();
        (file.clone(), found.intersection(&all).cloned().collect())
    };
    all.iter().map(of).collect()
}

/// Returns the files that a line imports, such as `from . import host, typed` or
/// `from .error import CacheError`. Some of the files may not exist.
fn imported_by_python(file: &Path, line: &str) -> Vec<PathBuf> {
    let root = Path::new("guest-sdk/python");
    let (from, names) = match line.strip_prefix("from ").and_then(|l| l.split_once(" import ")) {
        Some(found) => found,
        None => (line.strip_prefix("import ").unwrap_or_default(), ""),
    };
    let relative = from.starts_with('.');
    let folder = if relative { file.parent().unwrap() } else { root };
    let module = folder.join(from.trim_start_matches('.').replace('.', "/"));
    let submodule = |name: &str| module.join(name.trim()).with_extension("py");
    let mut found: Vec<_> = names.split(',').map(submodule).collect();
    found.push(module.with_extension("py"));
    // Before a relative import, Python has already begun to load the package's `__init__.py`.
    found.extend((!relative).then(|| module.join("__init__.py")));
    found
}

/// Returns the file that a line imports, such as `import { host } from "./host.js"` or the last
/// line of a longer import.
fn imported_by_javascript(file: &Path, line: &str) -> Vec<PathBuf> {
    let is_import = line.starts_with("import ") || line.contains("} from ");
    let path = line.split_once("from \"").filter(|_| is_import).map(|(_, path)| path);
    let Some(path) = path.and_then(|path| path.split('"').next()) else { return Vec::new() };
    let mut folder = file.parent().unwrap().to_owned();
    for _ in 0..path.matches("../").count() {
        folder.pop();
    }
    vec![folder.join(path.trim_start_matches("../").trim_start_matches("./"))]
}

/// Checks that no file imports itself through others, and that a known import is found.
#[track_caller]
fn check(imports: &Imports, known: (&str, &str)) {
    let (importer, imported) = (Path::new(known.0), PathBuf::from(known.1));
    assert!(imports[importer].contains(&imported), "{known:?} is not found");
    for file in imports.keys() {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<_> = imports[file].iter().collect();
        while let Some(next) = waiting.pop() {
            assert_ne!(next, file, "{} imports itself by way of {reached:?}", file.display());
            if reached.insert(next) {
                waiting.extend(&imports[next]);
            }
        }
    }
}

#[test]
fn no_python_module_imports_itself_through_others() {
    let imports = imports("guest-sdk/python", "py", imported_by_python);
    let sdk = "guest-sdk/python/hostel_sdk";
    check(&imports, (&format!("{sdk}/cache.py"), &format!("{sdk}/host.py")));
}

#[test]
fn no_javascript_module_imports_itself_through_others() {
    let imports = imports("guest-sdk/javascript", "js", imported_by_javascript);
    let sdk = "guest-sdk/javascript";
    check(&imports, (&format!("{sdk}/cache.js"), &format!("{sdk}/host.js")));
}
