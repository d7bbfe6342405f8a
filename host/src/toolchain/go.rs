//! Go: the standard toolchain builds a core module, which is then encoded as a component.

use super::work::Work;
use super::{BuildError, Check, EncodeError, Inputs, SdkError, Source, encode, mark, sdk, tool};
use crate::bounded;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest accepted Go version, which the SDK's `go.mod` requires. Go 1.21 or later could
/// obtain this version itself, but would then start more slowly.
const OLDEST: (u32, u32) = (1, 26);

const FIX: &str = "install Go 1.26 or newer, and open a new shell";

/// Strips debugging data, but keeps function names and line numbers for panics. Aligns the start of
/// the data with the blocks of the Go heap. The size of the SDK's arena is chosen so that the data
/// then ends right before a block. In each fresh instance, Go clears the gap between the data and
/// the next block. The gap could otherwise be up to half a MiB.
const LINKER_FLAGS: &str = "-ldflags=-s -w -R=0x80000";

/// The `go list` template that prints the folders of packages, and their Go files, embedded files,
/// assembly files and the headers that these include. It omits the standard library.
const READ: &str = "{{if not .Standard}}{{$folder := .Dir}}{{$folder}}
{{range .GoFiles}}{{$folder}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$folder}}/{{.}}
{{end}}{{range .SFiles}}{{$folder}}/{{.}}
{{end}}{{range .HFiles}}{{$folder}}/{{.}}
{{end}}{{end}}";

/// Builds the package in a folder, or a single file, and returns the path of the component.
///
/// Go itself detects changes, also in embedded files, replaced modules and workspaces. If the build
/// changes nothing in the core module, the component of the last build is reused.
pub(super) fn build(work: Work<'_>, inputs: &mut Inputs) -> Result<PathBuf, BuildError> {
    let Work { source, progress, .. } = work;
    let manifest = manifest(&source.folder)?;
    refuse_c(&source.folder)?;
    link(manifest.as_deref())?;
    let package = GoPackage::of(source, manifest.is_some())?;
    let failed = |error| write_failed(&package.output, error);
    fs::create_dir_all(&package.output).map_err(failed)?;
    // Two concurrent builds of one source would overwrite each other's module. Closing the file
    // releases the lock.
    let lock = File::create(package.output.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    bounded::mark_used(&package.output);
    let core = package.output.join("core.wasm");
    let mut go = package.command(&core)?;
    let shown = if package.file.is_some() { &source.file } else { &source.folder };
    if !core.is_file() {
        (progress.step)(&format!("building {}", shown.display()));
    }
    package.add_read(inputs)?;
    tool::run("go", shown, &mut go, progress, &[], false)?;
    let component = package.output.join(&package.component_name);
    encode_module(&core, &component, source)?;
    if let Some(folder) = package.output.parent() {
        bounded::prune(folder);
    }
    Ok(component)
}

/// The package to build, and the output folder.
struct GoPackage {
    folder: PathBuf,
    /// The file name of the component.
    component_name: String,
    /// The source file, if it is built without a `go.mod`.
    file: Option<PathBuf>,
    output: PathBuf,
}

impl GoPackage {
    fn of(source: &Source, in_module: bool) -> Result<GoPackage, BuildError> {
        let unreadable = |error| BuildError::Read { path: source.file.clone(), source: error };
        let folder = std::path::absolute(&source.folder).map_err(unreadable)?;
        let is_go = source.file.extension() == Some(OsStr::new("go"));
        let file = source.file.file_name().map(PathBuf::from).filter(|_| is_go);
        let place = folder.join(file.clone().unwrap_or_default());
        let output = digest(place.as_os_str().as_encoded_bytes());
        let output = sdk::cache_folder()?.join("go").join(output);
        let component_name = source.component_name();
        Ok(GoPackage { folder, component_name, file: file.filter(|_| !in_module), output })
    }

    fn command(&self, core: &Path) -> Result<Command, BuildError> {
        let mut build = Command::new("go");
        build.args(["build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath"]);
        build.args([LINKER_FLAGS, "-o"]).arg(core);
        self.complete(build)
    }

    /// Adds the inputs of the build: the folders and files of the package and of the packages that
    /// it imports, and the files `go.mod`, `go.sum`, `go.work` and `go.work.sum`. Omits the
    /// standard library, the SDK, and downloaded modules, whose versions are immutable.
    fn add_read(&self, inputs: &mut Inputs) -> Result<(), BuildError> {
        let mut list = Command::new("go");
        list.args(["list", "-deps", "-e", "-f", READ]);
        let listed = tool::output("go", FIX, &mut self.complete(list)?)?;
        let fetched = tool::ask("go", &["env", "GOMODCACHE"]).unwrap_or_default();
        let sdk = sdk::data_folder()?;
        for path in String::from_utf8_lossy(&listed.stdout).lines().map(Path::new) {
            if !path.starts_with(&fetched) && !path.starts_with(&sdk) {
                inputs.add(path);
            }
        }
        let mut env = Command::new("go");
        env.args(["env", "GOMOD", "GOWORK"]).current_dir(&self.folder);
        let files = tool::output("go", FIX, &mut env)?;
        for file in String::from_utf8_lossy(&files.stdout).lines().map(PathBuf::from) {
            if file.is_absolute() && !file.starts_with("/dev") {
                inputs.add(&file);
                // Beside `go.mod` is `go.sum`, beside `go.work` is `go.work.sum`.
                inputs.add(&file.with_extension("sum"));
                inputs.add(&file.with_extension("work.sum"));
            }
        }
        Ok(())
    }

    /// Sets the folder and the target of a `go` command, and adds the package to build. Without a
    /// `go.mod`, adds the source file and the overlay.
    fn complete(&self, mut go: Command) -> Result<Command, BuildError> {
        go.current_dir(&self.folder).envs([("GOOS", "wasip1"), ("GOARCH", "wasm")]);
        match &self.file {
            Some(file) => go.arg("-overlay").arg(self.overlay()?).arg(file).env("GOWORK", "off"),
            None => go.arg("."),
        };
        Ok(go)
    }

    /// Creates an overlay that adds a `go.mod` to a single file, so that no file is written into
    /// the source's folder. Returns the path of the overlay.
    fn overlay(&self) -> Result<PathBuf, BuildError> {
        let sdk = sdk::lay_out()?.join("guest-sdk/go");
        let manifest = format!(
            "module service\n\ngo {}.{}\n\nrequire hostel-sdk v0.0.0\n\nreplace hostel-sdk => {:?}\n",
            OLDEST.0, OLDEST.1, sdk
        );
        let given = self.output.join("go.mod");
        let lacking = self.folder.join("go.mod");
        let overlay =
            json!({ "Replace": { (lacking.to_string_lossy()): given.to_string_lossy() } });
        let file = self.output.join("overlay.json");
        let failed = |error| write_failed(&self.output, error);
        fs::write(&given, manifest).map_err(failed)?;
        fs::write(&file, overlay.to_string()).map_err(failed)?;
        Ok(file)
    }
}

/// Encodes the module that Go built, unless the component is already up to date. Does not compare
/// modification times, because Go updates the module's time even if there was nothing to build.
fn encode_module(core: &Path, component: &Path, source: &Source) -> Result<(), BuildError> {
    let unreadable = |error| BuildError::Read { path: core.to_owned(), source: error };
    let module = fs::read(core).map_err(unreadable)?;
    let made_from = component.with_extension("made-from-marked");
    let digest = digest(&module);
    if component.is_file() && fs::read_to_string(&made_from).is_ok_and(|kept| kept == digest) {
        return Ok(());
    }
    let encoded = encode::componentize(&module).map_err(|EncodeError(why)| {
        EncodeError(format!("{why} (does the package import hostel-sdk and call hostel.Handle?)"))
    })?;
    // Write to a temporary file and rename it, so that no reader sees a partial component.
    let making = component.with_extension("making");
    let written = fs::write(&making, mark::marked(encoded, source))
        .and_then(|()| fs::rename(&making, component))
        .and_then(|()| fs::write(&made_from, digest));
    written.map_err(|error| write_failed(component, error))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_failed(path: &Path, source: io::Error) -> BuildError {
    SdkError::Write { path: path.to_owned(), source }.into()
}

/// Refuses a folder that contains a Go file with `import "C"`. Go itself would ignore the file, and
/// report at most that no files are left.
fn refuse_c(folder: &Path) -> Result<(), BuildError> {
    let unreadable = |error| BuildError::Read { path: folder.to_owned(), source: error };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension() != Some(OsStr::new("go")) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let imports_c = |line: &str| line.trim_start().starts_with(r#"import "C""#);
        if let Some(line) = text.lines().position(imports_c) {
            let path = PathBuf::from(format!("{}:{}", path.display(), line + 1));
            let why = "`import \"C\"`, but a plugin is WebAssembly and cannot call C: \
                       use a package written only in Go";
            return Err(BuildError::Failed { path, why: why.to_owned() });
        }
    }
    Ok(())
}

/// The `go.mod` that applies to a folder, if any. Returns an error if Go is missing or too old.
/// Accepts a Go whose version cannot be parsed.
fn manifest(folder: &Path) -> Result<Option<PathBuf>, BuildError> {
    let mut go = Command::new("go");
    let answer =
        tool::output("go", FIX, go.args(["env", "GOVERSION", "GOMOD"]).current_dir(folder))?;
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    let mut lines = answer.lines();
    if version(lines.next().unwrap_or_default()).is_some_and(|version| version < OLDEST) {
        return Err(BuildError::NoTool { tool: "go 1.26", fix: FIX });
    }
    // Without a module Go prints the null device.
    Ok(lines.next().map(PathBuf::from).filter(|file| file.ends_with("go.mod")))
}

/// Creates the link to the SDK if `go.mod` uses it.
fn link(manifest: Option<&Path>) -> Result<(), BuildError> {
    let text = manifest.map(fs::read_to_string).and_then(Result::ok).unwrap_or_default();
    match manifest.and_then(Path::parent) {
        Some(root) if text.contains(&format!("./{}/", sdk::LINK)) => Ok(sdk::link(root)?),
        _ => Ok(()),
    }
}

/// Returns the major and the minor number of a version such as `go1.26.8`, or `None` if the version
/// has another form.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("go")?.split(['.', '-', ' ']);
    let major = numbers.next()?.parse().ok()?;
    let minor: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

/// Checks the tools for Go.
pub(super) fn doctor() -> Vec<Check> {
    let found = tool::ask("go", &["env", "GOVERSION"]);
    let found = found.filter(|text| version(text).is_some_and(|version| version >= OLDEST));
    vec![Check { what: "go", found, fix: FIX }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_however_it_is_written() {
        for (text, expected) in [
            ("go1.26.8\n", Some((1, 26))),
            ("go1.26", Some((1, 26))),
            ("go1.27rc1", Some((1, 27))),
            ("go1.23.4-custom X:x", Some((1, 23))),
            ("devel +abc", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_source_that_calls_c_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("service.go");
        fs::write(&file, "package main\n\n// import \"C\"\nimport \"C\"\n").unwrap();
        let error = refuse_c(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}:4 does not build", file.display())), "{error}");
        fs::write(&file, "package main\n\n// import \"C\"\n").unwrap();
        assert!(refuse_c(folder.path()).is_ok());
    }
}
