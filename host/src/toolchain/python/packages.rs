//! The packages of a Python project, from its virtual environment or its declared dependencies.

use crate::toolchain::{BuildError, Inputs, Progress, Source, kept, pip};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that lists a project's packages for pip, and the file of the project's metadata.
const REQUIREMENTS: &str = "requirements.txt";
const PROJECT: &str = "pyproject.toml";

/// Returns the folder of a source's packages, or `None` if the source has no packages. If a virtual
/// environment is active, looks only there. Otherwise searches the project's folders, from the
/// source's folder upwards. In each folder, looks for a `.venv`, as uv and Poetry create it, then
/// for a `requirements.txt`, and then for the `dependencies` of a `pyproject.toml`. Installs the
/// packages of such a list if they are not cached.
///
/// The project is the source's folder, and its ancestors within the same repository. Adds each list
/// that the search looks for to `inputs`, even if the list is missing.
pub(super) fn of(
    source: &Source,
    inputs: &mut Inputs,
    progress: Progress<'_>,
) -> Result<Option<PathBuf>, BuildError> {
    if let Some(active) = std::env::var_os("VIRTUAL_ENV") {
        return Ok(site_packages(Path::new(&active)));
    }
    for folder in project(&source.folder) {
        if let Some(packages) = site_packages(&folder.join(".venv")) {
            return Ok(Some(packages));
        }
        for name in [REQUIREMENTS, PROJECT] {
            let list = folder.join(name);
            inputs.add(&list);
            let Ok(mut text) = fs::read_to_string(&list) else { continue };
            let arguments = match name {
                PROJECT => dependencies(&text).map_err(|why| failed(&list, why))?,
                _ => vec!["--requirement".to_owned(), list.to_string_lossy().into_owned()],
            };
            if name == REQUIREMENTS {
                text = with_included(&list, text, inputs);
            }
            if !arguments.is_empty() {
                return install(&list, &text, &arguments, progress).map(Some);
            }
        }
    }
    Ok(None)
}

/// The folder and its ancestors up to the root of the repository; only the folder if there is no
/// repository.
fn project(folder: &Path) -> Vec<PathBuf> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let count = folder.ancestors().position(|folder| folder.join(".git").exists()).unwrap_or(0);
    folder.ancestors().take(count + 1).map(Path::to_owned).collect()
}

/// The packages' folder of a virtual environment, if it exists; of several, that of the newest
/// Python 3.
fn site_packages(environment: &Path) -> Option<PathBuf> {
    let libraries = fs::read_dir(environment.join("lib")).ok()?;
    let folders = libraries.filter_map(|entry| Some(entry.ok()?.path().join("site-packages")));
    let minor = |folder: &PathBuf| {
        let python = folder.parent()?.file_name()?.to_str()?;
        python.strip_prefix("python3.")?.parse::<u32>().ok()
    };
    folders.filter(|folder| folder.is_dir()).max_by_key(minor)
}

/// The `dependencies` of a `pyproject.toml`.
fn dependencies(text: &str) -> Result<Vec<String>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let listed = table.get("project").and_then(|project| project.get("dependencies")?.as_array());
    let texts = listed.into_iter().flatten().filter_map(toml::Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

/// The text of a requirements file and of the files that it includes. Adds the included files to
/// `inputs`.
fn with_included(list: &Path, text: String, inputs: &mut Inputs) -> String {
    let (mut whole, mut seen) = (String::new(), Vec::new());
    let mut waiting = vec![(list.to_owned(), text)];
    while let Some((file, text)) = waiting.pop() {
        for name in text.lines().filter_map(included) {
            let other = file.with_file_name(name);
            inputs.add(&other);
            // A file may include itself through another path.
            let Ok(other) = other.canonicalize() else { continue };
            if !seen.contains(&other) {
                seen.push(other.clone());
                waiting.extend(fs::read_to_string(&other).map(|text| (other, text)));
            }
        }
        whole.push_str(&text);
    }
    whole
}

/// The file that a line of a requirements file includes. `None` if the line includes a URL, or
/// nothing.
fn included(line: &str) -> Option<&str> {
    let options = ["--requirement", "--constraint", "-r", "-c"];
    let rest = options.iter().find_map(|option| line.trim().strip_prefix(option))?;
    rest.trim_start_matches('=').split_whitespace().next().filter(|name| !name.contains("://"))
}

/// Returns the folder with the packages of a list. Installs the packages if no folder is cached for
/// the list's path and text.
fn install(
    list: &Path,
    text: &str,
    arguments: &[String],
    progress: Progress<'_>,
) -> Result<PathBuf, BuildError> {
    let digest = Sha256::new().chain_update(list.as_os_str().as_encoded_bytes());
    let digest = digest.chain_update([0]).chain_update(text).finalize();
    let version: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    kept::tool("packages", &version, progress, |folder| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        pip::install(&[&["--prefer-binary"], &*arguments].concat(), folder, progress)
            .map_err(|error| in_list(error, list))
    })
}

/// Makes an error of pip name the list of packages instead of the target folder. Returns other
/// errors unchanged.
fn in_list(error: BuildError, list: &Path) -> BuildError {
    match error {
        BuildError::Failed { why, .. } => failed(list, why),
        other => other,
    }
}

fn failed(list: &Path, why: String) -> BuildError {
    BuildError::Failed { path: list.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_reaches_up_to_its_repository_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("repository/services/shop");
        fs::create_dir_all(&service).unwrap();
        assert_eq!(project(&service).len(), 1);
        fs::create_dir(folder.path().join("repository/.git")).unwrap();
        assert_eq!(project(&service).last(), Some(&folder.path().join("repository")));
        assert_eq!(project(&service).len(), 3);
    }

    #[test]
    fn dependencies_are_those_of_the_project_and_no_others() {
        let text = "[project]\nname = \"a\"\ndependencies = [\"b>=1\", \"c\"]\n\
            [dependency-groups]\ndev = [\"d\"]\n";
        assert_eq!(dependencies(text).unwrap(), ["b>=1", "c"]);
        assert!(dependencies("[tool.ruff]\nline-length = 100\n").unwrap().is_empty());
        assert!(dependencies("[project").is_err());
    }
    #[test]
    fn a_list_has_the_text_of_those_that_it_includes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("more")).unwrap();
        fs::write(at("more/base.txt"), "-c ../requirements.txt\n-r=gone.txt\nbase\n").unwrap();
        let mut inputs = Inputs::default();
        fs::write(at("requirements.txt"), "-r more/base.txt").unwrap();
        let text = "--requirement more/base.txt # ours\n-r https://a.example/b.txt\nown\n";
        let whole = with_included(&at("requirements.txt"), text.to_owned(), &mut inputs);
        assert!(whole.contains("own") && whole.contains("base"), "{whole}");
        assert!(inputs.iter().any(|file| file == at("more/base.txt")));
        assert!(inputs.iter().any(|file| file == at("more/gone.txt")));
    }
}
