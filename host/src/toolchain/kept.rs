//! What is made once and kept: tools fetched from their registries, and components built from
//! sources that have not changed since.

use super::source::Source;
use super::{BuildError, Progress, SdkError, sdk};
use crate::bounded;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// Most files and folders beside a source that are looked at: more is not a service but a disk.
const MOST_FILES: usize = 10_000;

/// Folders that hold no source of the service.
const NOT_SOURCE: &[&str] = &["node_modules", "target", "__pycache__", "venv"];

/// The folder of a tool, fetched if it is not there.
///
/// `fetch` fills a temporary folder, which is renamed when it is whole: no half of a tool is ever
/// used, and of two processes that fetch at once one result stays.
pub(super) fn tool(
    name: &str,
    version: &str,
    progress: Progress<'_>,
    fetch: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let tools = sdk::data_folder()?.join("tools");
    let folder = tools.join(format!("{name}-{version}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    (progress.line)(&format!("fetching {name} {version}, once, to {}", folder.display()));
    let failed = |source| SdkError::Write { path: tools.clone(), source };
    std::fs::create_dir_all(&tools).map_err(failed)?;
    let making = tempfile::tempdir_in(&tools).map_err(failed)?;
    let made = making.path().join("tool");
    std::fs::create_dir(&made).map_err(failed)?;
    fetch(&made)?;
    match std::fs::rename(&made, &folder) {
        Err(error) if !folder.is_dir() => Err(failed(error).into()),
        _ => Ok(folder),
    }
}

/// The component of a source, built, and said to be, if no component of the same source is kept.
///
/// `tools` names the versions of what builds it. `build` writes the component to the file it is
/// given. A source of which it cannot be told whether it is the same, since there are too many
/// files beside it, is built each time.
pub(super) fn component(
    source: &Source,
    tools: &str,
    progress: Progress<'_>,
    build: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let built = sdk::cache_folder()?.join("built");
    let unreadable = |error| BuildError::Read { path: source.folder.clone(), source: error };
    let files = files_of(source, MOST_FILES).map_err(unreadable)?;
    let name = digest(source, tools, files.as_deref()).map_err(unreadable)?;
    let folder = built.join(name);
    let component = folder.join(source.name()).with_extension("wasm");
    bounded::mark_used(&folder);
    if files.is_some() && component.is_file() {
        return Ok(component);
    }
    let failed = |source| SdkError::Write { path: built.clone(), source };
    std::fs::create_dir_all(&built).map_err(failed)?;
    let making = tempfile::tempdir_in(&built).map_err(failed)?;
    let made = making.path().join("component.wasm");
    (progress.line)(&format!("building {}", source.file.display()));
    build(&made)?;
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::rename(&made, &component).map_err(failed)?;
    bounded::prune(&built);
    Ok(component)
}

/// A number for everything that decides what a build makes: the source and its place, the SDK and
/// the tools.
fn digest(source: &Source, tools: &str, files: Option<&[PathBuf]>) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut add = |name: &Path, content: &[u8]| {
        let name = name.to_string_lossy();
        for part in [name.as_bytes(), content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    };
    // However the path was written, it is the same source.
    let place = std::path::absolute(&source.file)?;
    add(Path::new(tools), place.to_string_lossy().as_bytes());
    for (name, content) in sdk::files() {
        add(&name, &content);
    }
    for file in files.unwrap_or_default() {
        add(&std::path::absolute(file)?, &std::fs::read(file)?);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The files below the source's folder that a build may read, in order. `None` when there are more
/// files than `most`, hidden ones and those that others made left out: a source beside which lies
/// somebody's whole home is no reason to read that.
fn files_of(source: &Source, most: usize) -> io::Result<Option<Vec<PathBuf>>> {
    let mut files = Vec::new();
    let mut seen = 0;
    let mut folders = vec![source.folder.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            // Nor can the build read it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || NOT_SOURCE.contains(&&*name) {
                continue;
            }
            seen += 1;
            if seen > most {
                return Ok(None);
            }
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && source.language.reads(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(Some(files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_what_a_build_may_read_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        for file in
            ["a.py", "b/c.py", "b/d.txt", ".e/f.py", "node_modules/g.py", "venv/h.py", "i.go"]
        {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let source = Source::find(&folder.path().join("a.py")).unwrap();
        let expected = ["a.py", "b/c.py"].map(|file| folder.path().join(file)).to_vec();
        assert_eq!(files_of(&source, 5).unwrap(), Some(expected), "a.py, b, c.py, d.txt, i.go");
        assert_eq!(files_of(&source, 4).unwrap(), None);
    }

    #[test]
    fn a_digest_tells_sources_and_tools_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        fs::write(&file, "one").unwrap();
        let source = Source::find(&file).unwrap();
        let files = [file.clone()];
        let number = |tools, files| digest(&source, tools, files).unwrap();
        let one = number("tools", Some(&files));
        assert_eq!(number("tools", Some(&files)), one);
        assert_ne!(number("others", Some(&files)), one);
        assert_ne!(number("tools", None), one);
        fs::write(&file, "two").unwrap();
        assert_ne!(number("tools", Some(&files)), one);
    }
}
