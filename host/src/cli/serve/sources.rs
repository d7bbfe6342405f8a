//! Builds the sources among the served plugins: once at the start, or on each change with --watch.

use super::processes::Processes;
use crate::source::{Inputs, Source};
use crate::telemetry::LogSink;
use crate::{Build, Built};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The components that are not built again, by their sources.
type Components = Mutex<BTreeMap<PathBuf, File>>;

/// Returns a function that builds a source: with `watch` each time, otherwise only the first time.
pub(super) fn build(watch: bool, processes: Processes, log: LogSink) -> Build {
    let components = Components::default();
    Arc::new(move |source: &Source| match watch {
        true => processes.build(source, &log),
        false => once(&components, source, || processes.build(source, &log)),
    })
}

fn once(components: &Components, source: &Source, build: impl FnOnce() -> Built) -> Built {
    let kept = || components.lock().unwrap_or_else(PoisonError::into_inner);
    let again = |component: &File| -> io::Result<File> {
        let mut component = component.try_clone()?;
        component.rewind()?;
        Ok(component)
    };
    if let Some(component) = kept().get(&source.file) {
        let component = again(component).map_err(Into::into);
        return Built { component, inputs: Inputs::default() };
    }
    let built = build();
    if let Ok(component) = built.component.as_ref().map(File::try_clone) {
        kept().extend(component.ok().map(|component| (source.file.clone(), component)));
    }
    built
}
