//! A load to perform, and the reasons why it may fail.

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
    /// The stamp that two scans found.
    pub(super) stamp: Stamp,
    /// True if the host has the plugin.
    pub(super) serves: bool,
}

/// Loads are queued by lane, so that quick ones do not wait for slow ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Small components, and those whose compiled code is on disk.
    Quick,
    /// Everything else: sources to build, language runtimes to compile.
    Slow,
}

/// The reason why a load failed.
pub(super) enum Stopped {
    /// The file has changed since.
    Changed,
    /// It will take long, so it belongs in the other lane.
    Slow {
        /// True if an earlier server ended while it was being loaded.
        was_interrupted: bool,
    },
    /// It cannot be loaded: this content, or `None` if it could not be read.
    Refused(Option<Digest>, String),
    /// It cannot be loaded now; the next scan tries again.
    Later(String),
}

/// Maps a load error to a refusal or a retry. The component may be fine if its name is still taken,
/// or the host or its machine was short of a resource.
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
