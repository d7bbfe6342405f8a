//! JavaScript and TypeScript: the SDK's build script bundles all modules into one, loads this
//! bundle into an engine, and makes a component of the engine: QuickJS or, optionally,
//! SpiderMonkey.

use super::work::Work;
use super::{
    BuildError, Check, Inputs, Language, Progress, SdkError, Source, kept, quick, sdk, tool,
};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest accepted major version of Node.js. Older versions lack features that the build and
/// the tests use.
const OLDEST_NODE: u32 = 20;

const FIX: &str = "install Node.js 20 or newer, which includes npm";

/// The SDK's folder for JavaScript, relative to the SDK's root.
const SDK: &str = "guest-sdk/javascript";

/// A package of the npm registry, at the version that the SDK is tested with. The build script has
/// an option for the package's folder, with the name of the package without its scope.
struct NpmPackage {
    name: &'static str,
    version: &'static str,
    /// Another package that is fetched too, with its version.
    beside: Option<&'static str>,
}

impl NpmPackage {
    /// The name without its scope.
    fn short_name(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

/// The package that makes a component of QuickJS with the bundle loaded.
const COMPONENTIZE_QJS: NpmPackage =
    NpmPackage { name: "componentize-qjs", version: "0.4.5", beside: None };

/// The package that makes a component of SpiderMonkey with the bundle loaded. Its encoder is `jco`,
/// whose later versions produce components twice as large.
const COMPONENTIZE_JS: NpmPackage = NpmPackage {
    name: "@bytecodealliance/componentize-js",
    version: "0.23.0",
    beside: Some("@bytecodealliance/jco@1.15.1"),
};

/// The package that bundles all modules into one.
const ESBUILD: NpmPackage = NpmPackage { name: "esbuild", version: "0.28.2", beside: None };

/// The package that checks types; only TypeScript needs it.
const TYPESCRIPT: NpmPackage = NpmPackage { name: "typescript", version: "7.0.2", beside: None };

/// The packages with Web APIs that neither QuickJS nor the SDK's own files have: `URL`, and the
/// hashes of `crypto.subtle`.
const WHATWG_URL: NpmPackage =
    NpmPackage { name: "whatwg-url", version: "17.3.0", beside: Some("@noble/hashes@2.4.0") };

/// The packages that a build needs.
fn packages(language: Language, componentize: &'static NpmPackage) -> Vec<&'static NpmPackage> {
    let mut packages = vec![componentize, &ESBUILD];
    if componentize.name == COMPONENTIZE_QJS.name {
        packages.push(&WHATWG_URL);
    }
    if language == Language::TypeScript {
        packages.push(&TYPESCRIPT);
    }
    packages
}

/// Builds a component from a module and its imports, and returns the path of the component.
pub(super) fn build(work: Work<'_>, inputs: &mut Inputs) -> Result<PathBuf, BuildError> {
    let Work { source, progress, .. } = work;
    let path = source.folder.join("package.json");
    inputs.add(&path);
    let manifest = read_manifest(&path)?;
    if depends_on_sdk(&manifest) {
        link(&source.folder)?;
    }
    let engine = engine(&manifest, &path)?;
    let packages = packages(source.language, engine);
    let versions: Vec<_> = packages
        .iter()
        .map(|NpmPackage { name, version, .. }| format!("{name} {version}"))
        .collect();
    let mut versions = versions.join(", ");
    let program = quick::program().filter(|_| engine.name == COMPONENTIZE_QJS.name);
    if program.is_some() {
        if let Some(component) = kept::by_others(work, &versions, inputs)? {
            return Ok(component);
        }
        versions = format!("quick {versions}");
    }
    kept::component(work, &versions, inputs, |out, read| {
        read.add(&path);
        check_node()?;
        let root = sdk::lay_out()?;
        let list = out.with_extension("inputs");
        let mut node = Command::new("node");
        node.env_remove("NODE_OPTIONS").env_remove("NODE_PATH");
        node.arg(root.join(SDK).join("build.js")).arg("--wit").arg(root.join("wit"));
        node.arg("--inputs").arg(&list);
        for package in packages {
            node.arg(format!("--{}", package.short_name()));
            node.arg(fetched(package, source, progress)?);
        }
        if let Some(program) = &program {
            // The script creates missing bases in this folder.
            let NpmPackage { name, version, .. } = engine;
            let bases = kept::base(&format!("{name} {version}"), |_| Ok(()))?;
            node.arg("--bases").arg(bases).arg("--program").arg(program);
        }
        node.arg(&source.file).arg(out);
        let built = tool::run("node", &source.file, &mut node, progress, &[], false);
        read_list(&list, read);
        built.map(|_| ())
    })
}

/// Adds the inputs that the build script lists, one path per line. The list omits the files of the
/// SDK and of the tools.
fn read_list(list: &Path, read: &mut Inputs) {
    let listed = std::fs::read_to_string(list).unwrap_or_default();
    for file in listed.lines().map(Path::new) {
        read.add(file);
        // The nearest manifest determines which file a package name resolves to, and how files are
        // parsed.
        read.add_nearest(file, "package.json");
    }
}

/// The content of a `package.json`; null if the file is missing.
fn read_manifest(path: &Path) -> Result<Value, BuildError> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Value::Null),
        Err(source) => return Err(BuildError::Read { path: path.to_owned(), source }),
        Ok(text) => text,
    };
    serde_json::from_slice(&text).map_err(|error| {
        let why = format!("it is not JSON: {error}");
        BuildError::Failed { path: path.to_owned(), why }
    })
}

fn depends_on_sdk(manifest: &Value) -> bool {
    ["/dependencies/hostel-sdk", "/devDependencies/hostel-sdk"]
        .iter()
        .any(|pointer| manifest.pointer(pointer).is_some())
}

/// The package for the engine that the manifest selects; by default the package for QuickJS.
fn engine(manifest: &Value, path: &Path) -> Result<&'static NpmPackage, BuildError> {
    let Some(asked) = manifest.pointer("/hostel/engine") else {
        return Ok(&COMPONENTIZE_QJS);
    };
    match asked.as_str() {
        Some("quickjs") => Ok(&COMPONENTIZE_QJS),
        Some("spidermonkey") => Ok(&COMPONENTIZE_JS),
        _ => {
            let why = format!("unknown engine {asked}: it must be \"quickjs\" or \"spidermonkey\"");
            Err(BuildError::Failed { path: path.to_owned(), why })
        }
    }
}

/// Creates the links by which Node and editors find `hostel-sdk` from a service's folder:
/// `.hostel`, and the link in `node_modules` that `npm install` would create.
pub(super) fn link(folder: &Path) -> Result<(), SdkError> {
    sdk::link(folder)?;
    let modules = folder.join("node_modules");
    let link = modules.join("hostel-sdk");
    let failed = |source| SdkError::Write { path: link.clone(), source };
    std::fs::create_dir_all(&modules).map_err(failed)?;
    let target = Path::new("..").join(sdk::LINK).join(SDK);
    match std::os::unix::fs::symlink(target, &link) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    }
}

/// A script that tries a package in the current folder. The script runs TypeScript and esbuild, and
/// only loads any other package.
const TRIAL: &str = r#"
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
const [name] = process.argv.slice(1);
const find = createRequire(process.cwd() + "/package.json");
if (name === "typescript") {
  const tool = find.resolve("typescript/package.json").replace(/package\.json$/, "");
  const { bin } = find("typescript/package.json");
  const ran = spawnSync(process.execPath, [tool + bin.tsc, "--version"], { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(ran.stderr);
} else if (name === "esbuild") {
  find("esbuild").transformSync("1");
} else {
  // Resolved from the current folder, and imported: some packages cannot be loaded by `require`.
  await import(name);
}
"#;

/// Options that override the user's npm settings, which may be meant for other kinds of installs.
/// Settings for the registry and the network remain in effect.
const WHATEVER_IS_SET: [&str; 7] = [
    "--include=optional",
    "--global=false",
    "--dry-run=false",
    "--package-lock-only=false",
    "--install-strategy=hoisted",
    "--install-links=false",
    "--engine-strict=false",
];

/// Returns the folder of a package. Fetches the package if it is missing. The package itself is in
/// the `node_modules` of that folder.
fn fetched(
    package: &NpmPackage,
    source: &Source,
    progress: Progress<'_>,
) -> Result<PathBuf, BuildError> {
    let NpmPackage { name, version, beside } = *package;
    kept::tool(package.short_name(), version, progress, |folder| {
        if tool::ask("npm", &["--version"]).is_none() {
            return Err(BuildError::NoTool { tool: "npm", fix: FIX });
        }
        let mut npm = Command::new("npm");
        // Do not run the packages' scripts: none of these packages needs them.
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .args(WHATEVER_IS_SET)
            .env_remove("NODE_OPTIONS")
            .arg("--prefix")
            .arg(folder)
            .arg(format!("{name}@{version}"))
            .args(beside);
        // npm prints the number of added packages to stdout; capture it, so that it is not shown.
        tool::run("npm", &source.file, &mut npm, progress, &["npm notice"], true)?;
        let mut node = Command::new("node");
        node.args(["--input-type=module", "--eval", TRIAL]).arg(name).current_dir(folder);
        tool::try_fetched(name, node.env_remove("NODE_OPTIONS"))
    })
}

fn check_node() -> Result<(), BuildError> {
    match node() {
        Some(_) => Ok(()),
        None => Err(BuildError::NoTool { tool: "node", fix: FIX }),
    }
}

/// The version of Node.js, as in `v20.1.0`, if it is new enough.
fn node() -> Option<String> {
    let version = tool::ask("node", &["--version"])?;
    let major = version.trim_start_matches('v').split('.').next()?;
    (major.parse::<u32>().ok()? >= OLDEST_NODE).then_some(version)
}

/// Checks the tools for JavaScript and TypeScript; the first build fetches the packages.
pub(super) fn doctor() -> Vec<Check> {
    vec![
        Check { what: "node", found: node(), fix: FIX },
        Check { what: "npm", found: tool::ask("npm", &["--version"]), fix: FIX },
    ]
}
