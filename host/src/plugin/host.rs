//! The host: caches, plugins, and calls to their services.

use super::admission::{Admission, Door};
use super::{LoadError, Plugin, PluginName, check_services};
use crate::engine::{CallError, CodeStore, Compiled, Engine, Instances, Limits};
use crate::hostcalls::cache::CacheAccess;
use crate::hostcalls::handler::{Request, Response, ServiceInfo};
use crate::telemetry::{LogSink, Origin};
use hostel_cache::{Cache, CacheLimits, CacheName, Caches, Clock, Name};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// What a host is made of.
#[derive(Clone)]
pub struct Settings {
    /// What one call may use up.
    pub limits: Limits,
    /// How many calls are taken on at once.
    pub admission: Admission,
    /// The size of each cache that is not opened before, by [`Host::caches`], with another.
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
    /// Its services, in its own order.
    pub services: Vec<ServiceInfo>,
    /// The cache it is bound to.
    pub cache: CacheName,
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
}

/// Why a host could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The engine refuses the limits, or its one thread cannot be started.
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
    /// The folder for compiled code cannot be made, or is not this user's alone.
    #[error("compiled code cannot be kept in {}", folder.display())]
    CodeFolder {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Holds plugins and their caches, and calls services. Used from any number of threads.
///
/// Its asynchronous functions run within a tokio runtime whose time driver is on.
pub struct Host {
    engine: Arc<Engine>,
    caches: Caches,
    cache_limits: CacheLimits,
    plugins: RwLock<BTreeMap<PluginName, Arc<Plugin>>>,
    door: Door,
}

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
        let engine = Engine::new(limits, log, code);
        let engine = engine.map_err(|error| HostError::Engine(format!("{error:#}")))?;
        Ok(Host {
            engine: Arc::new(engine),
            caches: Caches::new(clock),
            cache_limits: cache,
            plugins: RwLock::default(),
            door: Door::new(admission),
        })
    }

    /// What one call may use up here.
    pub fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    /// What is under way at this moment.
    pub fn activity(&self) -> Activity {
        let (calls, waiting) = (self.door.under_way(), self.door.waiting());
        Activity { calls, waiting, slots: self.engine.slots() }
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
        let (component, services) = self.prepare(&name, component, &settings).await?;
        let (cache_name, cache) = self.bind(&name, &settings.cache)?;
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        match plugins.entry(name) {
            Entry::Occupied(place) => Err(LoadError::NameTaken(place.key().to_string())),
            Entry::Vacant(place) => {
                let name = place.key().clone();
                let listed = services.clone();
                place.insert(Arc::new(Plugin {
                    name,
                    component,
                    services,
                    cache,
                    cache_name,
                    room: self.door.room(settings.calls),
                    settings,
                }));
                Ok(listed)
            }
        }
    }

    /// Puts a new component in a plugin's place, in one step, and answers its services.
    ///
    /// The plugin keeps its settings, its cache and its entries. Calls under way end on the old component; a
    /// call that begins after this has returned runs on the new one.
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
        let (component, services) = self.prepare(name, component, &old.settings).await?;
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        let place = plugins.get_mut(name).ok_or_else(not_loaded)?;
        *place = Arc::new(Plugin {
            name: name.clone(),
            component,
            services: services.clone(),
            cache: Arc::clone(&place.cache),
            cache_name: place.cache_name.clone(),
            settings: place.settings.clone(),
            room: Arc::clone(&place.room),
        });
        Ok(services)
    }

    /// The plugins in the order of their names.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner);
        let info = |plugin: &Arc<Plugin>| PluginInfo {
            name: plugin.name.clone(),
            services: plugin.services.clone(),
            cache: plugin.cache_name.clone(),
        };
        plugins.values().map(info).collect()
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
    /// answers a failure, traps, exits, breaks the contract or reaches a limit. The host and other calls are untouched by all of these.
    pub async fn call(&self, service: &str, request: Request) -> Result<Response, CallError> {
        let unknown =
            || CallError::UnknownService { name: service.to_owned(), offered: self.full_names() };
        let (plugin, short_name) = self.resolve(service).ok_or_else(unknown)?;
        let _admitted = self.door.admit(&plugin.room).await?;
        let origin = Origin {
            plugin: plugin.name.shared(),
            service: short_name,
            request_id: request.id.clone(),
        };
        let cache = Arc::clone(&plugin.cache);
        let cache = match plugin.settings.access {
            Access::ReadWrite => CacheAccess::ReadWrite(cache),
            Access::ReadOnly => CacheAccess::ReadOnly(cache),
        };
        self.engine.handle(&plugin.component, origin, cache, request).await
    }

    /// The full names of all services.
    fn full_names(&self) -> Vec<String> {
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner);
        plugins.values().flat_map(|plugin| plugin.full_names()).collect()
    }

    fn plugin(&self, name: &str) -> Option<Arc<Plugin>> {
        let name = PluginName::new(name).ok()?;
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner);
        plugins.get(&name).cloned()
    }

    /// The plugin and the short name that a full name means.
    fn resolve(&self, service: &str) -> Option<(Arc<Plugin>, String)> {
        let (plugin_name, short_name) = match service.split_once('.') {
            Some((plugin, service)) => (plugin, Some(service)),
            None => (service, None),
        };
        let plugin = self.plugin(plugin_name)?;
        let short_name = match (short_name, plugin.services.as_slice()) {
            (Some(name), _) if plugin.has(name) => name.to_owned(),
            (None, [only]) => only.name.clone(),
            _ => return None,
        };
        Some((plugin, short_name))
    }

    fn bind(
        &self,
        plugin: &PluginName,
        binding: &CacheBinding,
    ) -> Result<(CacheName, Arc<Cache>), LoadError> {
        let name = match binding {
            CacheBinding::Private => CacheName::Private(plugin.as_name().clone()),
            CacheBinding::Configured(name) => CacheName::Configured(name.clone()),
        };
        // A configured cache that is open has the size that it was opened with.
        let open = match name {
            CacheName::Private(_) => None,
            CacheName::Configured(_) => self.caches.get(&name),
        };
        let cache = match open {
            Some(cache) => cache,
            None => self.caches.open(name.clone(), self.cache_limits)?,
        };
        Ok((name, cache))
    }

    /// Compiles and checks a component and asks for its services.
    async fn prepare(
        &self,
        name: &PluginName,
        bytes: Vec<u8>,
        settings: &PluginSettings,
    ) -> Result<(Compiled, Vec<ServiceInfo>), LoadError> {
        let engine = Arc::clone(&self.engine);
        let limits = settings.limits.clone().unwrap_or_else(|| engine.limits().clone());
        let instances = settings.instances;
        let compiling =
            tokio::task::spawn_blocking(move || engine.compile(&bytes, limits, instances));
        let component = match compiling.await {
            Ok(compiled) => compiled?,
            Err(stopped) => return Err(LoadError::Stopped(stopped.to_string())),
        };
        let origin =
            Origin { plugin: name.shared(), service: String::new(), request_id: String::new() };
        let services =
            self.engine.services(&component, origin).await.map_err(LoadError::Services)?;
        check_services(&services)?;
        Ok((component, services))
    }
}
