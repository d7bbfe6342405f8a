//! Deployment: finds plugins in a folder or at configured paths, loads them in the background,
//! replaces them when their files change, and unloads them when their files are gone.

mod candidate;
mod fetch;
mod load;
mod order;
mod queue;
mod scan;
mod state;
mod watch;

pub use state::{PluginState, Readiness, Requirement, Stage};

use super::host::Host;
use super::settings::{PluginInfo, PluginSettings};
use crate::engine::Limits;
use crate::name::PluginName;
use crate::source::{Inputs, Source};
use crate::telemetry::{Level, escape, excerpt};
use candidate::{Candidate, Cause, Key};
use hostel_cache::CacheName;
use queue::Queue;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{self, MissedTickBehavior};
use watch::Watch;

/// Time between the first two scans, and the minimum of the scan interval. The time is short, so
/// that a server loads complete files soon after its start.
const FIRST_SCAN_INTERVAL: Duration = Duration::from_millis(20);

/// Maximum running loads that have given up their turn in the quick lane because they take long.
/// Further long loads keep their turn, and other loads wait for them.
const MAX_SLOWER: usize = 8;

/// A plugin that the operator has configured by name.
#[derive(Clone, Debug)]
pub struct NamedPlugin {
    /// The plugin's name, unique among the named plugins.
    pub name: PluginName,
    /// The path of a component. If the deployment has a [`Build`], this may also be the path of a
    /// source, or of a folder that contains one plugin.
    pub path: PathBuf,
    /// The plugin's grants, and how the host runs it.
    pub settings: PluginSettings,
}

/// A folder of plugins: its components, and also its sources if there is a [`Build`].
/// [`discover`](crate::source::discover) defines how components and sources are found. A plugin
/// that is also a [`NamedPlugin`] is excluded.
#[derive(Clone, Debug)]
pub struct PluginFolder {
    /// The folder.
    pub path: PathBuf,
    /// The grants of each plugin in the folder, and how the host runs the plugin.
    pub settings: PluginSettings,
}

/// Builds a source. May block.
pub type Build = Arc<dyn Fn(&Source) -> Built + Send + Sync>;

/// The result of a [`Build`].
#[derive(Debug)]
pub struct Built {
    /// The component, open for reading, or the reason for the failure.
    pub component: Result<File, Box<dyn Error + Send + Sync>>,
    /// The files to watch: if one changes, the [`Build`] is called again. Empty if the [`Build`]
    /// returned an earlier component without checking that it is up to date.
    pub inputs: Inputs,
}

/// Keeps a host's plugins in sync with files.
///
/// A deployment scans all files at an interval, because scans work on every file system, including
/// network and container file systems. It applies a change once two consecutive scans find the same
/// state, and so usually ignores a file that is being written or briefly missing.
///
/// Linux reports when a local file is closed after a write, or renamed. The deployment then scans
/// soon, and usually applies the change without a second scan.
///
/// - A file with new content is compiled and checked in the background, and then replaces the old
///   version, as with [`Host::replace`]. A file with a new modification time but the
///   same content changes nothing.
/// - A file that cannot be loaded changes nothing: the old version keeps serving, and
///   [`Deployment::list`] has the reason. For example, the file became a folder, a pipe or a
///   dangling link. Content that was refused or rolled back is not loaded again when only the
///   file's modification time changes.
/// - When a file is gone, its plugin is unloaded. The plugin's private cache is kept for a while,
///   as with [`Host::unload`], so that the plugin finds its entries if the file returns. A folder
///   that cannot be read changes nothing, because its disk may be unmounted for a moment.
/// - Links are followed, and their targets are watched. If two files have the same plugin name, the
///   file that already serves keeps the name; a named plugin takes precedence over both.
/// - For a source, the files that its last successful build and all later builds read are watched.
///   Adding or removing a module in the source's folder also counts as a change.
///
/// Each loaded version, each unload and each new reason for a failure is logged as one line.
pub struct Deployment {
    shared: Arc<Shared>,
    /// The running loads, which are aborted when this value is dropped.
    loads: Mutex<JoinSet<()>>,
    /// The plugins and caches that must be available for the deployment to be ready.
    required: Vec<Requirement>,
}

/// The state that scans and loads share.
struct Shared {
    host: Arc<Host>,
    folder: Option<PluginFolder>,
    build: Option<Build>,
    entries: Mutex<BTreeMap<Key, Candidate>>,
    /// The logged reason why the folder cannot be read; `None` while the folder can be read.
    folder_fault: Mutex<Option<String>>,
    /// True once a scan has read the folder, or has run without a folder.
    scanned: AtomicBool,
    /// True once [`Shared::started`] has found all plugins loaded or refused.
    started: AtomicBool,
    stopping: AtomicBool,
    /// The queues of the quick lane and of the slow lane.
    quick: Arc<Queue>,
    slow: Arc<Queue>,
    /// Permits for long loads to give up their turn in the quick lane.
    slower: Semaphore,
    /// The plugins to load last, because an earlier server ended while loading them.
    interrupted: Mutex<BTreeSet<PluginName>>,
    /// The file watcher; `None` before [`Deployment::run`], or if files cannot be watched.
    watch: Mutex<Option<Arc<Watch>>>,
    /// True once [`Shared::report_unwatched`] has logged its line.
    unwatched: AtomicBool,
    /// Notified at the end of a load if the plugin's files were written during the load.
    behind: Notify,
}

impl Deployment {
    /// Creates a deployment. Nothing is scanned before [`Deployment::run`] or [`Deployment::scan`].
    ///
    /// Loads run in two lanes: a quick lane for components that are small or have cached code, and
    /// a slow lane for sources and all other components. Each lane admits the smallest plugins
    /// first, and about half as many at once as there are processors. A component file is loaded
    /// last if an earlier server is known to have ended while loading it.
    pub fn new(
        host: Arc<Host>,
        named: Vec<NamedPlugin>,
        folder: Option<PluginFolder>,
        build: Option<Build>,
    ) -> Self {
        let entry = |NamedPlugin { name, path, settings }: NamedPlugin| {
            (Key::Named(name.clone()), Candidate::new(path, Ok(name), settings))
        };
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let shared = Shared {
            host,
            folder,
            build,
            entries: Mutex::new(named.into_iter().map(entry).collect()),
            folder_fault: Mutex::default(),
            scanned: AtomicBool::new(false),
            started: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            quick: Queue::new((processors / 2).max(1)),
            slow: Queue::new((processors / 2).max(1)),
            slower: Semaphore::new(MAX_SLOWER),
            interrupted: Mutex::default(),
            watch: Mutex::default(),
            unwatched: AtomicBool::new(false),
            behind: Notify::new(),
        };
        Deployment { shared: Arc::new(shared), loads: Mutex::default(), required: Vec::new() }
    }

    /// Scans twice at the start, and then once in each `interval` until `shutdown` is ready. On
    /// Linux, also scans when files are written. Half a second is a good interval. The future needs
    /// a tokio runtime with time and I/O enabled.
    pub async fn run(&self, interval: Duration, shutdown: impl Future<Output = ()>) {
        let scans = async {
            self.shared.begin_watching();
            let mut ticks = time::interval(FIRST_SCAN_INTERVAL);
            for _ in 0..2 {
                ticks.tick().await;
                self.scan().await;
            }
            let interval = interval.max(FIRST_SCAN_INTERVAL);
            let mut ticks = time::interval_at(time::Instant::now() + interval, interval);
            // By default, a slow scan would be followed by a burst of scans.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let cause = tokio::select! {
                    _ = ticks.tick() => Cause::Interval,
                    files = self.shared.written() => Cause::Written(files),
                };
                self.scan_for(&cause).await;
            }
        };
        tokio::select! {
            () = scans => {}
            () = shutdown => {}
        }
    }

    /// Scans all files once, and applies each change that the previous scan also found: starts to
    /// load the plugin, refuses the changed file, or unloads the plugin.
    pub async fn scan(&self) {
        self.scan_for(&Cause::Interval).await;
    }

    async fn scan_for(&self, cause: &Cause) {
        let keys = Shared::scan(&self.shared, cause).await;
        self.shared.report_pending();
        let mut loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        // A `JoinSet` keeps ended tasks until they are joined.
        while loads.try_join_next().is_some() {}
        for key in keys {
            let shared = Arc::clone(&self.shared);
            loads.spawn(async move { shared.load(&key).await });
        }
    }

    /// Makes the next scans build and load each source again, unless it is being loaded.
    pub fn load_sources_again(&self) {
        self.shared.entries().values_mut().for_each(Candidate::load_source_again);
    }

    /// Waits until the current loads have ended.
    pub async fn settle(&self) {
        let loads = std::mem::take(&mut *self.loads.lock().unwrap_or_else(PoisonError::into_inner));
        loads.join_all().await;
    }

    /// Waits until no plugin is being loaded for the first time.
    pub(crate) async fn until_loaded(&self) {
        self.shared.host.pending.until_only(&BTreeSet::new()).await;
    }

    /// The state of each plugin, sorted by name.
    pub fn list(&self) -> Vec<PluginState> {
        let infos: BTreeMap<PluginName, PluginInfo> = self.shared.infos();
        let info = |entry: &Candidate| {
            entry.serving.and(entry.name.as_ref().ok()).and_then(|name| infos.get(name)).cloned()
        };
        let entries = self.shared.entries();
        let mut states: Vec<_> = entries.values().map(|entry| entry.state(info(entry))).collect();
        states.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        states
    }

    /// The latest step of each running load, with the plugin's name and the step's start time.
    pub(crate) fn under_way(&self) -> Vec<(&'static str, String, Instant)> {
        let entries = self.shared.entries();
        let doing = entries.values().filter_map(|entry| {
            let (doing, since) = entry.doing()?;
            Some((doing, excerpt(&entry.shown_name()), since))
        });
        doing.collect()
    }

    /// Makes the deployment ready only while everything in `required` is available.
    #[must_use]
    pub fn requiring(mut self, required: Vec<Requirement>) -> Self {
        self.required = required;
        self
    }

    /// Makes the deployment permanently not ready, because the server is stopping. Plugins keep
    /// serving.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Returns whether the deployment is ready: all initial plugins have been loaded or refused,
    /// everything required is available, and the server is not stopping. Queries the cache servers.
    pub async fn readiness(&self) -> Readiness {
        let unavailable = self.shared.host.caches().unavailable().await;
        let infos = self.shared.infos();
        let (mut missing, mut missing_caches) = (Vec::new(), Vec::new());
        for required in &self.required {
            match required {
                Requirement::Plugin(name) if infos.contains_key(name) => {}
                Requirement::Plugin(name) => missing.push(name.to_string()),
                Requirement::Cache(name) => {
                    let cache = CacheName::Configured(name.clone());
                    missing_caches.extend(unavailable.contains(&cache).then(|| name.to_string()));
                }
            }
        }
        let is_stopping = self.shared.stopping.load(Ordering::Relaxed);
        let serves = self.shared.started() && missing.is_empty() && missing_caches.is_empty();
        let is_ready = serves && !is_stopping;
        let entries = self.shared.entries();
        let refused = entries.values().filter(|entry| entry.is_refused());
        let refused = refused.map(|entry| excerpt(&entry.shown_name())).collect();
        let unavailable = unavailable.iter().map(CacheName::to_string).collect();
        Readiness { is_ready, is_stopping, missing, missing_caches, unavailable, refused }
    }
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Candidate>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `change` with an entry, or returns `None` if the entry no longer exists.
    fn change<T>(&self, key: &Key, change: impl FnOnce(&mut Candidate) -> T) -> Option<T> {
        self.entries().get_mut(key).map(change)
    }

    /// If files can be watched, makes each later scan watch the folders of the files that it finds.
    fn begin_watching(&self) {
        let watch = Watch::new();
        let watch = watch.inspect_err(|error| self.report_unwatched(error)).ok().map(Arc::new);
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    fn watching(&self) -> Option<Arc<Watch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs, at the first call only, that some changes are detected only by scans.
    fn report_unwatched(&self, error: &io::Error) {
        if !self.unwatched.swap(true, Ordering::Relaxed) {
            let message = format!("some changes of files are noticed later: {error}");
            self.log(Level::Debug, "", &message);
        }
    }

    /// Waits until files are written, or until a load ends during which the plugin's files were
    /// written. Returns the files that were written since the last call, and their folders.
    async fn written(&self) -> BTreeSet<PathBuf> {
        let watch = self.watching();
        let until_written = async {
            match &watch {
                Some(watch) => watch.until_written().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = until_written => {}
            () = self.behind.notified() => {}
        }
        watch.map(|watch| watch.take_written()).unwrap_or_default()
    }

    fn infos(&self) -> BTreeMap<PluginName, PluginInfo> {
        let infos = self.host.plugins().into_iter();
        infos.map(|info| (info.name.clone(), info)).collect()
    }

    /// Reports to the host which plugins are refused or being loaded for the first time.
    fn report_pending(&self) {
        let entries = self.entries();
        // Set the refused plugins first: a call that stops waiting for a plugin must find that the
        // plugin was refused.
        let refused = entries.values().filter(|entry| entry.is_refused());
        self.host.pending.set_refused(refused.map(Candidate::shown_name).collect());
        let new = entries.values().filter(|entry| entry.is_new());
        self.host.pending.set(new.filter_map(|entry| entry.name.clone().ok()).collect());
    }

    fn info(&self, name: &PluginName) -> Option<PluginInfo> {
        self.infos().remove(name)
    }

    fn limits_of(&self, settings: &PluginSettings) -> Limits {
        settings.limits.clone().unwrap_or_else(|| self.host.limits().clone())
    }

    /// True if all plugins that scans found are loaded or refused, or were so at an earlier call.
    fn started(&self) -> bool {
        let scanned = self.scanned.load(Ordering::Relaxed);
        if scanned && !self.entries().values().any(Candidate::is_new) {
            self.started.store(true, Ordering::Relaxed);
        }
        self.started.load(Ordering::Relaxed)
    }

    fn log(&self, level: Level, plugin: &str, message: &str) {
        let most = self.host.limits().log_line_bytes;
        self.host.log_event(level, &excerpt(plugin), &escape(message, most));
    }

    fn log_failure(&self, path: &Path, plugin: &str, serves: bool, reason: &str) {
        let path = path.display();
        let (level, message) = match serves {
            true => (
                Level::Warn,
                format!("kept the version that serves, since {path} does not load: {reason}"),
            ),
            false => (Level::Error, format!("{path} does not load: {reason}")),
        };
        self.log(level, plugin, &message);
    }
}
