//! What is made once and kept: tools fetched from their registries, and components built from
//! sources that have not changed since.

use super::source::Source;
use super::{BuildError, Progress, SdkError, sdk};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// Most files of a source that are looked at: more is not a service but a disk.
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

/// The component of a source, built if no component of the same source is kept.
///
/// `tools` names the versions of what builds it. `build` writes the component to the file it is
/// given.
pub(super) fn component(
    source: &Source,
    tools: &str,
    build: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let built = sdk::cache_folder()?.join("built");
    let unreadable = |error| BuildError::Read { path: source.folder.clone(), source: error };
    let folder = built.join(digest(source, tools).map_err(unreadable)?);
    let component = folder.join(source.name()).with_extension("wasm");
    if component.is_file() {
        return Ok(component);
    }
    let failed = |source| SdkError::Write { path: built.clone(), source };
    std::fs::create_dir_all(&built).map_err(failed)?;
    let making = tempfile::tempdir_in(&built).map_err(failed)?;
    let made = making.path().join("component.wasm");
    build(&made)?;
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::rename(&made, &component).map_err(failed)?;
    Ok(component)
}

/// A number for everything that decides what a build makes: the source, the SDK and the tools.
fn digest(source: &Source, tools: &str) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut add = |name: &Path, content: &[u8]| {
        let name = name.to_string_lossy();
        for part in [name.as_bytes(), content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    };
    add(Path::new(tools), source.file.to_string_lossy().as_bytes());
    for (name, content) in sdk::files() {
        add(&name, &content);
    }
    let mut files = Vec::new();
    let mut seen = 0;
    collect(&source.folder, &mut seen, &mut files)?;
    files.retain(|file| source.language.reads(file));
    files.sort();
    for file in files {
        add(&file, &std::fs::read(&file)?);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The files below a folder, hidden ones and those that others made left out.
fn collect(folder: &Path, seen: &mut usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        *seen += 1;
        if *seen > MOST_FILES {
            let message = format!("more than {MOST_FILES} files: give the service its own folder");
            return Err(io::Error::other(message));
        }
        if name.starts_with('.') || NOT_SOURCE.contains(&&*name) {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), seen, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}
