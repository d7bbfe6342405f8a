//! Errors of an initialisation ahead of time.

use crate::engine::error::ComponentError;
use std::io;
use std::path::PathBuf;
use wasmparser::BinaryReaderError;

/// Why a base could not be initialised.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// The base is malformed.
    #[error("the base is not a component: {0}")]
    Malformed(#[from] BinaryReaderError),
    /// The base has a feature that snapshots do not support.
    #[error("the base has {0}, which no copy of it can begin with")]
    Unsupported(&'static str),
    /// The base cannot be compiled.
    #[error("the base cannot be compiled")]
    Compile(#[from] ComponentError),
    /// A folder that the initialisation needs cannot be opened.
    #[error("cannot open {0}")]
    Folder(PathBuf, #[source] io::Error),
    /// The script does not load.
    #[error("the script does not load: {0}")]
    Script(String),
    /// The initialisation called exit. The base usually prints the reason to stderr first.
    #[error("the initialisation called exit")]
    Exited,
    /// The initialisation trapped, or could not be started.
    #[error("the initialisation failed")]
    Run(#[source] wasmtime::Error),
}
