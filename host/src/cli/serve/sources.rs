//! Builds the sources among the served plugins. With --watch, edited sources are rebuilt. Otherwise
//! a source is built at its first load, on SIGHUP, and at an edit after a failed build.

use super::processes::Processes;
use crate::source::{Inputs, Location, Source};
use crate::telemetry::{Level, LogSink, log_event};
use crate::{Build, Built};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Builds the sources of a server.
pub(super) struct Sources {
    watch: bool,
    components: Arc<Mutex<Components>>,
}

/// Components to reuse instead of rebuilding, by the path of their source.
type Components = BTreeMap<PathBuf, KeptComponent>;

struct KeptComponent {
    file: File,
    /// True if the server has already logged that an edit of the source is not built.
    is_reported: bool,
}

impl Sources {
    /// Creates the builder. If `watch` is set, the builder rebuilds edited sources.
    pub(super) fn new(watch: bool) -> Self {
        Sources { watch, components: Arc::default() }
    }

    /// Returns the function that builds a source. Without `watch`, the function returns the same
    /// component again after a successful build, until [`Sources::forget_components`] is called.
    pub(super) fn build(&self, processes: Processes, log: &LogSink) -> Build {
        let (watch, components, log) = (self.watch, Arc::clone(&self.components), Arc::clone(log));
        Arc::new(move |source: &Source| match watch {
            true => processes.build(source, &log),
            false => once(&components, source, &log, || processes.build(source, &log)),
        })
    }

    /// Makes the next load of each source rebuild that source. Returns false if every load builds
    /// its source anyway.
    pub(super) fn forget_components(&self) -> bool {
        self.components.lock().unwrap_or_else(PoisonError::into_inner).clear();
        !self.watch
    }

    /// Describes how to apply edits. Returns `None` if edits are built automatically, or none of
    /// these paths leads to a source.
    pub(super) fn reload<'p>(&self, mut paths: impl Iterator<Item = &'p Path>) -> Option<String> {
        let is_source = |path: &Path| matches!(Location::at(path), Ok(Location::Source(_)));
        let is_needed = !self.watch && paths.any(is_source);
        is_needed.then(|| format!("sources are built at the start: {}", how_to_build_again()))
    }
}

fn how_to_build_again() -> String {
    let process = std::process::id();
    format!("`kill -HUP {process}` builds edited ones, and --watch builds them at each edit")
}

fn once(
    components: &Mutex<Components>,
    source: &Source,
    log: &LogSink,
    build: impl FnOnce() -> Built,
) -> Built {
    let kept = || components.lock().unwrap_or_else(PoisonError::into_inner);
    let again = |component: &File| -> io::Result<File> {
        let mut component = component.try_clone()?;
        component.rewind()?;
        Ok(component)
    };
    if let Some(component) = kept().get_mut(&source.file) {
        if !std::mem::replace(&mut component.is_reported, true) {
            let name = Location::Source(source.clone()).name();
            let edited = "was edited, but the earlier build still serves";
            log_event(log, Level::Warn, &name, &format!("{edited}: {}", how_to_build_again()));
        }
        let component = again(&component.file).map_err(Into::into);
        return Built { component, inputs: Inputs::default() };
    }
    let built = build();
    if let Ok(file) = built.component.as_ref().map(File::try_clone) {
        let keep = |file| (source.file.clone(), KeptComponent { file, is_reported: false });
        kept().extend(file.ok().map(keep));
    }
    built
}
