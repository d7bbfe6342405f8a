//! Rust: cargo builds the folder's crate for WebAssembly.

use super::{BuildError, Progress, sdk};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What tells a Rust service.
pub(super) const MANIFEST: &str = "Cargo.toml";

/// The target that makes a component.
const TARGET: &str = "wasm32-wasip2";

/// Builds the crate in a folder and answers its component.
pub(super) fn build(folder: &Path, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    add_target(folder, progress)?;
    let manifest = std::fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    if manifest.contains(&format!("\"{}/", sdk::LINK)) {
        sdk::link(folder)?;
    }
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .arg(if progress.colour {
            "--color=always"
        } else {
            "--color=never"
        })
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = |source| BuildError::Run {
        tool: "cargo",
        source,
    };
    let mut building = cargo.spawn().map_err(run)?;
    let (messages, words) = (building.stdout.take(), building.stderr.take());
    let (components, why) = std::thread::scope(|scope| {
        let relay = scope.spawn(|| relay(words, progress));
        let components = components(messages);
        (components, relay.join().unwrap_or_default())
    });
    if !building.wait().map_err(run)?.success() {
        let why = why.unwrap_or("see what cargo says above");
        return Err(BuildError::Failed {
            folder: folder.to_owned(),
            why,
        });
    }
    match components.as_slice() {
        [component] => Ok(component.clone()),
        [] => Err(BuildError::NoComponent(folder.to_owned())),
        _ => Err(BuildError::Several(folder.to_owned())),
    }
}

/// Adds the WebAssembly target to the toolchain that the folder uses, if it is not there.
fn add_target(folder: &Path, progress: Progress<'_>) -> Result<(), BuildError> {
    let rustc = run(
        "rustc",
        folder,
        &["--print", "target-libdir", "--target", TARGET],
    )?;
    let libraries = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
    if rustc.status.success() && Path::new(&libraries).is_dir() {
        return Ok(());
    }
    (progress.line)(&format!("adding the {TARGET} target to the Rust toolchain"));
    let rustup = run("rustup", folder, &["target", "add", TARGET])?;
    if rustup.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&rustup.stderr);
    let why = words
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("rustup said nothing");
    Err(BuildError::NoTarget {
        target: TARGET,
        why: why.trim().to_owned(),
    })
}

fn run(tool: &'static str, folder: &Path, arguments: &[&str]) -> Result<Output, BuildError> {
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    output.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BuildError::NoTool {
            tool,
            fix: "install Rust by rustup, and open a new shell",
        },
        _ => BuildError::Run { tool, source },
    })
}

/// Passes cargo's words on, but for the line that tells a build had nothing to do, and answers
/// the reason of a failure where it is not in the source.
fn relay(words: Option<impl Read>, progress: Progress<'_>) -> Option<&'static str> {
    let mut why = None;
    for line in lines(words) {
        if line.contains("No space left on device") {
            why = Some("the disk is full: make room and try again");
        } else if [
            "failed to download",
            "Could not resolve host",
            "failed to fetch",
        ]
        .iter()
        .any(|words| line.contains(words))
        {
            why = Some("crates could not be fetched: check the network and try again");
        }
        if !line.contains("Finished") && !line.contains("Blocking waiting") {
            (progress.line)(&line);
        }
    }
    why
}

/// The components that cargo's messages name: what it built of this crate, not of others.
fn components(messages: Option<impl Read>) -> Vec<PathBuf> {
    let files = |line: String| -> Option<PathBuf> {
        let message: Value = serde_json::from_str(&line).ok()?;
        let kinds = message.pointer("/target/crate_types")?.as_array()?;
        if message.get("reason")? != "compiler-artifact" || !kinds.contains(&"cdylib".into()) {
            return None;
        }
        let files = message.get("filenames")?.as_array()?;
        files
            .iter()
            .filter_map(Value::as_str)
            .find(|file| file.ends_with(".wasm"))
            .map(Into::into)
    };
    lines(messages).filter_map(files).collect()
}

fn lines(stream: Option<impl Read>) -> impl Iterator<Item = String> {
    let bytes = stream
        .into_iter()
        .flat_map(|stream| BufReader::new(stream).split(b'\n'));
    bytes
        .map_while(Result::ok)
        .map(|line| String::from_utf8_lossy(&line).into_owned())
}
