//! What is made once and kept: tools fetched from their registries, and components built from
//! sources that have not changed since.

use super::{BuildError, Progress, SdkError, Source, sdk};
use crate::bounded;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

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

/// The component of a source: the cached one, or else a new one, which is reported.
///
/// `files` are those that belong to the source; where they are not known it is built each time.
/// `tools` names the versions of what builds it. `build` writes the component to the file it is
/// given.
pub(super) fn component(
    source: &Source,
    files: Option<&[PathBuf]>,
    tools: &str,
    progress: Progress<'_>,
    build: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let built = sdk::cache_folder()?.join("built");
    let unreadable = |error| BuildError::Read { path: source.folder.clone(), source: error };
    let name = digest(source, tools, files).map_err(unreadable)?;
    let folder = built.join(name);
    let component = folder.join(source.component_name());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Language;
    use std::fs;

    #[test]
    fn a_digest_tells_sources_and_tools_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        fs::write(&file, "one").unwrap();
        let source = Source {
            language: Language::Python,
            folder: folder.path().to_owned(),
            file: file.clone(),
            is_whole_folder: false,
        };
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
