//! Sources among the plugins that are served: built at start, and anew when they are watched.

use crate::Build;
use crate::telemetry::{Level, LogSink, escape, log_event};
use crate::toolchain::{self, Progress};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a line of a tool that are logged.
const LINE_BYTES: usize = 8 << 10;

/// Builds a source each time it changes when it is watched, and otherwise the first time alone.
pub(super) fn build(watch: bool, log: LogSink) -> Build {
    let built: Mutex<BTreeMap<PathBuf, PathBuf>> = Mutex::default();
    let run = move |path: &Path| {
        let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
        if let (false, Some(component)) = (watch, built.get(path)) {
            return Ok(component.clone());
        }
        let line = |message: &str| {
            log_event(&log, Level::Info, "", &escape(message, LINE_BYTES));
        };
        let component = toolchain::build(path, Progress { line: &line, colour: false })
            .map_err(|error| Box::new(error) as Box<dyn Error + Send + Sync>)?;
        built.insert(path.to_owned(), component.clone());
        Ok(component)
    };
    Build { is_source: Arc::new(is_source), run: Arc::new(run) }
}

/// A test beside a source is none.
fn is_source(path: &Path) -> bool {
    toolchain::service_at(path).is_some() && toolchain::is_source(path)
}
