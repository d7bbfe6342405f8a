//! Finds the imports between the files of a crate. Follows every `use` and every path that begins
//! with `crate::`, `super::`, `self::` or a child module, through re-exports, to the file that
//! defines the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of one crate, each with its file.
pub struct Modules {
    files: BTreeMap<Vec<String>, Module>,
}

struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    /// Names that a `use` imports, with their origins; `None` for another crate.
    uses: Uses,
    paths: Vec<Import>,
}

/// A path that a file names.
struct Import {
    path: Vec<String>,
    /// True for `pub use`, which only re-exports the name.
    is_re_export: bool,
}

impl Modules {
    /// Parses the files of a library; skips `main.rs`, which is another crate. `files` contains the
    /// path of each file and its text, from which the caller has removed the tests.
    pub fn read(root: &Path, files: &[(PathBuf, String)]) -> Modules {
        let module = |file: &PathBuf| -> Vec<String> {
            let inside = file.strip_prefix(root).unwrap().with_extension("");
            let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
            parts.filter(|part| part != "lib" && part != "main").collect()
        };
        let names: BTreeSet<Vec<String>> = files.iter().map(|(file, _)| module(file)).collect();
        let is_root_of_program = |file: &PathBuf| file.ends_with("main.rs");
        let read =
            files.iter().filter(|(file, _)| !is_root_of_program(file)).map(|(file, text)| {
                let own = module(file);
                let children = names.iter().filter(|name| {
                    name.split_last().is_some_and(|(_, parent)| parent == own.as_slice())
                });
                let children: BTreeSet<_> =
                    children.filter_map(|name| name.last().cloned()).collect();
                let (uses, paths) = imports(text, &own, &children);
                (own, Module { file: file.clone(), children, uses, paths })
            });
        Modules { files: read.collect() }
    }

    /// Returns each file with the other files that it imports from. A `pub use` is not an import by
    /// its own file. A file that uses the re-exported name imports from the file that defines it.
    pub fn arrows(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let arrows = self.files.values().map(|module| {
            let imports = module.paths.iter().filter(|import| !import.is_re_export);
            let targets = imports.filter_map(|import| self.resolve(&import.path, 0));
            let targets = targets.filter(|target| *target != module.file).collect();
            (module.file.as_path(), targets)
        });
        arrows.collect()
    }

    /// Returns the root modules at which the paths of a file's imports begin. A name that the
    /// crate's root re-exports counts for the root module from which the root imports the name.
    pub fn modules_named_by(&self, file: &Path) -> BTreeSet<String> {
        let root = &self.files[&Vec::new()];
        let module = self.files.values().find(|module| module.file == file);
        let imports = module.into_iter().flat_map(|module| &module.paths);
        let name = |import: &Import| {
            let first = import.path.first()?;
            if root.children.contains(first) {
                return Some(first.clone());
            }
            root.uses.get(first)?.as_ref()?.first().cloned()
        };
        imports.filter_map(name).collect()
    }

    /// Returns the file that defines the item at a path, or `None` if the path leaves the crate.
    fn resolve(&self, path: &[String], depth: usize) -> Option<&Path> {
        let mut at: Vec<String> = Vec::new();
        for (index, name) in path.iter().enumerate() {
            let module = self.files.get(&at)?;
            if module.children.contains(name) {
                at.push(name.clone());
                continue;
            }
            if let Some(origin) = module.uses.get(name)
                && origin.as_deref() != Some(&path[..=index])
                && depth < 16
            {
                let whole = [origin.as_deref()?, &path[index + 1..]].concat();
                return self.resolve(&whole, depth + 1);
            }
            return Some(&module.file);
        }
        self.files.get(&at).map(|module| module.file.as_path())
    }
}

/// Returns each group of files that import each other, directly or in a cycle.
pub fn circles<'a>(arrows: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> Vec<BTreeSet<&'a Path>> {
    let reach = |from: &'a Path| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            for target in arrows.get(file).into_iter().flatten() {
                if seen.insert(*target) {
                    next.push(target);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Path, _> = arrows.keys().map(|file| (*file, reach(file))).collect();
    let mut groups: Vec<BTreeSet<&Path>> = Vec::new();
    for (file, targets) in &reached {
        if targets.contains(file) && !groups.iter().any(|group| group.contains(file)) {
            let back = targets.iter().filter(|target| reached[**target].contains(file));
            groups.push(back.copied().collect());
        }
    }
    groups
}

type Uses = BTreeMap<String, Option<Vec<String>>>;

/// Returns the imports of a text as paths from the crate's root.
fn imports(text: &str, own: &[String], children: &BTreeSet<String>) -> (Uses, Vec<Import>) {
    let tokens = tokens(text);
    let (mut uses, mut paths) = (Uses::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let captures = tokens.get(at + 1).is_some_and(|token| token == "<");
        if tokens[at] == "use" && !captures {
            let is_re_export = at > 0 && ["pub", ")"].contains(&&*tokens[at - 1]);
            let end = at + tokens[at..].iter().position(|token| token == ";").unwrap_or(0);
            let mut leaves = Vec::new();
            use_tree(&tokens[at + 1..end], Vec::new(), &mut leaves);
            for (path, name) in leaves {
                let path = absolute(&path, own, children);
                uses.insert(name, path.clone());
                paths.extend(path.map(|path| Import { path, is_re_export }));
            }
            at = end;
        } else if starts_a_path(&tokens, at) {
            let mut path = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|token| token == "::")
                && tokens.get(at + 2).is_some_and(|token| is_name(token))
            {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            if let Some(path) = absolute(&path, own, children) {
                paths.push(Import { path, is_re_export: false });
            }
        }
        at += 1;
    }
    (uses, paths)
}

fn starts_a_path(tokens: &[String], at: usize) -> bool {
    // `pub(in crate::a)` limits visibility and imports nothing.
    let is_visibility = at > 1 && tokens[at - 1] == "in" && tokens[at - 2] == "(";
    is_name(&tokens[at])
        && !is_visibility
        && tokens.get(at + 1).is_some_and(|token| token == "::")
        && (at == 0 || tokens[at - 1] != "::")
}

/// Collects the leaves of a `use` tree, each with its local name.
fn use_tree(tokens: &[String], mut path: Vec<String>, leaves: &mut Vec<(Vec<String>, String)>) {
    let mut at = 0;
    while at < tokens.len() {
        match &*tokens[at] {
            "::" => {}
            "{" => {
                let (mut depth, mut start) = (0, at + 1);
                for (index, token) in tokens.iter().enumerate().skip(at) {
                    depth += i32::from(token == "{") - i32::from(token == "}");
                    let ends = (depth == 1 && token == ",") || (depth == 0 && token == "}");
                    if ends {
                        use_tree(&tokens[start..index], path.clone(), leaves);
                        start = index + 1;
                    }
                    if depth == 0 {
                        break;
                    }
                }
                return;
            }
            "as" => {
                let name = tokens.get(at + 1).cloned().unwrap_or_default();
                leaves.push((path, name));
                return;
            }
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    // There is no leaf after a trailing comma.
    if let (Some(name), false) = (path.last().cloned(), tokens.is_empty()) {
        leaves.push((path, name));
    }
}

/// Returns a path as a path from the crate's root. `None` if the path begins neither with `crate`,
/// `self` or `super`, nor with a child module.
fn absolute(path: &[String], own: &[String], children: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut base = own.to_vec();
    let mut rest = path;
    match &*path[0] {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        first if children.contains(first) => {}
        _ => return None,
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns the names, numbers and punctuation of Rust source. Omits line comments, string literals
/// and character literals.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(len) = text_len(rest) {
            len
        } else if first.is_alphanumeric() || first == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..len].to_owned());
            len
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    tokens
}

/// Returns the length of the string or character literal at the start of a text, if there is one.
fn text_len(rest: &str) -> Option<usize> {
    if let Some(raw) = rest.strip_prefix('r')
        && let Some(quote) = raw.find('"')
        && raw[..quote].chars().all(|c| c == '#')
    {
        let end = format!("\"{}", &raw[..quote]);
        return Some(raw[quote + 1..].find(&end)? + quote + 2 + end.len());
    }
    let mut characters = rest.char_indices();
    match characters.next()?.1 {
        '"' => {
            let mut escaped = false;
            characters
                .find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                })
                .map(|(index, _)| index + 1)
        }
        '\'' => {
            let (_, first) = characters.next()?;
            if first == '\\' {
                return characters.skip(1).find(|(_, c)| *c == '\'').map(|(index, _)| index + 1);
            }
            // Anything else is a lifetime.
            characters.next().filter(|(_, c)| *c == '\'').map(|(index, _)| index + 1)
        }
        _ => None,
    }
}

#[test]
fn imports_are_followed_to_the_file_that_defines_the_name() {
    let files = |texts: &[(&str, &str)]| -> Vec<(PathBuf, String)> {
        let file = |(file, text): &(&str, &str)| (PathBuf::from(file), (*text).to_owned());
        texts.iter().map(file).collect()
    };
    let check = |texts: &[(&str, &str)], circle: &[&str]| {
        let modules = Modules::read(Path::new("s"), &files(texts));
        let arrows = modules.arrows();
        let found: BTreeSet<_> = circles(&arrows).into_iter().flatten().collect();
        assert_eq!(found, circle.iter().map(Path::new).collect::<BTreeSet<_>>(), "{texts:?}");
    };
    let root = ("s/lib.rs", "mod a; mod b;");
    check(&[root, ("s/a.rs", "use crate::b::B;"), ("s/b.rs", "struct B;")], &[]);
    let both = ["s/a.rs", "s/b.rs"];
    check(&[root, ("s/a.rs", "use super::b::{B, C};"), ("s/b.rs", "use crate::a::A;")], &both);
    check(&[root, ("s/a.rs", "fn f() { crate::b::g() }"), ("s/b.rs", "use crate::{a::A};")], &both);
    // A parent that only re-exports an item of its child makes no cycle. A parent that uses the
    // item makes one.
    let child = ("s/a/c.rs", "use super::A; // crate::b");
    check(&[root, ("s/a.rs", "mod c; pub use c::C; struct A;"), child, ("s/b.rs", "")], &[]);
    let circle = ["s/a.rs", "s/a/c.rs"];
    check(&[root, ("s/a.rs", "mod c; use c::C; struct A;"), child, ("s/b.rs", "")], &circle);
    check(&[root, ("s/a.rs", "mod c; fn f() { c::g() }"), child, ("s/b.rs", "")], &circle);
    // An item that the parent only imports is attributed to the file that defines the item.
    let handed = ("s/a.rs", "mod c; mod d; use d::D; use c::C;");
    let d = ("s/a/d.rs", "struct D;");
    check(&[root, handed, ("s/a/c.rs", "use super::D;"), d, ("s/b.rs", "")], &[]);
}
