//! Caches for fetched tools, for files that are created once for all services, and for built
//! components.

use super::inputs::now;
use super::work::Work;
use super::{BuildError, Inputs, Progress, SdkError, Source, mark, sdk};
use crate::bounded;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// Returns the folder of a tool. Fetches the tool if it is missing.
pub(super) fn tool(
    name: &str,
    version: &str,
    progress: Progress<'_>,
    fetch: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let tools = sdk::data_folder()?.join("tools");
    let folder = tools.join(format!("{name}-{version}"));
    once(&tools, folder, |made| {
        let folder = tools.join(format!("{name}-{version}"));
        (progress.line)(&format!("fetching {name} {version}, once, to {}", folder.display()));
        fetch(made).map_err(|error| match error {
            // Name the tool in the error, not the temporary folder.
            BuildError::Failed { path, why } if path == made => {
                let why = format!("it cannot be fetched: {why}");
                BuildError::Tool { tool: name.to_owned(), why }
            }
            other => other,
        })
    })
}

/// Returns the folder for files that are made once for all services, from a tool and the SDK. If
/// the folder is missing, `make` fills it. Other such folders are removed as [`bounded::prune`]
/// describes.
///
/// `tool` is the name and version of the tool.
pub(super) fn base(
    tool: &str,
    make: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let mut digest = Sha256::new();
    add_file(&mut digest, Path::new(tool), &[]);
    for (name, content) in sdk::files() {
        add_file(&mut digest, &name, &content);
    }
    let bases = sdk::cache_folder()?.join("bases");
    let folder = once(&bases, bases.join(hex(&digest.finalize())), make)?;
    bounded::mark_used(&folder);
    bounded::prune(&bases);
    Ok(folder)
}

/// Returns a folder in `parent`, and creates it if it is missing.
///
/// `make` fills a temporary folder, which is renamed when it is complete: no partial folder is ever
/// used, and if two processes create the folder concurrently, both use the first result.
fn once(
    parent: &Path,
    folder: PathBuf,
    make: impl FnOnce(&Path) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    if folder.is_dir() {
        return Ok(folder);
    }
    let failed = |source| SdkError::Write { path: parent.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(failed)?;
    let making = tempfile::tempdir_in(parent).map_err(failed)?;
    let made = making.path().join("made");
    std::fs::create_dir(&made).map_err(failed)?;
    make(&made)?;
    match std::fs::rename(&made, &folder) {
        Err(error) if !folder.is_dir() => Err(failed(error).into()),
        // If the rename failed, another process created the folder first: use its result.
        _ => Ok(folder),
    }
}

/// Returns the path of a source's component, and sets `inputs` to the files that the build read. If
/// no up-to-date component is cached, reports a build to `progress` and builds the component. After
/// a failure, adds the files that the build read to `inputs`.
///
/// `tools` identifies the versions of the build tools. `build` writes the component to the given
/// file, and adds the files that it reads to the given inputs, even if the build fails.
pub(super) fn component(
    Work { source, modules, progress }: Work<'_>,
    tools: &str,
    inputs: &mut Inputs,
    build: impl FnOnce(&Path, &mut Inputs) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let place = ComponentPlace::of(source, modules, tools)?;
    if let Some(component) = place.component(source, inputs) {
        return Ok(component);
    }
    let ComponentPlace { built, list, way } = place;
    let failed = |source| SdkError::Write { path: built.clone(), source };
    std::fs::create_dir_all(&built).map_err(failed)?;
    let making = tempfile::tempdir_in(&built).map_err(failed)?;
    let made = making.path().join("component.wasm");
    (progress.step)(&format!("building {}", source.file.display()));
    let (began, mut read) = (now(), Inputs::default());
    if let Err(error) = build(&made, &mut read) {
        inputs.extend(&read);
        return Err(error);
    }
    let unmarked = std::fs::read(&made).map_err(failed)?;
    std::fs::write(&made, mark::marked(unmarked, source)).map_err(failed)?;
    *inputs = read;
    let folder = match inputs.changed_since(began) {
        false => built.join(name(&way, inputs)),
        // The inputs changed during the build, so the component may be outdated: store it under a
        // name that no later build looks up.
        true => built.join(hex(&Sha256::digest(making.path().as_os_str().as_encoded_bytes()))),
    };
    let component = folder.join(source.component_name());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::rename(&made, &component).map_err(failed)?;
    bounded::prune(&built);
    write(&list, inputs).map_err(|source| SdkError::Write { path: list, source })?;
    Ok(component)
}

/// Returns the cached component that a build with `tools` made from a source, and sets `inputs` to
/// the files that this build read. Returns `None` if no such component is up to date. A quick build
/// can thus use the component of an ordinary build.
pub(super) fn by_others(
    Work { source, modules, .. }: Work<'_>,
    tools: &str,
    inputs: &mut Inputs,
) -> Result<Option<PathBuf>, BuildError> {
    let mut read = Inputs::default();
    let component = ComponentPlace::of(source, modules, tools)?.component(source, &mut read);
    if component.is_some() {
        *inputs = read;
    }
    Ok(component)
}

/// The place in the cache for the components that certain tools build from a source.
struct ComponentPlace {
    built: PathBuf,
    /// The file that lists the inputs of the last successful build.
    list: PathBuf,
    way: Sha256,
}

impl ComponentPlace {
    fn of(source: &Source, modules: Option<&[PathBuf]>, tools: &str) -> Result<Self, BuildError> {
        let cache = sdk::cache_folder()?;
        let unreadable = |error| BuildError::Read { path: source.folder.clone(), source: error };
        let way = digest(source, tools, modules).map_err(unreadable)?;
        let list = cache.join("inputs").join(hex(&way.clone().finalize()));
        Ok(ComponentPlace { built: cache.join("built"), list, way })
    }

    /// The cached component, if it is up to date. If the inputs of the last successful build are
    /// known, sets `inputs` to them.
    fn component(&self, source: &Source, inputs: &mut Inputs) -> Option<PathBuf> {
        *inputs = read(&self.list)?;
        let folder = self.built.join(name(&self.way, inputs));
        let component = Some(folder.join(source.component_name())).filter(|it| it.is_file())?;
        bounded::mark_used(&folder);
        bounded::mark_used(&self.list);
        Some(component)
    }
}

/// The inputs of the last successful build, or `None` if they are unknown.
fn read(list: &Path) -> Option<Inputs> {
    serde_json::from_slice(&std::fs::read(list).ok()?).ok()
}

/// Stores the list of a build's inputs atomically, and prunes the stored lists.
fn write(list: &Path, inputs: &Inputs) -> io::Result<()> {
    let folder = list.parent().unwrap_or(Path::new("."));
    sdk::write(list, &serde_json::to_vec(inputs)?)?;
    bounded::prune(folder);
    Ok(())
}

/// The name of a component's folder, derived from the digests of the build and of its inputs.
fn name(way: &Sha256, inputs: &Inputs) -> String {
    hex(&way.clone().chain_update(inputs.digest()).finalize())
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of everything that identifies a build, except its inputs: the source's path and
/// language, the SDK, the tools, and the list of modules. The list is included because an import
/// may resolve to a new module.
fn digest(source: &Source, tools: &str, modules: Option<&[PathBuf]>) -> io::Result<Sha256> {
    let mut digest = Sha256::new();
    let mut add = |name: &Path, content: &[u8]| add_file(&mut digest, name, content);
    // Make the path absolute: the same source may be named in different ways.
    let place = std::path::absolute(&source.file)?;
    add(Path::new(tools), place.as_os_str().as_encoded_bytes());
    // The component contains the language's name.
    add(Path::new("language"), source.shown_language().as_bytes());
    for (name, content) in sdk::files() {
        add(&name, &content);
    }
    for file in modules.unwrap_or_default() {
        add(&std::path::absolute(file)?, &[]);
    }
    Ok(digest)
}

fn add_file(digest: &mut Sha256, name: &Path, content: &[u8]) {
    for part in [name.as_os_str().as_encoded_bytes(), content] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Language;
    use std::fs;

    #[test]
    fn a_digest_differs_for_other_build_options_and_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        fs::write(&file, "one").unwrap();
        let source = Source {
            language: Language::Python,
            folder: folder.path().to_owned(),
            file: file.clone(),
            is_whole_folder: false,
        };
        let modules = [file.clone(), folder.path().join("b.py")];
        let mut inputs = Inputs::default();
        inputs.add(&file);
        let number = |tools, modules| name(&digest(&source, tools, modules).unwrap(), &inputs);
        let one = number("tools", Some(&modules));
        assert_eq!(number("tools", Some(&modules)), one);
        assert_ne!(number("others", Some(&modules)), one);
        assert_ne!(number("tools", Some(&modules[..1])), one);
        assert_ne!(number("tools", None), one);
        fs::write(&file, "two").unwrap();
        assert_ne!(number("tools", Some(&modules)), one);
    }
}
