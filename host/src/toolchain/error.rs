//! Errors of creating or building a service.

use super::language::Language;
use std::io;
use std::path::{Path, PathBuf};

/// Why a source could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no plugin at the path, neither a component nor a source.
    #[error("{}", no_source(.0))]
    NoSource(PathBuf),
    /// There are several plugins, but the caller needs one.
    #[error("{} holds several plugins: name one of {plugins}", path.display())]
    SeveralPlugins {
        /// The folder.
        path: PathBuf,
        /// The paths of the plugins.
        plugins: String,
    },
    /// There is no plugin at the path, but a Rust file without a `Cargo.toml` in its folder.
    #[error(
        "{} is not in a Cargo package: Rust needs a Cargo.toml; `hostel new` creates a package, \
         and `hostel run FOLDER` runs it",
        .0.display()
    )]
    NoManifest(PathBuf),
    /// A file or folder could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A tool is not installed, or is too old.
    #[error("`{tool}` was not found: {fix}")]
    NoTool {
        /// The tool's name.
        tool: &'static str,
        /// How to install the tool.
        fix: &'static str,
    },
    /// The toolchain has no WebAssembly target, and the target could not be added.
    #[error("the Rust toolchain has no {target} target and it could not be added: {why}")]
    NoTarget {
        /// The target's name.
        target: &'static str,
        /// The last line that `rustup` printed to stderr.
        why: String,
    },
    /// A tool could not be fetched, or a fetched tool cannot be used.
    #[error("{tool}: {why}")]
    Tool {
        /// The tool's name.
        tool: String,
        /// Why the tool cannot be used.
        why: String,
    },
    /// The source cannot be built. If a tool found the fault, its output was passed on as progress
    /// lines.
    #[error("{} does not build: {why}", path.display())]
    Failed {
        /// The source, or the file with the fault.
        path: PathBuf,
        /// The reason, with the fix if it is known.
        why: String,
    },
    /// The output of the tools cannot be encoded as a component.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The build produced no component.
    #[error(
        "{} does not build a component: its Cargo.toml needs `crate-type = [\"cdylib\"]` in [lib]",
        .0.display()
    )]
    NoComponent(PathBuf),
    /// The build produced more than one component.
    #[error("{} builds several components: name the folder of one of them", .0.display())]
    Several(PathBuf),
    /// The SDK or a file of the build could not be written to disk.
    #[error(transparent)]
    Sdk(#[from] SdkError),
    /// A tool could not be run.
    #[error("cannot run `{tool}`")]
    Run {
        /// The tool's name.
        tool: &'static str,
        /// The reason.
        source: io::Error,
    },
}

fn no_source(path: &Path) -> String {
    // A Rust file is built only as a part of its package.
    let languages = Language::ALL.into_iter().filter(|language| *language != Language::Rust);
    let extensions: Vec<_> =
        languages.flat_map(Language::extensions).map(|it| format!(".{it}")).collect();
    let (path, extensions, is_file) = (path.display(), extensions.join(", "), path.is_file());
    if is_file {
        return format!(
            "{path} is not a service: a service is a component (.wasm), a source file \
             ({extensions}), or a folder with a Cargo.toml or a go.mod"
        );
    }
    format!(
        "{path} contains no service: it needs a Cargo.toml, a go.mod, or one source file \
         ({extensions}) named like the folder; `hostel new` creates a service"
    )
}

/// Why the SDK, or a file of a build, could not be written to disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SdkError {
    /// There is no home folder.
    #[error("no home folder to write the SDK to: set HOME")]
    NoHome,
    /// A file could not be written.
    #[error("cannot write the SDK to {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Another file exists where the link to the SDK should be.
    #[error("{} must be a link to the SDK, but another file exists there: move or remove it", .0.display())]
    InTheWay(PathBuf),
}

/// Why a new service could not be created, or could not be excluded from an enclosing Rust
/// workspace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewError {
    /// The service's folder, or one of its files, already exists.
    #[error("{} already exists: choose another name, or remove it", .0.display())]
    Exists(PathBuf),
    /// The name is invalid for a service in the language.
    #[error(
        "`{name}` cannot be the name of a service in {language}: {why}; use `{proposal}`, for example"
    )]
    Name {
        /// The name.
        name: String,
        /// The language.
        language: Language,
        /// Why the name is invalid.
        why: String,
        /// A valid name.
        proposal: String,
    },
    /// The service was created, but a Rust workspace includes its folder as a member. A service
    /// must be a workspace of its own.
    #[error(
        "the service was created, but {} includes it in its workspace, and a service must be a \
         workspace of its own: add `exclude = [{member:?}]` to that [workspace]",
        root.display()
    )]
    Workspace {
        /// The workspace's manifest.
        root: PathBuf,
        /// The folder, relative to the workspace.
        member: String,
    },
    /// The SDK could not be written to disk.
    #[error(transparent)]
    Sdk(#[from] SdkError),
    /// A file could not be written.
    #[error("cannot make {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Why a core module could not be encoded as a component.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be encoded as a component of the world hostel:service/service: {0}")]
pub struct EncodeError(pub(super) String);
