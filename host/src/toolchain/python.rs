//! Python: componentize-py puts CPython, the SDK and the author's files into one component.

use super::pip::{self, PYTHON};
use super::work::Work;
use super::{BuildError, Check, Inputs, Progress, SdkError, kept, merge, quick, sdk, tool};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod packages;

/// The oldest Python that runs componentize-py and the SDK's build script. Services contain their
/// own Python, 3.14.
const OLDEST: (u32, u32) = (3, 10);

const PYTHON_FIX: &str = "install Python 3.10 or newer, so that `python3 --version` prints it";

const TOOL: &str = "componentize-py";

const VERSION: &str = "0.25.1";

/// Part of the cache key: identifies how Hostel processes the component that the tool made.
const FORM: &str = "in one module";

/// The paths under which the Python of a build finds the source's folder and the packages' folder.
const FOLDERS: [&str; 2] = ["/2", "/3"];

/// Builds the services of a file, and returns the path of their component.
///
/// Imports are resolved beside the file, and in [the project's packages](packages::of).
pub(super) fn build(work: Work<'_>, inputs: &mut Inputs) -> Result<PathBuf, BuildError> {
    let Work { source, progress, .. } = work;
    if wants_link(&source.folder) {
        sdk::link(&source.folder)?;
    }
    inputs.add(&source.file);
    let packages = packages::of(source, inputs, progress)?;
    let place = packages.as_deref().map(Path::display);
    let (program, place) = (quick::program(), place.map(|it| it.to_string()).unwrap_or_default());
    let mut tools = format!("{TOOL} {VERSION} {FORM} {place}");
    if program.is_some() {
        if let Some(component) = kept::by_others(work, &tools, inputs)? {
            return Ok(component);
        }
        tools = format!("quick {tools}");
    }
    let project = inputs.clone();
    kept::component(work, &tools, inputs, |component, read| {
        read.extend(&project);
        // The names in the folder show which packages and versions are installed.
        packages.iter().for_each(|packages| read.add(packages));
        check_python()?;
        let tool = fetched(progress)?;
        let root = sdk::lay_out()?;
        let list = component.with_extension("inputs");
        let mut python = script(&root, &tool, component);
        python.arg("--inputs").arg(&list);
        if let Some(packages) = &packages {
            python.arg("--packages").arg(packages);
        }
        if let Some(program) = &program {
            python.arg("--base").arg(base(&root, &tool, progress)?).arg("--program").arg(program);
        }
        let output = tool::output(PYTHON, PYTHON_FIX, python.arg(&source.file))?;
        let folders = [Some(source.folder.as_path()), packages.as_deref()];
        let listed = std::fs::read_to_string(list).unwrap_or_default();
        listed.lines().filter_map(|it| path_here(it, folders)).for_each(|path| read.add(&path));
        if output.status.success() {
            return merge_modules(component);
        }
        let why = why(&output, progress);
        Err(BuildError::Failed { path: source.file.clone(), why })
    })
}

/// The command of the SDK's build script, which writes to a file or folder.
fn script(root: &Path, tool: &Path, output: &Path) -> Command {
    let mut python = Command::new(PYTHON);
    // With `-E`, Python ignores the user's `PYTHON*` variables.
    python.args(["-E", "-B"]).arg(root.join("guest-sdk/python/build.py"));
    python.arg("--tool").arg(tool).arg("--wit").arg(root.join("wit")).arg("--output").arg(output);
    python
}

/// Returns the reason why the script failed: the last line that it printed to stderr. Passes the
/// preceding lines, such as a traceback, to `progress`.
fn why(output: &Output, progress: Progress<'_>) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<&str> = words.trim_end().lines().collect();
    let why = lines.pop().unwrap_or("its build printed nothing").to_owned();
    lines.into_iter().for_each(progress.line);
    why
}

/// The folder of the base: a component with Python and the SDK loaded, but no plugin. Creates the
/// base if it is missing.
fn base(root: &Path, tool: &Path, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    kept::base(&format!("{TOOL} {VERSION} {FORM}"), |made| {
        (progress.line)("preparing Python, once for all services, so that edits build in a second");
        let output = tool::output(PYTHON, PYTHON_FIX, &mut script(root, tool, made))?;
        match output.status.success() {
            true => merge_modules(&made.join("base.wasm")),
            false => Err(BuildError::Tool { tool: TOOL.to_owned(), why: why(&output, progress) }),
        }
    })
}

/// Merges the core modules of a component that the tool has linked, such as CPython and its
/// libraries. The modules of a component that was built from a base are already merged.
fn merge_modules(file: &Path) -> Result<(), BuildError> {
    let component =
        std::fs::read(file).map_err(|source| BuildError::Read { path: file.to_owned(), source })?;
    if let Some(merged) = merge::merge(&component) {
        let failed = |source| SdkError::Write { path: file.to_owned(), source };
        std::fs::write(file, merged).map_err(failed)?;
    }
    Ok(())
}

/// Maps a path under which a build's Python found a file to the file's real path. Returns `None` if
/// the file is in neither of the folders.
fn path_here(read: &str, folders: [Option<&Path>; 2]) -> Option<PathBuf> {
    let mut places = FOLDERS.into_iter().zip(folders);
    places.find_map(|(place, folder)| Some(folder?.join(Path::new(read).strip_prefix(place).ok()?)))
}

/// True if the `.gitignore` of a service's folder names the link to the SDK: then the folder comes
/// from the template, whose tests find the SDK through the link.
fn wants_link(folder: &Path) -> bool {
    let ignored = std::fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    ignored.lines().any(|line| line.trim().trim_matches('/') == sdk::LINK)
}

/// The folder of componentize-py. Fetches the tool if it is missing.
fn fetched(progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    kept::tool(TOOL, VERSION, progress, |folder| {
        let package = format!("{TOOL}=={VERSION}");
        pip::install(&["--only-binary=:all:", "--no-deps", &package], folder, progress)?;
        let mut python = Command::new(PYTHON);
        python.args([
            "-E",
            "-c",
            "import sys; sys.path.insert(0, sys.argv[1]); import componentize_py",
        ]);
        tool::try_fetched(TOOL, python.arg(folder))
    })
}

fn check_python() -> Result<(), BuildError> {
    let no_tool = BuildError::NoTool { tool: PYTHON, fix: PYTHON_FIX };
    python_version().filter(|version| is_new_enough(version)).map(drop).ok_or(no_tool)
}

/// The output of `python3 --version`, as in "Python 3.12.1".
fn python_version() -> Option<String> {
    tool::ask(PYTHON, &["--version"])
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches("Python ").split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

/// Checks the tools for Python.
pub(super) fn doctor() -> Vec<Check> {
    let python = python_version().filter(|version| is_new_enough(version));
    let pip = pip::version();
    let there = sdk::data_folder()
        .is_ok_and(|data| data.join("tools").join(format!("{TOOL}-{VERSION}")).is_dir());
    let when = if there { "fetched" } else { "the first build fetches it" };
    let tool = Some(format!("{VERSION}, {when}"));
    vec![
        Check { what: "python3", found: python, fix: PYTHON_FIX },
        Check { what: "pip", found: pip, fix: pip::FIX },
        Check { what: "componentize-py", found: tool, fix: "hostel build fetches it" },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_new_enough_by_its_number_and_not_by_its_text() {
        for (version, expected) in [
            ("Python 3.10.0", true),
            ("Python 3.14.0rc1", true),
            ("Python 4.0.1", true),
            ("Python 3.9.18", false),
            ("Python 2.7.18", false),
            ("pyenv: no such version", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }

    #[test]
    fn a_path_that_was_read_is_mapped_to_this_machine() {
        let folders = [Some(Path::new("/home/shop")), None];
        let path = |read| path_here(read, folders);
        assert_eq!(path("/2/a b.txt"), Some("/home/shop/a b.txt".into()));
        assert_eq!(path("/3/dep/x.py"), None);
        assert_eq!(path("/22/x.py"), None);
    }

    #[test]
    fn only_a_folder_that_ignores_the_link_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!wants_link(folder.path()));
        std::fs::write(folder.path().join(".gitignore"), "/.hostel\n").unwrap();
        assert!(wants_link(folder.path()));
    }
}
