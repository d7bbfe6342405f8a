//! What is to be loaded, and why that did not succeed.

use crate::engine::{CallError, ComponentError, Limits};
use crate::name::PluginName;
use crate::plugin::{Digest, LoadError, PluginSettings};
use crate::source::Stamp;
use std::error::Error;
use std::path::PathBuf;

/// What is to be loaded.
pub(super) struct Order {
    pub(super) path: PathBuf,
    pub(super) name: PluginName,
    pub(super) settings: PluginSettings,
    pub(super) limits: Limits,
    /// The stamp that two scans found.
    pub(super) stamp: Stamp,
    /// Whether the plugin is in the host.
    pub(super) serves: bool,
}

/// Those that load together: the quick ones do not wait for the slow ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Components that are small, or whose code is on disk.
    Quick,
    /// Everything else: sources are built there, and language runtimes compiled.
    Slow,
}

/// Why a load did not succeed.
pub(super) enum Stopped {
    /// The file has changed meanwhile.
    Changed,
    /// It will take long, so that it belongs to the other lane.
    Slow {
        /// Whether a server ended while it was being loaded.
        was_interrupted: bool,
    },
    /// It cannot be loaded: this content, if it could be read at all.
    Refused(Option<Digest>, String),
    /// It cannot be loaded now; the next scan tries again.
    Later(String),
}

/// A component may be fine when its name is not free yet, or the host or its machine was short of
/// something.
pub(super) fn stopped(content: Digest, error: &LoadError) -> Stopped {
    match error {
        LoadError::NameTaken(_)
        | LoadError::NotLoaded(_)
        | LoadError::NoThread(_)
        | LoadError::Component(ComponentError::Unavailable(_))
        | LoadError::Services(CallError::Busy(_) | CallError::Host(_)) => {
            Stopped::Later(whole(error))
        }
        _ => Stopped::Refused(Some(content), whole(error)),
    }
}

/// An error with its causes, as one line.
pub(super) fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}
