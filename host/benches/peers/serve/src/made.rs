//! Builds the programs and components to measure, each once, with cargo and `hostel`.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of wasmtime that the host uses.
const WASMTIME: &str = "48.0.8";

/// The features with which `wasmtime serve` compiles and serves components fastest. wasmtime does
/// not build without the first three.
const FEATURES: &str =
    "run,serve,component-model-async,cranelift,pooling-allocator,parallel-compilation";

/// The paths of `hostel`, of its plugin, and of the folders for building the peers.
pub struct Made {
    root: PathBuf,
    /// The target folder of this workspace.
    target: PathBuf,
    pub hostel: PathBuf,
    /// The plugin with the services `entry` and `spin`.
    pub plugin: PathBuf,
}

/// The servers to compare with `hostel serve`.
pub struct Peers {
    pub bare: PathBuf,
    pub wasmtime: PathBuf,
    /// The component that `wasmtime serve` serves.
    pub hello: PathBuf,
}

impl Made {
    /// Builds `hostel` with its release profile, and the plugin.
    pub fn new() -> Result<Self> {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../..")).canonicalize()?;
        let target = root.join("target");
        cargo(&root, &target, &["build", "--release", "--package", "hostel"])?;
        let (hostel, target) = (target.join("release/hostel"), target.join("peers"));
        let plugin = build(&hostel, &root.join("host/benches/guest"))?;
        std::fs::create_dir_all(target.join("serve"))?;
        Ok(Made { root, target, hostel, plugin })
    }

    /// Builds the peers. The first build takes minutes.
    pub fn peers(&self) -> Result<Peers> {
        let Made { root, target, .. } = self;
        let workspace = root.join("host/benches/peers");
        cargo(&workspace, target, &["build", "--profile", "program", "--bin", "bare"])?;
        let component = ["--package", "hello", "--target", "wasm32-wasip2"];
        cargo(&workspace, target, &[&["build", "--release"], &component[..]].concat())?;
        let tools = target.join("tools");
        let wasmtime = tools.join("bin/wasmtime");
        if !wasmtime.exists() {
            let root = tools.to_string_lossy();
            let which = ["install", "wasmtime-cli", "--version", WASMTIME, "--root", &root];
            let features = ["--no-default-features", "--features", FEATURES];
            cargo(&workspace, &tools.join("target"), &[&which[..], &features].concat())?;
            std::fs::remove_dir_all(tools.join("target"))?;
        }
        let hello = target.join("wasm32-wasip2/release/hello.wasm");
        Ok(Peers { bare: target.join("program/bare"), wasmtime, hello })
    }

    /// Builds the plugin that `hostel new` creates in Python.
    pub fn python(&self) -> Result<PathBuf> {
        let source = self.target.join("serve/greeter");
        if !source.exists() {
            let mut new = Command::new(&self.hostel);
            let status = new.arg("new").arg(&source).args(["--lang", "python"]).status()?;
            ensure!(status.success(), "`hostel new` failed");
        }
        build(&self.hostel, &source)
    }

    /// Writes a configuration for `hostel serve` with these plugins, and a route from `/` to a
    /// service.
    pub fn configure(&self, name: &str, plugins: &str, service: &str) -> Result<PathBuf> {
        let file = self.target.join("serve").join(name).with_extension("toml");
        let anywhere = "listen = \"127.0.0.1:0\"";
        let text = format!(
            "[server]\n{anywhere}\n[admin]\n{anywhere}\n[log]\nformat = \"text\"\n{plugins}\
             [[routes]]\npath = \"/\"\nmethods = [\"GET\"]\nservice = \"{service}\"\n"
        );
        std::fs::write(&file, text)?;
        Ok(file)
    }
}

fn cargo(folder: &Path, target: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).args(["--locked", "--quiet"]).env("CARGO_TARGET_DIR", target);
    let status = cargo.current_dir(folder).status()?;
    ensure!(status.success(), "`cargo {}` failed", arguments.join(" "));
    Ok(())
}

/// Builds the component of a source with `hostel build`.
fn build(hostel: &Path, source: &Path) -> Result<PathBuf> {
    let mut build = Command::new(hostel);
    let output = build.arg("build").arg(source).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let file = text.lines().next().map(PathBuf::from);
    file.with_context(|| format!("{} does not build", source.display()))
}
