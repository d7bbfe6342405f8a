//! The host: caches, plugins, and calls to their services.

use super::admission::Door;
use super::probation::{Probation, RolledBack};
use super::version::{Digest, Version};
use super::{
    Access, Activity, HostError, LoadError, Plugin, PluginInfo, PluginName, PluginSettings,
    Settings, check_services,
};
use crate::engine::{CallError, CodeStore, Engine, Limits};
use crate::hostcalls::cache::CacheAccess;
use crate::hostcalls::handler::{Request, Response, ServiceInfo};
use crate::telemetry::{CallSpan, Level, Loading, LogLine, LogSink, Metrics, Origin};
use hostel_cache::{Cache, CacheLimits, CacheName, Caches};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Instant, SystemTime};

/// Holds plugins and their caches, and calls services. Used from any number of threads.
///
/// Its asynchronous functions run within a tokio runtime whose time driver is on.
pub struct Host {
    engine: Arc<Engine>,
    caches: Arc<Caches>,
    cache_limits: CacheLimits,
    plugins: RwLock<Plugins>,
    door: Door,
    counts: Metrics,
    log: LogSink,
    /// Cloned by each version in memory.
    alive: Arc<()>,
}

type Plugins = BTreeMap<PluginName, Arc<Plugin>>;

impl Host {
    /// A host with no plugins.
    ///
    /// # Errors
    ///
    /// When the engine refuses the limits or cannot start its one thread, or the folder for
    /// compiled code cannot be made or is not this user's alone.
    pub fn new(settings: Settings) -> Result<Host, HostError> {
        let Settings { limits, admission, cache, clock, log, code_folder } = settings;
        let open = |folder: PathBuf| {
            CodeStore::open(&folder).map_err(|source| HostError::CodeFolder { folder, source })
        };
        let code = code_folder.map(open).transpose()?;
        let engine = Engine::new(limits, log.clone(), code);
        let engine = engine.map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let caches = Arc::new(Caches::new(clock));
        super::reclaim::start(&caches).map_err(HostError::Reclaim)?;
        Ok(Host {
            caches,
            cache_limits: cache,
            plugins: RwLock::default(),
            door: Door::new(admission, engine.slots()),
            engine: Arc::new(engine),
            counts: Metrics::new(),
            log,
            alive: Arc::default(),
        })
    }

    /// What one call may use up here.
    pub fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    /// Whether the compiled code of this component is on disk, so that loading it takes
    /// milliseconds. A load may find it gone all the same: the folder is kept within bounds.
    pub fn has_code_of(&self, component: &[u8]) -> bool {
        self.engine.is_kept(component)
    }

    /// What is under way at this moment.
    pub fn activity(&self) -> Activity {
        let (calls, waiting) = (self.door.under_way(), self.door.waiting());
        let versions = Arc::strong_count(&self.alive) - 1;
        let (slots, most_calls) = (self.engine.slots(), self.door.most());
        Activity { calls, waiting, slots, most_calls, versions }
    }

    /// The caches of this host and their statistics.
    pub fn caches(&self) -> &Caches {
        &self.caches
    }

    /// Loads a component as a plugin and answers its services.
    ///
    /// The component is compiled on a thread of its own, checked against the world before
    /// anything of it runs, and asked for its services under the limits of a call.
    ///
    /// # Errors
    ///
    /// When the name is taken, the component is none or does not fit, or its list of services is
    /// missing or malformed. Nothing has changed then.
    pub async fn load(
        &self,
        name: PluginName,
        component: Vec<u8>,
        settings: PluginSettings,
    ) -> Result<Vec<ServiceInfo>, LoadError> {
        if self.plugin(name.as_str()).is_some() {
            return Err(LoadError::NameTaken(name.to_string()));
        }
        let version = Arc::new(self.prepare(&name, component, &settings).await?);
        let cache_name = settings.cache.of(&name);
        let cache = self.open_cache(&cache_name)?;
        let mut plugins = self.write();
        match plugins.entry(name) {
            Entry::Occupied(place) => Err(LoadError::NameTaken(place.key().to_string())),
            Entry::Vacant(place) => {
                let name = place.key().clone();
                let services = version.services.clone();
                let (probation, rolled_back) = (Probation::none(), None);
                self.counts.load(name.as_str(), Loading::Loaded);
                place.insert(Arc::new(Plugin {
                    name,
                    version,
                    cache,
                    cache_name,
                    room: self.door.room(settings.calls),
                    settings,
                    probation,
                    rolled_back,
                }));
                Ok(services)
            }
        }
    }

    /// Puts a new component in a plugin's place, in one step, and answers its services.
    ///
    /// The plugin keeps its settings, its cache and its entries. Calls under way end on the old
    /// component; a call that begins after this has returned runs on the new one.
    ///
    /// The new one is on trial until its first response: when three calls before that end by what
    /// the guest did (a trap, an exit, a breach of the contract, a limit but that of the
    /// request), the old one is brought back, in one step too, and an error is logged. While the
    /// host is busy, ten calls that run out of time count as one. Other errors count neither way, so that bad requests decide nothing; but a caller who knows a
    /// request that makes the new one trap can have it thrown out, if it answers nobody before. A
    /// component that takes the place of one on trial is tried against the last that was not.
    ///
    /// # Errors
    ///
    /// When no plugin has that name, or the component is refused as by [`Host::load`]; the old
    /// one stays then.
    pub async fn replace(
        &self,
        name: &PluginName,
        component: Vec<u8>,
    ) -> Result<Vec<ServiceInfo>, LoadError> {
        let not_loaded = || LoadError::NotLoaded(name.to_string());
        let old = self.plugin(name.as_str()).ok_or_else(not_loaded)?;
        let version = Arc::new(self.prepare(name, component, &old.settings).await?);
        let services = version.services.clone();
        let mut plugins = self.write();
        let place = plugins.get_mut(name).ok_or_else(not_loaded)?;
        let previous = place.probation.end().unwrap_or_else(|| Arc::clone(&place.version));
        // It may never be called again, and what waits for a call takes memory and a slot.
        let waited = previous.component.keep_instances(false);
        let new = Arc::new(place.with(version, Probation::against(previous), None));
        let replaced = std::mem::replace(place, new);
        drop(plugins);
        // Without the lock: it may be the last to hold the old version's code.
        drop((replaced, waited));
        self.counts.load(name.as_str(), Loading::Reloaded);
        Ok(services)
    }

    /// Takes a plugin away. Calls under way end as if it were there; later ones find no service.
    ///
    /// Its private cache stays, so that a plugin which comes back under its name finds its entries.
    ///
    /// # Errors
    ///
    /// When no plugin has that name.
    pub fn unload(&self, name: &PluginName) -> Result<(), LoadError> {
        let removed = self.write().remove(name);
        removed.map(drop).ok_or_else(|| LoadError::NotLoaded(name.to_string()))
    }

    /// The plugins in the order of their names.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.read().values().map(|plugin| plugin.info()).collect()
    }

    /// Calls a service by its full name, `<plugin>.<service>`, or by the plugin's alone where it
    /// has one service.
    ///
    /// The request is handled in a fresh instance, gone when this returns, unless the plugin's
    /// settings say otherwise. Dropping the future stops the guest; what it set in its cache by
    /// then stays.
    ///
    /// # Errors
    ///
    /// When there is no such service, more is under way than the host takes on, the service
    /// answers a failure, traps, exits, breaks the contract or reaches a limit. The host and
    /// other calls are untouched by all of these.
    pub async fn call(&self, service: &str, request: Request) -> Result<Response, CallError> {
        self.call_traced(service, request, None).await
    }

    /// Calls a service as [`Host::call`] does, and notes in its span how that went.
    pub(crate) async fn call_traced(
        &self,
        service: &str,
        request: Request,
        mut span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let unknown =
            || CallError::UnknownService { name: service.to_owned(), offered: self.full_names() };
        let begun = Instant::now();
        let (plugin, place, name) = self.resolve(service).ok_or_else(unknown)?;
        if let Some(span) = &mut span {
            span.is_to(plugin.name.as_str(), &name);
        }
        let answer = self.call_admitted(&plugin, name, request, span.as_deref_mut()).await;
        if let Some(span) = span {
            span.ended(answer.as_ref().map_or_else(CallError::outcome, |_| "answered"));
        }
        self.count(&plugin, place, &answer, begun.elapsed());
        if let Some(calls) = plugin.probation.take_in(&answer, || self.door.is_busy()) {
            self.roll_back(&plugin, &answer, calls);
        }
        answer
    }

    async fn call_admitted(
        &self,
        plugin: &Plugin,
        service: String,
        request: Request,
        mut span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let _admitted = self.door.admit(&plugin.room).await?;
        if let Some(span) = &mut span {
            span.is_admitted();
        }
        let origin =
            Origin { plugin: plugin.name.shared(), service, request_id: request.id.clone() };
        let cache = Arc::clone(&plugin.cache);
        let cache = match plugin.settings.access {
            Access::ReadWrite => CacheAccess::ReadWrite(cache),
            Access::ReadOnly => CacheAccess::ReadOnly(cache),
        };
        self.engine.handle(&plugin.version.component, origin, cache, request, span).await
    }

    pub(crate) fn counts(&self) -> &Metrics {
        &self.counts
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Brings back the version that this one replaced, if this one still serves.
    fn roll_back(&self, failed: &Arc<Plugin>, answer: &Result<Response, CallError>, calls: u32) {
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
        self.counts.load(failed.name.as_str(), Loading::RolledBack);
        let message = format!(
            "brought back version {to}, since the first {calls} calls of {from} all failed, \
             the last with: {reason}"
        );
        self.say(Level::Error, failed.name.as_str(), &message);
    }

    /// Logs a line of the host's own about a plugin. The message is one line already.
    pub(super) fn say(&self, level: Level, plugin: &str, message: &str) {
        let (service, request_id) = ("", "");
        let time = SystemTime::now();
        (self.log)(&LogLine { time, level, plugin, service, request_id, message });
    }

    /// The most bytes that a request's body to a service may have; none where there is no such
    /// service. Names are those of [`Host::call`].
    pub fn request_limit(&self, service: &str) -> Option<usize> {
        let (plugin, ..) = self.resolve(service)?;
        Some(plugin.settings.limits.as_ref().unwrap_or_else(|| self.limits()).request)
    }

    /// The full names of all services.
    fn full_names(&self) -> Vec<String> {
        self.read().values().flat_map(|plugin| plugin.full_names()).collect()
    }

    fn plugin(&self, name: &str) -> Option<Arc<Plugin>> {
        self.read().get(name).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, Plugins> {
        self.plugins.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Plugins> {
        self.plugins.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin that a full name means, and its service: the place and the short name.
    fn resolve(&self, service: &str) -> Option<(Arc<Plugin>, usize, String)> {
        let (plugin_name, short_name) = match service.split_once('.') {
            Some((plugin, service)) => (plugin, Some(service)),
            None => (service, None),
        };
        let plugin = self.plugin(plugin_name)?;
        let (place, name) = match (short_name, plugin.version.services.as_slice()) {
            (Some(name), _) => (plugin.version.place(name)?, name.to_owned()),
            (None, [only]) => (0, only.name.clone()),
            _ => return None,
        };
        Some((plugin, place, name))
    }

    /// A plugin's cache. A configured one that is open has the size that it was opened with.
    fn open_cache(&self, name: &CacheName) -> Result<Arc<Cache>, LoadError> {
        let open = match name {
            CacheName::Private(_) => None,
            CacheName::Configured(_) => self.caches.get(name),
        };
        match open {
            Some(cache) => Ok(cache),
            None => Ok(self.caches.open(name.clone(), self.cache_limits)?),
        }
    }

    /// Compiles and checks a component and asks for its services.
    async fn prepare(
        &self,
        name: &PluginName,
        bytes: Vec<u8>,
        settings: &PluginSettings,
    ) -> Result<Version, LoadError> {
        let prepared = self.version(name, bytes, settings).await;
        prepared.inspect_err(|_| self.counts.load(name.as_str(), Loading::Refused))
    }

    async fn version(
        &self,
        name: &PluginName,
        bytes: Vec<u8>,
        settings: &PluginSettings,
    ) -> Result<Version, LoadError> {
        let engine = Arc::clone(&self.engine);
        let limits = settings.limits.clone().unwrap_or_else(|| engine.limits().clone());
        let (instances, meter) = (settings.instances, self.counts.instances(name.as_str()));
        let begun = Instant::now();
        let compiling = tokio::task::spawn_blocking(move || {
            let compiled = engine.compile(&bytes, limits, instances, meter)?;
            Ok::<_, LoadError>((compiled, Digest::of(&bytes)))
        });
        let compiled = compiling.await;
        self.counts.compiled(name.as_str(), begun.elapsed());
        let (component, digest) = match compiled {
            Ok(compiled) => compiled?,
            Err(stopped) => return Err(LoadError::Stopped(stopped.to_string())),
        };
        let origin =
            Origin { plugin: name.shared(), service: String::new(), request_id: String::new() };
        let services =
            self.engine.services(&component, origin).await.map_err(LoadError::Services)?;
        check_services(&services)?;
        let meter = |info: &ServiceInfo| self.counts.service(&format!("{name}.{}", info.name));
        let meters = services.iter().map(meter).collect();
        Ok(Version { digest, component, services, meters, _alive: Arc::clone(&self.alive) })
    }
}
