//! Builds the sources among the served plugins: once at the start, or on each change with --watch.

use super::processes::Processes;
use crate::Build;
use crate::source::Source;
use crate::telemetry::LogSink;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Seek;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The components that are not built again, by their sources.
type Built = Mutex<BTreeMap<PathBuf, File>>;

/// Returns a function that builds a source: with `watch` each time, otherwise only the first time.
pub(super) fn build(watch: bool, processes: Processes, log: LogSink) -> Build {
    let built = Built::default();
    Arc::new(move |source: &Source| match watch {
        true => processes.build(source, &log),
        false => once(&built, source, || processes.build(source, &log)),
    })
}

fn once(
    built: &Built,
    source: &Source,
    build: impl FnOnce() -> Result<File, Box<dyn Error + Send + Sync>>,
) -> Result<File, Box<dyn Error + Send + Sync>> {
    let built = || built.lock().unwrap_or_else(PoisonError::into_inner);
    let before = built().get(&source.file).map(File::try_clone).transpose()?;
    if let Some(mut component) = before {
        component.rewind()?;
        return Ok(component);
    }
    let component = build()?;
    built().insert(source.file.clone(), component.try_clone()?);
    Ok(component)
}
