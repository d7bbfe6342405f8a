//! The host: caches, plugins, and calls to their services.

use super::admission::Gate;
use super::error::{HostError, LoadError};
use super::loaded::Plugin;
use super::pending::Pending;
use super::probation::{Probation, RolledBack};
use super::services;
use super::settings::{Activity, PluginInfo, PluginSettings, Settings};
use super::version::{Digest, Version};
use crate::backend::{self, Backend, CacheStore, Caches};
use crate::blocking::{self, BlockingError};
use crate::engine::{CallError, CodeStore, CompileSettings, Engine, Limits};
use crate::hostcalls::{Capabilities, ConfigValues, Linkage};
use crate::memory::{self, HostMemory};
use crate::name::PluginName;
use crate::outbound::{Network, Outbound};
use crate::process::Cancellation;
use crate::service::{Response, ServiceInfo};
use crate::telemetry::{Level, LoadOutcome, LogSink, Metrics, Origin, log_event};
use hostel_cache::{CacheLimits, CacheName};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Instant, SystemTime};

/// Holds plugins and their caches, and calls services. Can be shared between threads.
///
/// Its asynchronous functions must run within a tokio runtime with the time driver enabled. Caches
/// on Redis and requests to remote servers also need the I/O driver.
pub struct Host {
    engine: Arc<Engine>,
    caches: Arc<Caches>,
    cache_limits: CacheLimits,
    backend: Backend,
    plugins: RwLock<Plugins>,
    pub(super) pending: Pending,
    pub(super) gate: Gate,
    memory: Arc<HostMemory>,
    counts: Metrics,
    log: LogSink,
    /// The limits of all plugins together on requests to remote servers, and the resolver.
    network: Arc<Network>,
    /// Cloned by each version, to count the versions in memory.
    alive: Arc<()>,
}

type Plugins = BTreeMap<PluginName, Arc<Plugin>>;

impl Host {
    /// Creates a host without plugins.
    ///
    /// # Errors
    ///
    /// If the engine rejects the limits, a thread cannot be started, or the folder for compiled
    /// code is not usable; see [`HostError`].
    pub fn new(settings: Settings) -> Result<Host, HostError> {
        let Settings {
            limits,
            admission,
            cache,
            backend,
            memory,
            clock,
            log,
            code_folder,
            compiler,
        } = settings;
        let memory = HostMemory::new(memory.unwrap_or_else(memory::default_budget));
        let open = |folder: PathBuf| {
            CodeStore::open(&folder).map_err(|source| HostError::CodeFolder { folder, source })
        };
        let code = code_folder.map(open).transpose()?;
        let engine = Engine::new(limits, log.clone(), compiler, code, &memory);
        let engine = engine.map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let counts = Metrics::new();
        let caches = Arc::new(Caches::new(clock, counts.redis(), memory.caches()));
        let (idle, released) = (Arc::clone(engine.idle()), Arc::clone(&caches));
        memory.free_by(move || idle.end_longest() || released.drop_released());
        backend::start_reclaim(&caches).map_err(HostError::Reclaim)?;
        Ok(Host {
            caches,
            cache_limits: cache,
            backend,
            plugins: RwLock::default(),
            pending: Pending::default(),
            gate: Gate::new(admission, engine.slots(), &memory),
            engine: Arc::new(engine),
            counts,
            log,
            network: Network::new(memory.messages()),
            memory,
            alive: Arc::default(),
        })
    }

    /// Returns the default limits of calls and components.
    pub fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    /// True if the compiled code of this component is cached on disk, so that loading it usually
    /// takes milliseconds. Does not check the code, which may also be evicted before the load.
    pub fn has_code_of(&self, component: &[u8]) -> bool {
        self.engine.is_kept(component)
    }

    /// True if a process is known to have ended while loading this component.
    pub(super) fn was_interrupted(&self, component: &[u8]) -> bool {
        self.engine.was_interrupted(component)
    }

    /// Returns the current activity.
    pub fn activity(&self) -> Activity {
        let (calls, waiting) = (self.gate.under_way(), self.gate.waiting());
        let versions = Arc::strong_count(&self.alive) - 1;
        let (slots, most_calls) = (self.engine.slots(), self.gate.most());
        let http_connections = self.network.connections();
        Activity { calls, waiting, slots, most_calls, versions, http_connections }
    }

    /// The caches of this host and their statistics.
    pub fn caches(&self) -> &Caches {
        &self.caches
    }

    /// Loads a component as a plugin and returns its services.
    ///
    /// The component is compiled on a separate thread, unless its compiled code is cached. It is
    /// checked against the world before it runs, and called for its list of services under the
    /// limits of a call.
    ///
    /// # Errors
    ///
    /// If the name is taken, the component is invalid or does not match the world, or the component
    /// fails to list its services. Also if a listed service is invalid, the plugin's cache cannot
    /// be opened, or the machine is short of a resource. The host's plugins are then unchanged.
    pub async fn load(
        &self,
        name: PluginName,
        component: Vec<u8>,
        settings: PluginSettings,
    ) -> Result<Vec<ServiceInfo>, LoadError> {
        if self.plugin(name.as_str()).is_some() {
            return Err(LoadError::NameTaken(name.to_string()));
        }
        let cache_name = settings.grants.cache.binding.cache_of(&name);
        let linkage = self.linkage(self.caches.get(&cache_name).as_ref());
        let version = Arc::new(self.prepare(&name, component, &settings, linkage).await?);
        let mut plugins = self.write();
        match plugins.entry(name) {
            Entry::Occupied(taken) => Err(LoadError::NameTaken(taken.key().to_string())),
            Entry::Vacant(vacant) => {
                let name = vacant.key().clone();
                // Open the cache under the lock, so that a concurrent unload cannot release it.
                let cache = self.open_cache(&cache_name)?;
                let services = version.services.clone();
                self.counts.load(name.as_str(), LoadOutcome::Loaded);
                let capabilities = Capabilities {
                    grants: settings.grants.clone(),
                    cache,
                    lease_waits: self.gate.lease_waits(settings.calls),
                    lease_meter: self.counts.leases().cache(&cache_name.to_string()),
                    outbound: self.outbound(&name, &settings),
                };
                vacant.insert(Arc::new(Plugin {
                    name,
                    version,
                    capabilities: Arc::new(capabilities),
                    cache_name,
                    calls: self.gate.calls(settings.calls),
                    settings,
                    probation: Probation::none(),
                    rolled_back: None,
                }));
                Ok(services)
            }
        }
    }

    /// Replaces a plugin's component atomically, and returns the new component's services.
    ///
    /// The plugin keeps its settings, its cache and the cache's entries. Running calls, and calls
    /// of a [`Target`](crate::Target) that was resolved before, use the old component. Other calls
    /// that begin after this function has returned use the new component.
    ///
    /// The new component is on probation until its first response. If three calls before that
    /// response fail through the guest's fault, the old component is restored, also atomically, and
    /// an error is logged. A trap, an exit, a violation of the contract, and any limit except
    /// `limits.request` are the guest's fault. While the host is busy, ten calls that time out
    /// count as one. Other errors do not count, so that bad requests do not influence the
    /// probation. However, a caller who knows a request that makes the new component trap can force
    /// a rollback by sending the request three times before the first response. A component that
    /// replaces one on probation is rolled back to the last component that was not on probation.
    ///
    /// # Errors
    ///
    /// If no plugin has that name, or the component is refused as by [`Host::load`]. The old
    /// component is then kept.
    pub async fn replace(
        &self,
        name: &PluginName,
        component: Vec<u8>,
    ) -> Result<Vec<ServiceInfo>, LoadError> {
        let not_loaded = || LoadError::NotLoaded(name.to_string());
        let old = self.plugin(name.as_str()).ok_or_else(not_loaded)?;
        let linkage = self.linkage(Some(&old.capabilities.cache));
        let version = Arc::new(self.prepare(name, component, &old.settings, linkage).await?);
        let services = version.services.clone();
        let mut plugins = self.write();
        let place = plugins.get_mut(name).ok_or_else(not_loaded)?;
        let previous = place.probation.end().unwrap_or_else(|| Arc::clone(&place.version));
        // The previous version may never be called again, and its idle instances occupy memory and
        // slots.
        let idle = previous.component.keep_instances(false);
        let new = Arc::new(place.with(version, Probation::against(previous), None));
        let replaced = std::mem::replace(place, new);
        drop(plugins);
        // Drop these outside the lock: they may hold the last references to the old version's code,
        // which is slow to free.
        drop((replaced, idle));
        self.counts.load(name.as_str(), LoadOutcome::Reloaded);
        Ok(services)
    }

    /// Unloads a plugin. Running calls finish normally; later calls by name find no service.
    ///
    /// The plugin's private cache in memory is kept for an hour, so that a plugin that is loaded
    /// under the same name finds the entries. If the host is short of memory, the cache is dropped
    /// earlier. A cache on Redis is kept.
    ///
    /// # Errors
    ///
    /// If no plugin has that name.
    pub fn unload(&self, name: &PluginName) -> Result<(), LoadError> {
        let mut plugins = self.write();
        let removed = plugins.remove(name);
        let removed = removed.ok_or_else(|| LoadError::NotLoaded(name.to_string()))?;
        let is_used = plugins.values().any(|plugin| plugin.cache_name == removed.cache_name);
        if !is_used {
            self.caches.release(&removed.cache_name, Instant::now());
        }
        // Unlock first: `removed` may hold the last reference to the code, which is slow to free.
        drop(plugins);
        Ok(())
    }

    /// The plugins, sorted by name.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.read().values().map(|plugin| plugin.info()).collect()
    }

    /// The memory budget of the host.
    pub(crate) fn memory(&self) -> &Arc<HostMemory> {
        &self.memory
    }

    pub(crate) fn counts(&self) -> &Metrics {
        &self.counts
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Restores the version that the probation of `failed` keeps, if `failed` still serves.
    pub(super) fn roll_back(
        &self,
        failed: &Arc<Plugin>,
        answer: &Result<Response, CallError>,
        calls: u32,
    ) {
        let reason = answer.as_ref().err().map(CallError::to_string).unwrap_or_default();
        let mut plugins = self.write();
        let Some(place) = plugins.get_mut(&failed.name).filter(|at| Arc::ptr_eq(at, failed)) else {
            return;
        };
        let Some(previous) = failed.probation.end() else { return };
        let (from, to) = (failed.version.digest, previous.digest);
        drop(previous.component.keep_instances(true));
        let note = RolledBack { from, at: SystemTime::now(), reason: reason.clone() };
        *place = Arc::new(failed.with(previous, Probation::none(), Some(note)));
        drop(plugins);
        self.counts.load(failed.name.as_str(), LoadOutcome::RolledBack);
        let message = format!(
            "brought back version {to}, since the first {calls} calls of {from} all failed, \
             the last with: {reason}"
        );
        self.log_event(Level::Error, failed.name.as_str(), &message);
    }

    /// Logs an event. `plugin` is empty for an event that concerns no plugin. `message` must be one
    /// line: the caller escapes untrusted text.
    pub(super) fn log_event(&self, level: Level, plugin: &str, message: &str) {
        log_event(&self.log, level, plugin, message);
    }

    /// The full names of all services.
    pub(super) fn full_names(&self) -> Vec<String> {
        self.read().values().flat_map(|plugin| plugin.full_names()).collect()
    }

    pub(super) fn plugin(&self, name: &str) -> Option<Arc<Plugin>> {
        self.read().get(name).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, Plugins> {
        self.plugins.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Plugins> {
        self.plugins.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how to link a plugin's cache functions. `cache` is `None` if the cache is not open
    /// yet; the host then opens it on its own backend.
    fn linkage(&self, cache: Option<&CacheStore>) -> Linkage {
        let is_in_memory = || self.backend == Backend::Memory;
        match cache.map_or_else(is_in_memory, |cache| cache.memory().is_some()) {
            true => Linkage::Synchronous,
            false => Linkage::Asynchronous,
        }
    }

    /// Opens a plugin's cache. A configured cache that is already open keeps its size and backend.
    fn open_cache(&self, name: &CacheName) -> Result<CacheStore, LoadError> {
        let open = match name {
            CacheName::Private(_) => None,
            CacheName::Configured(_) => self.caches.get(name),
        };
        match open {
            Some(cache) => Ok(cache),
            None => Ok(self.caches.open_on(name.clone(), self.cache_limits, &self.backend)?),
        }
    }

    /// Creates the outbound HTTP client of a plugin.
    fn outbound(&self, name: &PluginName, settings: &PluginSettings) -> Arc<Outbound> {
        let meter = self.counts.http_client(name.as_str());
        let network = Arc::clone(&self.network);
        Arc::new(Outbound::new(name.shared(), &settings.grants, network, meter))
    }

    async fn prepare(
        &self,
        name: &PluginName,
        bytes: Vec<u8>,
        settings: &PluginSettings,
        linkage: Linkage,
    ) -> Result<Version, LoadError> {
        let prepared = self.version(name, bytes, settings, linkage).await;
        prepared.inspect_err(|_| self.counts.load(name.as_str(), LoadOutcome::Refused))
    }

    async fn version(
        &self,
        name: &PluginName,
        bytes: Vec<u8>,
        settings: &PluginSettings,
        linkage: Linkage,
    ) -> Result<Version, LoadError> {
        let engine = Arc::clone(&self.engine);
        let limits = settings.limits.clone().unwrap_or_else(|| engine.limits().clone());
        let (instances, meter) = (settings.instances, self.counts.instances(name.as_str()));
        let cancellation = Cancellation::default();
        // Cancelling a load kills the process that compiles for it.
        let _given_up = cancellation.on_drop();
        let config = ConfigValues::new(name.as_str(), &settings.grants.config);
        let settings = CompileSettings { limits, instances, linkage, meter, config, cancellation };
        let begun = Instant::now();
        let compiling = blocking::run(move || {
            let mark = engine.mark(&bytes);
            let compiled = engine.compile(&bytes, settings)?;
            Ok::<_, LoadError>((compiled, Digest::of(&bytes), mark))
        });
        let compiled = compiling.await;
        self.counts.compiled(name.as_str(), begun.elapsed());
        // Keep the mark until the services are listed, because listing them runs the component for
        // the first time.
        let (component, digest, _mark) = match compiled {
            Ok(compiled) => compiled?,
            Err(BlockingError::NoThread(error)) => return Err(LoadError::NoThread(error)),
            Err(BlockingError::Panicked) => return Err(LoadError::Stopped),
        };
        let origin =
            Origin { plugin: name.shared(), service: String::new(), request_id: String::new() };
        let services =
            self.engine.services(&component, origin).await.map_err(LoadError::Services)?;
        services::check(&services)?;
        let meter = |info: &ServiceInfo| self.counts.service(&format!("{name}.{}", info.name));
        let meters = services.iter().map(meter).collect();
        Ok(Version { digest, component, services, meters, _alive: Arc::clone(&self.alive) })
    }
}
