//! Rust: cargo builds the folder's crate for WebAssembly.

use super::work::Work;
use super::{BuildError, Check, Inputs, Progress, SdkError, Source, sdk, tool};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The target for components.
const TARGET: &str = "wasm32-wasip2";

const FIX: &str = "install Rust with rustup, and open a new shell";

/// Files that determine how cargo builds a package, and which toolchain rustup selects. They are in
/// the package's folder or above it.
const SETTINGS: [&str; 4] =
    ["Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"];

/// The variables with which a user sets cargo's output folders. Without them, services share a
/// build folder, so that shared dependencies are compiled once.
const SET_BY_USER: [&str; 3] =
    ["CARGO_BUILD_BUILD_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"];

/// Builds the crate in a folder, and returns the path of its component. Cargo itself detects
/// changes.
pub(super) fn build(work: Work<'_>, inputs: &mut Inputs) -> Result<PathBuf, BuildError> {
    let Work { source, progress, .. } = work;
    let folder = &source.folder;
    add_target(folder, progress)?;
    let manifest = std::fs::read_to_string(&source.file).unwrap_or_default();
    if manifest.contains(&format!("\"{}/", sdk::LINK)) {
        sdk::link(folder)?;
    }
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .arg(if progress.colour { "--color=always" } else { "--color=never" })
        .current_dir(folder);
    if SET_BY_USER.iter().all(|name| std::env::var_os(name).is_none()) {
        cargo.env("CARGO_BUILD_BUILD_DIR", sdk::cache_folder()?.join("rust"));
    }
    // Cargo prints "Finished" even if there was nothing to do.
    let hides = ["Finished ", "Blocking waiting"];
    let built = tool::run("cargo", folder, &mut cargo, progress, &hides, true);
    if built.is_err() {
        add_packages(folder, inputs);
    }
    let messages = built?;
    let components: Vec<PathBuf> =
        messages.iter().filter_map(|message| component(message, &source.file)).collect();
    match components.as_slice() {
        [component] => {
            add_read(&messages, component, source, inputs);
            named(component, source)
        }
        [] => Err(BuildError::NoComponent(folder.clone())),
        _ => Err(BuildError::Several(folder.clone())),
    }
}

/// Adds the inputs of a build: the sources and the files they include, the manifests of local
/// packages, and the settings.
fn add_read(messages: &[String], component: &Path, source: &Source, inputs: &mut Inputs) {
    let sources = std::fs::read_to_string(component.with_extension("d")).unwrap_or_default();
    inputs.add_rule(&sources);
    for message in messages.iter().filter_map(|it| serde_json::from_str::<Value>(it).ok()) {
        let text = |name| message.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("package_id").starts_with("path+") {
            inputs.add(Path::new(text("manifest_path")));
        }
    }
    let manifest = std::path::absolute(&source.file).unwrap_or_default();
    inputs.add(&manifest);
    SETTINGS.iter().for_each(|name| inputs.add_nearest(&manifest, name));
}

/// Adds the manifests of a package and of its local dependencies, and all files beside the root
/// files of their crates. Adds nothing if `cargo metadata` fails.
fn add_packages(folder: &Path, inputs: &mut Inputs) {
    let arguments = ["metadata", "--offline", "--format-version", "1"];
    let Ok(output) = run("cargo", folder, &arguments) else { return };
    let metadata = serde_json::from_slice(&output.stdout).unwrap_or_default();
    for package in list(&metadata, "packages").filter(|it| it.get("source") == Some(&Value::Null)) {
        let manifest = package.get("manifest_path").and_then(Value::as_str).unwrap_or_default();
        inputs.add(Path::new(manifest));
        for file in list(package, "targets").filter_map(|target| target.get("src_path")?.as_str()) {
            let sources = Path::new(file).parent().map(std::fs::read_dir);
            let sources = sources.into_iter().flatten().flatten();
            sources.filter_map(Result::ok).for_each(|entry| inputs.add(&entry.path()));
        }
    }
}

/// The elements of a list in a JSON object.
fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Returns the path of a component that has the name of its source. Cargo names a component after
/// its crate. If the names differ in more than `-` and `_`, this function makes a copy.
fn named(component: &Path, source: &Source) -> Result<PathBuf, BuildError> {
    let name = source.component_name();
    let found = component.file_name().unwrap_or_default().to_string_lossy();
    if found.replace('_', "-") == name.replace('_', "-") {
        return Ok(component.to_owned());
    }
    // One folder per package, because several packages may share cargo's output folder.
    let folder = component.with_extension("named");
    let (making, copy) = (folder.join("making"), folder.join(name));
    let copied = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(component, &making))
        .and_then(|_| std::fs::rename(&making, &copy));
    match copied {
        Ok(()) => Ok(copy),
        Err(source) => Err(SdkError::Write { path: folder, source }.into()),
    }
}

/// The component named by one of cargo's messages, if any. If `manifest` is of a package, ignores
/// the components of other packages.
fn component(message: &str, manifest: &Path) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let kinds = message.pointer("/target/crate_types")?.as_array()?;
    if message.get("reason")? != "compiler-artifact" || !kinds.contains(&"cdylib".into()) {
        return None;
    }
    let built = Path::new(message.get("manifest_path")?.as_str()?);
    let folder = std::fs::read_to_string(manifest).unwrap_or_default();
    let is_package = folder.lines().any(|line| line.trim() == "[package]");
    if is_package && built.canonicalize().ok()? != manifest.canonicalize().ok()? {
        return None;
    }
    let files = message.get("filenames")?.as_array()?;
    files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm")).map(Into::into)
}

/// Adds the WebAssembly target to the toolchain of the folder if it is missing.
fn add_target(folder: &Path, progress: Progress<'_>) -> Result<(), BuildError> {
    if has_target(folder)? {
        return Ok(());
    }
    (progress.line)(&format!("adding the {TARGET} target to the Rust toolchain"));
    let rustup = run("rustup", folder, &["target", "add", TARGET])?;
    if rustup.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&rustup.stderr);
    let why =
        words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("rustup printed nothing");
    Err(BuildError::NoTarget { target: TARGET, why: why.trim().to_owned() })
}

fn has_target(folder: &Path) -> Result<bool, BuildError> {
    let rustc = run("rustc", folder, &["--print", "target-libdir", "--target", TARGET])?;
    let libraries = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
    Ok(rustc.status.success() && Path::new(&libraries).is_dir())
}

fn run(tool: &'static str, folder: &Path, arguments: &[&str]) -> Result<Output, BuildError> {
    tool::output(tool, FIX, Command::new(tool).args(arguments).current_dir(folder))
}

/// Checks the tools for Rust.
pub(super) fn doctor() -> Vec<Check> {
    let target = has_target(Path::new(".")).unwrap_or(false).then(|| TARGET.to_owned());
    vec![
        Check { what: "cargo", found: tool::ask("cargo", &["--version"]), fix: FIX },
        Check { what: "target", found: target, fix: "rustup target add wasm32-wasip2" },
    ]
}
