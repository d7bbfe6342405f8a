//! The settings of a host and of a plugin, and the reports about both.

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
    /// The default limits of calls and components.
    pub limits: Limits,
    /// Limits on concurrent and waiting calls.
    pub admission: Admission,
    /// The size of each cache. A configured cache that was opened before through
    /// [`Host::caches`](crate::Host::caches) keeps its size.
    pub cache: CacheLimits,
    /// The storage of each cache. A configured cache that was opened before keeps its storage.
    pub backend: Backend,
    /// Budget in bytes for cache entries, instances and bodies of requests and responses together.
    /// The default is three quarters of the memory that the machine and the process's control
    /// groups allow, or 1.5 GiB on systems other than Linux. Caches get at most half of the budget,
    /// apart from a small minimum for each cache, and bodies at most a quarter. The program and
    /// compiled code do not count.
    pub memory: Option<usize>,
    /// The clock that determines when entries of caches in memory expire.
    pub clock: Clock,
    /// The sink for log lines. By default, log lines are discarded.
    pub log: LogSink,
    /// A folder that caches compiled code between runs. The key that authenticates the code is in
    /// `<folder>.key`. The folder and the key are created if missing. A folder that belongs to root
    /// or this user is only read if neither this user nor others can write to it. By default there
    /// is no folder, and each load compiles.
    pub code_folder: Option<PathBuf>,
    /// Where components are compiled; by default in this process.
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

/// A plugin's grants, and how the host runs the plugin.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings {
    /// The plugin's grants; by default, access to its own cache.
    pub grants: Grants,
    /// The limits of the plugin's calls and component; by default the limits in the host's
    /// settings. The limit `stack` is always the host's.
    pub limits: Option<Limits>,
    /// What happens to an instance when its call ends; by default it is dropped.
    pub instances: Instances,
    /// Maximum concurrent calls; by default `calls_per_plugin` of the host's [`Admission`].
    pub calls: Option<usize>,
}

/// A host's report about a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// The plugin's name.
    pub name: PluginName,
    /// The digest of the serving component.
    pub version: Digest,
    /// The services, in the order in which the component lists them.
    pub services: Vec<ServiceInfo>,
    /// The plugin's cache.
    pub cache: CacheName,
    /// Set if the serving version was restored by a rollback.
    pub rolled_back: Option<RolledBack>,
}

/// The current activity of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Running calls.
    pub calls: usize,
    /// Calls that are queued, or that wait for their plugin to be loaded.
    pub waiting: usize,
    /// Maximum instances with reserved address space: 1,024, or fewer if the system grants less
    /// address space. 0 if each instance maps its own memory.
    pub slots: u32,
    /// Maximum concurrent calls: `calls` of the host's [`Admission`]. If there are slots, at most
    /// three quarters of them; the remaining slots are for idle instances.
    pub most_calls: usize,
    /// Connections of plugins to remote servers, including idle connections and connections that
    /// are being opened.
    pub http_connections: usize,
    /// Versions of plugins in memory: serving ones, and old ones that a running call, a
    /// [`Target`](crate::Target) or a probation still needs.
    pub versions: usize,
}

impl Activity {
    /// The number of slots if there is enough address space.
    pub const MAX_SLOTS: u32 = MAX_SLOTS;
}
