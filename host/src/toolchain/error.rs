//! Why a service could not be made or built.

use super::language::Language;
use std::io;
use std::path::PathBuf;

/// Why a folder could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is nothing at the path that can be built.
    #[error(
        "{} holds no service: it needs a Cargo.toml, a go.mod, or one source file \
         (.py, .js, .ts or .c) named like the folder; `hostel new` makes one",
        .0.display()
    )]
    NoSource(PathBuf),
    /// There are several plugins where one was meant.
    #[error("{} holds several plugins: name one of {plugins}", path.display())]
    SeveralPlugins {
        /// The folder.
        path: PathBuf,
        /// Their paths.
        plugins: String,
    },
    /// A file of Rust that is in no package.
    #[error(
        "{} is in no package: Rust is built by a Cargo.toml; `hostel new` makes one, and \
         `hostel run FOLDER` runs it",
        .0.display()
    )]
    NoManifest(PathBuf),
    /// A source could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A tool is not there.
    #[error("`{tool}` is not to be found: {fix}")]
    NoTool {
        /// The tool's name.
        tool: &'static str,
        /// How to get it.
        fix: &'static str,
    },
    /// The toolchain has no WebAssembly target and it could not be added.
    #[error("the Rust toolchain has no {target} target and it could not be added: {why}")]
    NoTarget {
        /// The target's name.
        target: &'static str,
        /// What the tool that adds it said.
        why: String,
    },
    /// A tool that was fetched cannot be used.
    #[error("{tool}: {why}")]
    Tool {
        /// The tool's name.
        tool: String,
        /// What is wrong with it.
        why: String,
    },
    /// The tool ran and failed; its own words went to the progress lines.
    #[error("{} does not build: {why}", path.display())]
    Failed {
        /// The source.
        path: PathBuf,
        /// The likely reason, with the fix.
        why: String,
    },
    /// What the tools made cannot be a component.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The build made no component.
    #[error(
        "{} builds no component: its Cargo.toml needs `crate-type = [\"cdylib\"]` under [lib]",
        .0.display()
    )]
    NoComponent(PathBuf),
    /// The build made more than one component.
    #[error("{} builds several components: name the folder of one of them", .0.display())]
    Several(PathBuf),
    /// The SDK could not be laid out.
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

/// Why the SDK could not be laid out in the user's data folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SdkError {
    /// There is no home folder.
    #[error("no home folder to lay the SDK out in: set HOME or XDG_DATA_HOME")]
    NoHome,
    /// A file could not be written.
    #[error("cannot lay the SDK out at {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The link's place is taken.
    #[error("{} is in the way: it has to be a link to the SDK, so move it away", .0.display())]
    InTheWay(PathBuf),
}

/// Why a new service could not be made. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewError {
    /// The folder is there.
    #[error("{} is there already: choose another name, or remove it", .0.display())]
    Exists(PathBuf),
    /// The name is none for a service in the language.
    #[error("`{name}` is no name for a service in {language}: {why}; `{proposal}` is one")]
    Name {
        /// The name.
        name: String,
        /// The language.
        language: Language,
        /// What speaks against it.
        why: String,
        /// A name that can be used.
        proposal: String,
    },
    /// The folder is a member of a workspace of Rust packages, and cannot be.
    #[error(
        "{} takes it for a member of its workspace, and a service is a workspace of its own: add \
         `exclude = [{member:?}]` to its [workspace]; the service is made",
        root.display()
    )]
    Workspace {
        /// The workspace's manifest.
        root: PathBuf,
        /// The folder, seen from there.
        member: String,
    },
    /// The SDK could not be laid out.
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
