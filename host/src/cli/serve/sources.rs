//! Builds the sources among the served plugins: once at the start, or on each change with --watch.

use crate::Build;
use crate::source::{self, Source};
use crate::telemetry::{Level, LogSink, escape, log_event};
use crate::toolchain::Progress;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum bytes logged of a line of a compiler's output.
const MAX_LINE_BYTES: usize = 8 << 10;

/// Returns a function that builds a source: with `watch` each time, otherwise only the first time.
pub(super) fn build(watch: bool, log: LogSink) -> Build {
    let built: Mutex<BTreeMap<PathBuf, PathBuf>> = Mutex::default();
    Arc::new(move |source: &Source| {
        let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
        if let (false, Some(component)) = (watch, built.get(&source.file)) {
            return Ok(component.clone());
        }
        let line = |message: &str| {
            log_event(&log, Level::Info, "", &escape(message, MAX_LINE_BYTES));
        };
        let component = source::build(source, Progress { line: &line, colour: false })
            .map_err(|error| Box::new(error) as Box<dyn Error + Send + Sync>)?;
        built.insert(source.file.clone(), component.clone());
        Ok(component)
    })
}
