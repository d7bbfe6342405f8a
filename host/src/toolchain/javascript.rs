//! JavaScript and TypeScript: the SDK's build script makes one module of all, and a component of
//! that, loaded in QuickJS.

use super::source::{Language, Source};
use super::{BuildError, Check, Progress, SdkError, kept, sdk, tool};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Node.js before this lacks what the build and the tests use.
const OLDEST_NODE: u32 = 20;

const FIX: &str = "install Node.js 20 or newer, which brings npm along";

/// The SDK's folder, seen from its root.
const SDK: &str = "guest-sdk/javascript";

/// A package of the npm registry, at the version that the SDK is tested with.
struct Package {
    name: &'static str,
    version: &'static str,
    /// The option by which the build script is told where it is.
    option: &'static str,
}

/// Makes the component: QuickJS with the loaded module.
const COMPONENTIZE: Package =
    Package { name: "componentize-qjs", version: "0.4.5", option: "--componentize" };

/// Makes one module of all.
const ESBUILD: Package = Package { name: "esbuild", version: "0.28.2", option: "--esbuild" };

/// Checks types; only TypeScript needs it.
const TYPESCRIPT: Package =
    Package { name: "typescript", version: "7.0.2", option: "--typescript" };

fn packages(language: Language) -> &'static [Package] {
    match language {
        Language::TypeScript => &[COMPONENTIZE, ESBUILD, TYPESCRIPT],
        _ => &[COMPONENTIZE, ESBUILD],
    }
}

/// Builds the module and what it imports, and answers the component.
pub(super) fn build(source: &Source, progress: Progress<'_>) -> Result<PathBuf, BuildError> {
    let package = std::fs::read_to_string(source.folder.join("package.json")).unwrap_or_default();
    if package.contains("\"hostel-sdk\"") {
        link(&source.folder)?;
    }
    let packages = packages(source.language);
    let versions: Vec<_> =
        packages.iter().map(|Package { name, version, .. }| format!("{name} {version}")).collect();
    kept::component(source, &versions.join(", "), |out| {
        check_node()?;
        let root = sdk::lay_out()?;
        let mut node = Command::new("node");
        node.arg(root.join(SDK).join("build.js")).arg("--wit").arg(root.join("wit"));
        for package in packages {
            node.arg(package.option).arg(fetched(package, source, progress)?);
        }
        node.arg(&source.file).arg(out);
        tool::run("node", &source.file, &mut node, progress, &[], false).map(|_| ())
    })
}

/// Makes the links by which `hostel-sdk` is found from a service's folder, by Node and by editors,
/// as `npm install` would.
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

/// The folder with a package below its `node_modules`.
fn fetched(
    package: &Package,
    source: &Source,
    progress: Progress<'_>,
) -> Result<PathBuf, BuildError> {
    let Package { name, version, .. } = *package;
    kept::tool(name, version, progress, |folder| {
        if tool::ask("npm", &["--version"]).is_none() {
            return Err(BuildError::NoTool { tool: "npm", fix: FIX });
        }
        let mut npm = Command::new("npm");
        // No script of a package is run: none of these needs one.
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg("--prefix")
            .arg(folder)
            .arg(format!("{name}@{version}"));
        // What it says on stdout is how many packages it added; keeping that is not showing it.
        tool::run("npm", &source.file, &mut npm, progress, &["npm notice"], true).map(|_| ())
    })
}

fn check_node() -> Result<(), BuildError> {
    match node() {
        Some(_) => Ok(()),
        None => Err(BuildError::NoTool { tool: "node", fix: FIX }),
    }
}

/// The version of a Node.js that is new enough, as `v20.1.0`.
fn node() -> Option<String> {
    let version = tool::ask("node", &["--version"])?;
    let major = version.trim_start_matches('v').split('.').next()?;
    (major.parse::<u32>().ok()? >= OLDEST_NODE).then_some(version)
}

/// What building JavaScript and TypeScript needs; the packages are fetched by the first build.
pub(super) fn doctor() -> Vec<Check> {
    vec![
        Check { what: "node", found: node(), fix: FIX },
        Check { what: "npm", found: tool::ask("npm", &["--version"]), fix: FIX },
    ]
}
