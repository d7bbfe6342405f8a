//! What a host is made of, what a plugin is granted, and what a host tells of both.

use super::probation::RolledBack;
use super::{Admission, Digest, PluginName};
use crate::engine::{Instances, Limits, MOST_SLOTS};
use crate::hostcalls::handler::ServiceInfo;
use crate::telemetry::LogSink;
use hostel_cache::{CacheLimits, CacheName, Clock, Name};
use std::path::PathBuf;
use std::sync::Arc;

/// What a host is made of.
#[derive(Clone)]
pub struct Settings {
    /// What one call may use up.
    pub limits: Limits,
    /// How many calls are taken on at once.
    pub admission: Admission,
    /// The size of each cache that is not opened before, by [`Host::caches`](super::Host::caches),
    /// with another.
    pub cache: CacheLimits,
    /// The clock that entries expire by.
    pub clock: Clock,
    /// Where the guests' log lines go. By default nowhere.
    pub log: LogSink,
    /// A folder to keep compiled code in between runs, this user's alone. By default none: each
    /// load compiles.
    pub code_folder: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            admission: Admission::default(),
            cache: CacheLimits::default(),
            clock: Clock::system(),
            log: Arc::new(|_| {}),
            code_folder: None,
        }
    }
}

/// Which cache a plugin is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CacheBinding {
    /// Its own, `plugin/<name>`, which no other plugin sees.
    #[default]
    Private,
    /// The configured one of this name, which it shares with every plugin bound to it.
    Configured(Name),
}

impl CacheBinding {
    /// The cache that a plugin of this name is bound to.
    pub(super) fn of(&self, plugin: &PluginName) -> CacheName {
        match self {
            CacheBinding::Private => CacheName::Private(plugin.as_name().clone()),
            CacheBinding::Configured(name) => CacheName::Configured(name.clone()),
        }
    }
}

/// What a plugin may do with the cache that it is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// All four functions.
    #[default]
    ReadWrite,
    /// `get` and `exists`; the others answer `denied`.
    ReadOnly,
}

/// What a plugin is granted.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings {
    /// The cache that it is bound to; by default its own.
    pub cache: CacheBinding,
    /// What it may do there; by default read and write.
    pub access: Access,
    /// What one call may use up; by default what the host's settings say. `stack` is the same for
    /// all plugins of a host.
    pub limits: Option<Limits>,
    /// What happens to an instance when its call ends; by default it is dropped.
    pub instances: Instances,
    /// Calls under way at once; by default `calls_per_plugin` of the host's [`Admission`].
    pub calls: Option<usize>,
}

/// What a host knows of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its name.
    pub name: PluginName,
    /// The content that serves.
    pub version: Digest,
    /// Its services, in its own order.
    pub services: Vec<ServiceInfo>,
    /// The cache it is bound to.
    pub cache: CacheName,
    /// That the version that serves was brought back, if it was.
    pub rolled_back: Option<RolledBack>,
}

/// What a host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Calls under way.
    pub calls: usize,
    /// Calls that wait to begin.
    pub waiting: usize,
    /// Instances that have address space set aside, at most 1,024; fewer where the system gives
    /// less, and 0 where each instance's memory is mapped anew.
    pub slots: u32,
    /// Calls taken on at once: `calls` of the host's [`Admission`], or three quarters of the slots
    /// where that is less; the others are for instances that wait.
    pub most_calls: usize,
    /// Versions of plugins in memory: those that serve, and old ones that a call under way or a
    /// trial still needs.
    pub versions: usize,
}

impl Activity {
    /// The slots of a host where address space is not short.
    pub const MOST_SLOTS: u32 = MOST_SLOTS;
}
