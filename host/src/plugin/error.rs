//! Why a host could not be created, or a plugin could not be loaded.

use super::limits::MAX_DESCRIPTION_BYTES;
use crate::backend::OpenError;
use crate::engine::{CallError, ComponentError};
use crate::telemetry::excerpt;
use hostel_cache::NameError;
use std::io;
use std::path::PathBuf;

/// Why a host could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The engine rejects the limits, or one of its threads cannot be started.
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
    /// The thread that reclaims expired entries cannot be started.
    #[error("the thread that reclaims memory cannot be started")]
    Reclaim(#[source] io::Error),
    /// The folder for compiled code is not usable: for example, its key cannot be read, or other
    /// users can replace files in the folder.
    #[error("cannot store compiled code in {}", folder.display())]
    CodeFolder {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Why a plugin could not be loaded, replaced or unloaded. The host's plugins are unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The plugin name is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A plugin of that name is already loaded.
    #[error("a plugin called `{0}` is loaded already: rename one of the two files")]
    NameTaken(String),
    /// There is no plugin of that name to replace or to unload.
    #[error("no plugin called `{0}` is loaded")]
    NotLoaded(String),
    /// The component is invalid, exceeds a limit, or could not be compiled.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The compiler panicked.
    #[error("compiling it stopped: it panicked")]
    Stopped,
    /// The system refused a thread for the compilation. The component may be valid.
    #[error("the system refused a thread")]
    NoThread(#[source] io::Error),
    /// The call that lists the component's services failed.
    #[error("it failed to list its services: {0}")]
    Services(CallError),
    /// The component lists no service.
    #[error("it lists no service: declare at least one")]
    NoServices,
    /// A service's name is invalid.
    #[error(
        "it lists a service called \"{}\": a name has 1 to 128 ASCII letters, digits, dots, \
         hyphens and underscores, a letter first",
        excerpt(.0)
    )]
    ServiceName(String),
    /// A description contains a control character, such as a line break, or exceeds the limit.
    #[error(
        "its service `{0}` has a description of more than one line or of more than {most} bytes",
        most = MAX_DESCRIPTION_BYTES
    )]
    Description(String),
    /// Two services have the same name.
    #[error("it lists two services called `{0}`")]
    ServiceTwice(String),
    /// The plugin's cache is already open with other limits or on another backend.
    #[error("its cache cannot be opened")]
    Cache(#[from] OpenError),
}
