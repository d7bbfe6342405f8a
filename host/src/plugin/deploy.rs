//! Deployment: plugins are found in a folder or by name, loaded in the background, replaced when
//! their files change, and unloaded when their files are gone.

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

/// Time between the first two scans: a server that starts should not wait long before it reads
/// files that are all there.
const FIRST_SCAN_INTERVAL: Duration = Duration::from_millis(20);

/// Small components that take long to load, at once, before further small ones wait for them.
const MAX_SLOWER: usize = 8;

/// A plugin that has to be there.
#[derive(Clone, Debug)]
pub struct NamedPlugin {
    /// The plugin's name; no two have the same.
    pub name: PluginName,
    /// A component's file, or a source where there is a [`Build`].
    pub path: PathBuf,
    /// What it is granted.
    pub settings: PluginSettings,
}

/// A folder whose components are plugins, and where there is a [`Build`] its sources too, as
/// [`discover`](crate::source::discover) finds and names them; but for each that a [`NamedPlugin`]
/// names.
#[derive(Clone, Debug)]
pub struct PluginFolder {
    /// The folder.
    pub path: PathBuf,
    /// What each of its plugins is granted.
    pub settings: PluginSettings,
}

/// Builds a source. May block.
pub type Build = Arc<dyn Fn(&Source) -> Built + Send + Sync>;

/// What a [`Build`] has made.
#[derive(Debug)]
pub struct Built {
    /// The component, open for reading, or why there is none.
    pub component: Result<File, Box<dyn Error + Send + Sync>>,
    /// What the build has read: when that changes, it is to be built again. Empty where nothing was
    /// built, and an earlier component is used again.
    pub inputs: Inputs,
}

/// Keeps a host's plugins as the files are.
///
/// It scans the files at an interval, since that works on every file system, over a network and in
/// containers too, and misses nothing. What two scans in a row find the same is acted upon: so a
/// file that is being written is left alone, and so is a plugin whose file is gone for a moment.
///
/// Where the system reports that a file was written, which Linux does for files on this machine, it
/// scans at once, and acts upon that file then. Writing ends when the file is closed or renamed.
///
/// - A file with new content is compiled in the background, checked, asked for its services and
///   swapped in, as [`Host::replace`] does. A file that was only touched changes nothing.
/// - A file that does not load changes nothing, nor does one that became a folder, a pipe or a link
///   to nothing: the old version serves on, and [`Deployment::list`] has the reason. The same
///   content is not tried again; neither is a version that was rolled back, until the file changes.
/// - Where a file is gone its plugin is unloaded, but its private cache stays for a while, as by
///   [`Host::unload`]: when the file comes back, so do the entries. A folder that cannot be read changes nothing: a disk that is not
///   mounted for a while does not end its plugins.
/// - Links are followed, and their targets watched. Of two files of one name the one that serves
///   keeps it, and a named plugin wins over both.
/// - Of a source, what its last build has read is watched, wherever it is, and which modules there
///   are beside it.
///
/// Each of these is one line in the host's log.
pub struct Deployment {
    shared: Arc<Shared>,
    /// The loads under way; they end with this.
    loads: Mutex<JoinSet<()>>,
    /// What it is not ready without.
    required: Vec<Requirement>,
}

/// What scans and loads share.
struct Shared {
    host: Arc<Host>,
    folder: Option<PluginFolder>,
    build: Option<Build>,
    entries: Mutex<BTreeMap<Key, Candidate>>,
    /// Why the folder could not be read, as it was logged last.
    folder_fault: Mutex<Option<String>>,
    /// Whether a scan could read the folder.
    scanned: AtomicBool,
    /// Whether all that was there at first has been loaded or refused.
    started: AtomicBool,
    /// Whether the server is stopping.
    stopping: AtomicBool,
    /// Whose turn it is among the loads that are quick, and among the others.
    quick: Arc<Queue>,
    slow: Arc<Queue>,
    /// For those that were not quick after all.
    slower: Semaphore,
    /// The plugins that are loaded last, since a server ended when they were loaded.
    interrupted: Mutex<BTreeSet<PluginName>>,
    /// What reports that files were written, while it runs.
    watch: Mutex<Option<Arc<Watch>>>,
    /// Whether it was logged that not all is watched.
    unwatched: AtomicBool,
    /// A load has ended, and something was written meanwhile.
    behind: Notify,
}

impl Deployment {
    /// Nothing is scanned before [`Deployment::run`] or [`Deployment::scan`].
    ///
    /// As many plugins are compiled at once as half of the processors, and one at least: the others
    /// serve meanwhile. The smallest come first, and small ones and those whose code is kept do not
    /// wait for others. What was being loaded when a server ended comes last.
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

    /// Scans once in each `interval`, and when files are written, until `shutdown` is ready. Half a
    /// second is a good interval. The runtime's I/O driver has to be on.
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

    /// Scans all files once, and begins to load those that have settled.
    pub async fn scan(&self) {
        self.scan_for(&Cause::Interval).await;
    }

    async fn scan_for(&self, cause: &Cause) {
        let keys = Shared::scan(&self.shared, cause).await;
        self.shared.report_pending();
        let mut loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        while loads.try_join_next().is_some() {}
        for key in keys {
            let shared = Arc::clone(&self.shared);
            loads.spawn(async move { shared.load(&key).await });
        }
    }

    /// Has each source built and loaded again by the next scans, also where nothing of it has
    /// changed since.
    pub fn load_sources_again(&self) {
        self.shared.entries().values_mut().for_each(Candidate::load_source_again);
    }

    /// Waits until the loads that have begun have ended.
    pub async fn settle(&self) {
        let loads = std::mem::take(&mut *self.loads.lock().unwrap_or_else(PoisonError::into_inner));
        loads.join_all().await;
    }

    /// Waits until nothing is being loaded for the first time.
    pub(crate) async fn until_loaded(&self) {
        self.shared.host.pending.until_only(&BTreeSet::new()).await;
    }

    /// The state of each plugin, in the order of their names.
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

    /// What the loads under way do, each with its plugin and since when.
    pub(crate) fn under_way(&self) -> Vec<(&'static str, String, Instant)> {
        let entries = self.shared.entries();
        let doing = entries.values().filter_map(|entry| {
            let (doing, since) = entry.doing()?;
            Some((doing, excerpt(&entry.shown_name()), since))
        });
        doing.collect()
    }

    /// Makes it ready only while these serve.
    #[must_use]
    pub fn requiring(mut self, required: Vec<Requirement>) -> Self {
        self.required = required;
        self
    }

    /// Makes it not ready from now on, since the server is stopping. Plugins serve on.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether all plugins that were named, and all files that were there at first, have been loaded
    /// or refused, and what is required serves. Asks each server that holds caches.
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

    /// Changes an entry, if it is still there.
    fn change<T>(&self, key: &Key, change: impl FnOnce(&mut Candidate) -> T) -> Option<T> {
        self.entries().get_mut(key).map(change)
    }

    /// Lets each later scan watch the folders of what it finds.
    fn begin_watching(&self) {
        let watch = Watch::new();
        let watch = watch.inspect_err(|error| self.report_unwatched(error)).ok().map(Arc::new);
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    fn watching(&self) -> Option<Arc<Watch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs once that changes are found by scans alone.
    fn report_unwatched(&self, error: &io::Error) {
        if !self.unwatched.swap(true, Ordering::Relaxed) {
            let message = format!("some changes of files are noticed later: {error}");
            self.log(Level::Debug, "", &message);
        }
    }

    /// Waits until files are written, or until a load has ended and its files were written meanwhile.
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

    /// Tells the host which plugins are being loaded and have never served.
    fn report_pending(&self) {
        let entries = self.entries();
        // Refused first: a call that waits for a plugin must find why it does not serve.
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

    /// Whether all that was there at first has been loaded or refused, now or ever.
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
