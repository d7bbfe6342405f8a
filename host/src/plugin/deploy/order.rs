//! A load to perform, and the reasons why it may stop.

use crate::engine::{CallError, ComponentError, Limits};
use crate::name::PluginName;
use crate::plugin::{Digest, LoadError, PluginSettings};
use crate::source::Stamp;
use std::error::Error;
use std::path::PathBuf;

/// A load to perform.
pub(super) struct Order {
    pub(super) path: PathBuf,
    pub(super) name: PluginName,
    pub(super) settings: PluginSettings,
    pub(super) limits: Limits,
    /// The stamp from the scan that started the load.
    pub(super) stamp: Stamp,
    /// True if the plugin was loaded before, and the host still has it.
    pub(super) serves: bool,
}

/// The queue of a load. Loads in the quick lane do not wait for loads in the slow lane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Components that are small, or whose compiled code is on disk. All loads begin in this lane.
    Quick,
    /// Sources to build, large components to compile, and components that an earlier server was
    /// loading when it ended.
    Slow,
}

/// The reason why a load stopped.
pub(super) enum Stopped {
    /// The file or the source has changed since the scan.
    Changed,
    /// The load belongs in the slow lane.
    Slow {
        /// True if an earlier server ended while loading this component.
        was_interrupted: bool,
    },
    /// The component is refused, or could not be read or built. Contains the component's digest, if
    /// the whole component was read, and the reason.
    Refused(Option<Digest>, String),
    /// The component cannot be loaded now; the next scans try again.
    Later(String),
}

/// Maps a load error to a refusal or to a retry.
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

/// Formats an error, followed by its causes.
pub(super) fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}
