//! The state of one plugin location: the last scans, the last loads, and the next step.

use super::{PluginState, Stage};
use crate::engine::{Limit, LimitReached, Limits};
use crate::name::PluginName;
use crate::plugin::{Digest, PluginInfo, PluginSettings};
use crate::source::{FileError, Inputs, Stamp};
use hostel_cache::NameError;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;

/// The result of a scan for a location: the stamp of its files, or the reason why its plugin cannot
/// be loaded.
pub(super) type Observation = Result<Stamp, Unfit>;

/// The reason why a scan found no plugin that can be loaded at a location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    File(FileError),
    #[error(transparent)]
    TooLarge(LimitReached),
    #[error("{0}")]
    NoPlugin(String),
    #[error("{0}: rename it")]
    Name(NameError),
    #[error("it gives the same name as {}: rename one of the two", .0.display())]
    NameTaken(PathBuf),
}

impl Unfit {
    pub(super) fn of_file(error: FileError, limits: &Limits) -> Self {
        match error {
            FileError::TooLarge => Unfit::TooLarge(Limit::Component.reached(limits)),
            error => Unfit::File(error),
        }
    }
}

/// Identifies a location: by its plugin's name if the plugin is named, otherwise by its path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Named(PluginName),
    Found(PathBuf),
}

pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) name: Result<PluginName, Unfit>,
    pub(super) settings: PluginSettings,
    /// The result of the last scan for [`Cause::Interval`], or a later result that was applied at
    /// once.
    seen: Option<Observation>,
    /// The state that was last applied, after two consecutive scans had found it or the system had
    /// reported the end of a write. `None` makes the next scans apply their state again.
    settled: Option<Observation>,
    /// The inputs that the last successful [`Build`](super::Build) and all failed ones since then
    /// have reported. These files are watched.
    inputs: Option<Arc<Inputs>>,
    /// Cancels the running load; `None` if no load runs. During a load, scans start no other step.
    loading: Option<Arc<Notify>>,
    /// The stamp after a completed write that was reported while a load was running.
    written: Option<Stamp>,
    /// The latest step of the last load, and the step's start time.
    doing: Option<(&'static str, Instant)>,
    /// The content that the host last loaded, or `None` if the plugin is not loaded. A rollback may
    /// since have restored the previous content.
    pub(super) serving: Option<Digest>,
    /// The content that was last refused, and the reason. This content is not loaded again.
    refused: Option<(Digest, String)>,
    /// Why the latest state was not loaded; `None` after a successful load.
    reason: Option<String>,
    since: SystemTime,
    /// How long the load of the serving content took.
    took: Option<Duration>,
}

/// The cause of a scan.
pub(super) enum Cause {
    /// The scan interval elapsed. A state that two consecutive scans find is applied.
    Interval,
    /// These files were written. Only their changes are applied, at once.
    Written(BTreeSet<PathBuf>),
}

/// The action that follows from a scan.
pub(super) enum Step {
    Nothing,
    Load,
    Refuse(Unfit),
    Remove,
}

impl Candidate {
    pub(super) fn new(
        path: PathBuf,
        name: Result<PluginName, Unfit>,
        settings: PluginSettings,
    ) -> Self {
        Candidate {
            path,
            name,
            settings,
            seen: None,
            settled: None,
            inputs: None,
            loading: None,
            written: None,
            doing: None,
            serving: None,
            refused: None,
            reason: None,
            since: SystemTime::now(),
            took: None,
        }
    }

    /// Records the result of a scan, and returns the next step. A state is applied once, when two
    /// consecutive scans have found it.
    pub(super) fn step(&mut self, seen: Observation) -> Step {
        let before = self.seen.replace(seen.clone());
        if let Some(loading) = &self.loading {
            // Cancel the load if two consecutive scans have found a newer state.
            if self.settled.as_ref() != Some(&seen) && before.as_ref() == Some(&seen) {
                loading.notify_one();
            }
            return Step::Nothing;
        }
        if self.settled.as_ref() == Some(&seen) || before.as_ref() != Some(&seen) {
            return Step::Nothing;
        }
        self.settled = Some(seen.clone());
        match seen {
            Ok(_) => self.load(),
            Err(Unfit::File(FileError::Gone)) => Step::Remove,
            Err(unfit) => Step::Refuse(unfit),
        }
    }

    /// Handles the result of a scan after the files `written` were written, and returns the next
    /// step. If other files have changed too, leaves all changes to [`Candidate::step`].
    pub(super) fn step_at_once(&mut self, seen: Observation, written: &BTreeSet<PathBuf>) -> Step {
        let Ok(stamp) = &seen else { return Step::Nothing };
        if self.stamp() == Some(stamp) {
            return Step::Nothing;
        }
        let own = |path| if path == Path::new("") { self.path.as_path() } else { path };
        let is_whole = self.written.as_ref() == Some(stamp)
            || stamp.changes_since(self.stamp()).all(|path| written.contains(own(path)));
        if !is_whole {
            return Step::Nothing;
        }
        if let Some(loading) = &self.loading {
            self.written = Some(stamp.clone());
            loading.notify_one();
            return Step::Nothing;
        }
        self.seen = Some(seen.clone());
        self.settled = Some(seen);
        self.load()
    }

    fn load(&mut self) -> Step {
        (self.written, self.doing) = (None, None);
        self.loading = Some(Arc::default());
        Step::Load
    }

    /// True if a completed write is newer than the content of the last load.
    pub(super) fn is_behind(&self) -> bool {
        self.written.is_some() && self.written.as_ref() != self.stamp()
    }

    /// Records the current step of the running load.
    pub(super) fn begins(&mut self, doing: &'static str) {
        self.doing = Some((doing, Instant::now()));
    }

    /// Returns the latest step of the running load, and the step's start time. Returns `None` if no
    /// load runs, or the load has begun no step.
    pub(super) fn doing(&self) -> Option<(&'static str, Instant)> {
        self.doing.filter(|_| self.loading.is_some())
    }

    /// Returns the files that builds read, as recorded by [`Candidate::built`]; `None` before the
    /// first build.
    pub(super) fn inputs(&self) -> Option<Arc<Inputs>> {
        self.inputs.clone()
    }

    /// Records the files that a build read, and the stamp from [`Stamp::after_build`].
    pub(super) fn built(&mut self, inputs: Inputs, stamp: Stamp) {
        self.inputs = Some(Arc::new(inputs));
        // Later scans compare the stamp of the new inputs, so this stamp must count as applied.
        if let Some(Ok(settled)) = &mut self.settled {
            *settled = stamp;
        }
    }

    /// Returns the notification that cancels the running load.
    pub(super) fn given_up(&self) -> Arc<Notify> {
        self.loading.clone().unwrap_or_default()
    }

    /// Returns the stamp of the applied state; `None` if this state cannot be loaded, or no state
    /// counts as applied.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        self.settled.as_ref()?.as_ref().ok()
    }

    /// Returns why this content was refused; `None` if it is not the last refused content.
    pub(super) fn refusal_of(&self, content: Digest) -> Option<String> {
        let (refused, reason) = self.refused.as_ref()?;
        (*refused == content).then(|| reason.clone())
    }

    /// Records that a load put `content` into the host, and how long the load took.
    pub(super) fn loaded(&mut self, content: Digest, took: Duration) {
        self.serving = Some(content);
        self.since = SystemTime::now();
        self.took = Some(took);
        self.unchanged();
    }

    /// Records that a load found the content that the host already has.
    pub(super) fn unchanged(&mut self) {
        self.loading = None;
        self.reason = None;
    }

    /// Records that a load failed, and makes later loads refuse `content`, if given. Returns true
    /// if the reason is new.
    pub(super) fn failed(&mut self, content: Option<Digest>, reason: &str) -> bool {
        self.loading = None;
        self.refused = content.map(|content| (content, reason.to_owned())).or(self.refused.take());
        self.fail(reason)
    }

    /// Records why the plugin's latest state was not loaded. An earlier version may still serve.
    /// Returns true if the reason is new.
    pub(super) fn fail(&mut self, reason: &str) -> bool {
        let is_news = self.reason.as_deref() != Some(reason);
        if is_news && self.serving.is_none() {
            self.since = SystemTime::now();
        }
        self.reason = Some(reason.to_owned());
        is_news
    }

    /// Makes the next scans start another load: the file may have changed, or the reason for the
    /// failure may be gone.
    pub(super) fn scan_again(&mut self) {
        self.loading = None;
        self.settled = None;
    }

    /// If this is a source that is not being loaded, makes the next scans load it again.
    pub(super) fn load_source_again(&mut self) {
        if self.loading.is_none() && self.stamp().is_some_and(Stamp::is_of_source) {
            self.settled = None;
        }
    }

    /// Records that the plugin was removed from the host, and why.
    pub(super) fn unloaded(&mut self, reason: &str) {
        self.serving = None;
        self.refused = None;
        self.since = SystemTime::now();
        self.reason = Some(reason.to_owned());
    }

    /// True if the plugin has not been loaded yet, and no scan or load of the plugin has failed.
    pub(super) fn is_new(&self) -> bool {
        self.serving.is_none() && self.reason.is_none()
    }

    /// True if no version of the plugin serves, because a scan or a load failed, or the plugin's
    /// file is gone.
    pub(super) fn is_refused(&self) -> bool {
        self.serving.is_none() && self.reason.is_some()
    }

    /// True if the plugin's name is in use, because the plugin serves or is being loaded.
    pub(super) fn holds_its_name(&self) -> bool {
        self.serving.is_some() || self.loading.is_some()
    }

    /// Returns the plugin's name, or the file's name without its extension if the plugin's name is
    /// invalid.
    pub(super) fn shown_name(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.name.as_ref().map_or_else(|_| stem(), ToString::to_string)
    }

    /// Returns the state of the plugin. `info` is the host's report about the plugin, if it serves.
    pub(super) fn state(&self, info: Option<PluginInfo>) -> PluginState {
        let rolled_back = info.as_ref().and_then(|info| info.rolled_back.clone());
        let stage = match &info {
            Some(_) if rolled_back.is_some() => Stage::RolledBack,
            Some(_) => Stage::Serving,
            None if self.is_new() => Stage::Loading,
            None => Stage::Failed,
        };
        PluginState {
            name: self.shown_name(),
            path: self.path.clone(),
            version: info.as_ref().map(|info| info.version),
            stage,
            since: rolled_back.as_ref().map_or(self.since, |note| note.at),
            reason: self.reason.clone().or(rolled_back.map(|note| note.reason)),
            took: info.as_ref().and(self.took),
            services: info.map(|info| info.services).unwrap_or_default(),
            grants: self.settings.grants.clone(),
            instances: self.settings.instances,
        }
    }
}
