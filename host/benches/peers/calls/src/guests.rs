//! The guests, built from their sources.

use anyhow::{Result, ensure};
use hostel::source::{self, Location};
use hostel::toolchain::{Inputs, Progress};
use std::path::Path;
use std::process::Command;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Builds a component that calls its host's cache, in Hostel or another host of the same world. The
/// component `guest` has services for `get`, `set` and `exists`, and `functions` has services for
/// other functions.
pub fn component(name: &str) -> Result<Vec<u8>> {
    let line = |line: &str| eprintln!("{line}");
    let progress = Progress { line: &line, step: &|_| (), colour: false };
    let location = Location::at(&Path::new(HERE).join("../..").join(name))?;
    let file = source::component(&location, progress, &mut Inputs::default())?;
    Ok(std::fs::read(file)?)
}

/// Builds the core module that calls a host function of Extism.
pub fn extism() -> Result<Vec<u8>> {
    // Extism runs core modules, so this guest needs a different target from Hostel's guests.
    run("rustup", &["target", "add", "wasm32-unknown-unknown"])?;
    let target = Path::new(HERE).join("../../../../target/extism");
    let folder = target.to_string_lossy();
    let build = ["build", "--locked", "--release", "--package", "extism-guest"];
    let to = ["--target", "wasm32-unknown-unknown", "--target-dir", &folder];
    run(env!("CARGO"), &[&build[..], &to].concat())?;
    Ok(std::fs::read(target.join("wasm32-unknown-unknown/release/extism_guest.wasm"))?)
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).current_dir(HERE).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {errors}", arguments.join(" "));
    Ok(())
}
