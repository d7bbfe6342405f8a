//! One place that a plugin comes from: what scans found there, what was loaded from it, and what a
//! scan leads to.

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

/// What is at a path: something that can be loaded, or why it cannot.
pub(super) type Observation = Result<Stamp, Unfit>;

/// Why what is at a path cannot be loaded.
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

/// What tells places apart. Named plugins come first, and so claim their names first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Named(PluginName),
    Found(PathBuf),
}

pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) name: Result<PluginName, Unfit>,
    pub(super) settings: PluginSettings,
    /// What the last scan found.
    seen: Option<Observation>,
    /// What was acted upon: found by two scans in a row, or written whole.
    settled: Option<Observation>,
    /// What the last build has read, by which a change is noticed; of a build that failed, also what
    /// the one before has read.
    inputs: Option<Arc<Inputs>>,
    /// The load under way, and what tells it to give up. Scans leave the entry alone meanwhile.
    loading: Option<Arc<Notify>>,
    /// What was written whole while a load was under way.
    written: Option<Stamp>,
    /// What the load under way does, and since when.
    doing: Option<(&'static str, Instant)>,
    /// The content that was put into the host, which may have brought back the one before.
    pub(super) serving: Option<Digest>,
    /// The content that did not load last, and why: it is not tried again.
    refused: Option<(Digest, String)>,
    /// Why the last thing that happened here failed.
    reason: Option<String>,
    since: SystemTime,
    /// What loading what was put into the host took.
    took: Option<Duration>,
}

/// Why there is a scan.
pub(super) enum Cause {
    /// The time for it has come. What two scans in a row find the same is acted upon.
    Interval,
    /// These files were written. They are acted upon at once, and nothing else is.
    Written(BTreeSet<PathBuf>),
}

/// What a scan leads to.
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

    /// Takes in what a scan found. What two scans in a row found is acted upon, once.
    pub(super) fn step(&mut self, seen: Observation) -> Step {
        let before = self.seen.replace(seen.clone());
        if let Some(loading) = &self.loading {
            // What is loaded is not there any more: by two scans, as whatever is acted upon.
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

    /// Takes in what a scan found after these files were written. Acts at once where nothing else has
    /// changed; everything else is left to [`Candidate::step`].
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

    /// Whether something was written whole that the load which has ended was not of.
    pub(super) fn is_behind(&self) -> bool {
        self.written.is_some() && self.written.as_ref() != self.stamp()
    }

    /// The load under way begins to do this.
    pub(super) fn begins(&mut self, doing: &'static str) {
        self.doing = Some((doing, Instant::now()));
    }

    /// What the load under way does, and since when.
    pub(super) fn doing(&self) -> Option<(&'static str, Instant)> {
        self.doing.filter(|_| self.loading.is_some())
    }

    /// What decides what the source here becomes, as far as it is known.
    pub(super) fn inputs(&self) -> Option<Arc<Inputs>> {
        self.inputs.clone()
    }

    /// A build has read these inputs, which had this stamp when it began.
    pub(super) fn built(&mut self, inputs: Inputs, stamp: Stamp) {
        self.inputs = Some(Arc::new(inputs));
        // Scans see what was settled upon by another list of files from now on.
        if let Some(Ok(settled)) = &mut self.settled {
            *settled = stamp;
        }
    }

    /// What tells the load under way to give up.
    pub(super) fn given_up(&self) -> Arc<Notify> {
        self.loading.clone().unwrap_or_default()
    }

    /// What the file was when it was settled upon.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        self.settled.as_ref()?.as_ref().ok()
    }

    /// Why this content was refused before, if it was.
    pub(super) fn refusal_of(&self, content: Digest) -> Option<String> {
        let (refused, reason) = self.refused.as_ref()?;
        (*refused == content).then(|| reason.clone())
    }

    /// A load has ended with this content in the host, after this time.
    pub(super) fn loaded(&mut self, content: Digest, took: Duration) {
        self.serving = Some(content);
        self.since = SystemTime::now();
        self.took = Some(took);
        self.unchanged();
    }

    /// A load has ended with what is in the host already.
    pub(super) fn unchanged(&mut self) {
        self.loading = None;
        self.reason = None;
    }

    /// A load has failed. Returns whether the reason is a new one.
    pub(super) fn failed(&mut self, content: Option<Digest>, reason: &str) -> bool {
        self.loading = None;
        self.refused = content.map(|content| (content, reason.to_owned())).or(self.refused.take());
        self.fail(reason)
    }

    /// What is at the path cannot serve. Returns whether the reason is a new one.
    pub(super) fn fail(&mut self, reason: &str) -> bool {
        let is_news = self.reason.as_deref() != Some(reason);
        if is_news && self.serving.is_none() {
            self.since = SystemTime::now();
        }
        self.reason = Some(reason.to_owned());
        is_news
    }

    /// The next scan begins anew: the cause may be gone then, or the file has changed already.
    pub(super) fn scan_again(&mut self) {
        self.loading = None;
        self.settled = None;
    }

    /// The next scans load what is here again, if it is a source.
    pub(super) fn load_source_again(&mut self) {
        if self.loading.is_none() && self.stamp().is_some_and(Stamp::is_of_source) {
            self.settled = None;
        }
    }

    /// The plugin was taken out of the host.
    pub(super) fn unloaded(&mut self, reason: &str) {
        self.serving = None;
        self.refused = None;
        self.since = SystemTime::now();
        self.reason = Some(reason.to_owned());
    }

    /// Whether it was neither loaded nor refused yet.
    pub(super) fn is_new(&self) -> bool {
        self.serving.is_none() && self.reason.is_none()
    }

    /// Whether it was refused, and nothing of it serves.
    pub(super) fn is_refused(&self) -> bool {
        self.serving.is_none() && self.reason.is_some()
    }

    /// Whether it has its name in the host, or is about to.
    pub(super) fn holds_its_name(&self) -> bool {
        self.serving.is_some() || self.loading.is_some()
    }

    /// The plugin's name; the file's, without its ending, where that is no plugin's name.
    pub(super) fn shown_name(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.name.as_ref().map_or_else(|_| stem(), ToString::to_string)
    }

    /// Its state, where the host holds a plugin of its name with this `info`.
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
