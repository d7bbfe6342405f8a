//! The settings of a host and of a plugin, and what a host reports about both.

use super::admission::Admission;
use super::probation::RolledBack;
use super::version::Digest;
use crate::backend::Backend;
use crate::engine::{Compiler, Instances, Limits, MAX_SLOTS};
use crate::grants::Grants;
use crate::name::PluginName;
use crate::service::ServiceInfo;
use crate::telemetry::LogSink;
use hostel_cache::{CacheLimits, CacheName, Clock};
use std::path::PathBuf;
use std::sync::Arc;

/// The settings of a host.
#[derive(Clone)]
pub struct Settings {
    /// What one call may use up.
    pub limits: Limits,
    /// How many calls are taken on at once.
    pub admission: Admission,
    /// The size of each cache that is not opened before, by [`Host::caches`](crate::Host::caches),
    /// with another.
    pub cache: CacheLimits,
    /// What holds the entries of each cache that is not opened before.
    pub backend: Backend,
    /// Bytes of memory that entries of caches, instances, and bodies of requests and responses take
    /// together; none: three quarters of what the machine and its control groups allow. Caches have
    /// at most half of it, bodies a quarter. The program itself and compiled code are not counted.
    pub memory: Option<usize>,
    /// The clock that entries expire by.
    pub clock: Clock,
    /// Where the guests' log lines go. By default nowhere.
    pub log: LogSink,
    /// A folder to keep compiled code in between runs, with its key in `<folder>.key` beside it.
    /// Both are made if they are missing. A folder that this user cannot write to, and that is
    /// root's or this user's, is only read. By default none: each load compiles.
    pub code_folder: Option<PathBuf>,
    /// Where components are compiled. By default in this process.
    pub compiler: Compiler,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            admission: Admission::default(),
            cache: CacheLimits::default(),
            backend: Backend::Memory,
            memory: None,
            clock: Clock::system(),
            log: Arc::new(|_| {}),
            code_folder: None,
            compiler: Compiler::default(),
        }
    }
}

/// What a plugin is granted, and how it is run.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings {
    /// What it may reach; by default its own cache.
    pub grants: Grants,
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
    /// Connections of plugins to servers elsewhere that are open, idle ones included.
    pub http_connections: usize,
    /// Versions of plugins in memory: those that serve, and old ones that a call under way or a
    /// probation still needs.
    pub versions: usize,
}

impl Activity {
    /// The slots of a host where address space is not short.
    pub const MAX_SLOTS: u32 = MAX_SLOTS;
}
