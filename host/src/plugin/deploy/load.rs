//! From a file that has settled to a version that serves: build, read, compile, swap, and log it.

use super::candidate::{Candidate, Key};
use super::{Build, Shared};
use crate::blocking::{self, BlockingError};
use crate::engine::{CallError, ComponentError, Limits};
use crate::name::PluginName;
use crate::plugin::{Digest, LoadError, PluginSettings};
use crate::source::{self, FileError, Location, Source, Stamp};
use crate::telemetry::{Level, LoadOutcome};
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

/// What is to be loaded.
struct Order {
    path: PathBuf,
    name: PluginName,
    settings: PluginSettings,
    limits: Limits,
    /// The stamp that two scans found.
    stamp: Stamp,
    /// Whether the plugin is in the host.
    serves: bool,
}

/// A component as it was read.
struct Component {
    bytes: Vec<u8>,
    content: Digest,
}

/// Why a load did not succeed.
enum Stopped {
    /// The file has changed meanwhile.
    Changed,
    /// It cannot be loaded: this content, if it could be read at all.
    Refused(Option<Digest>, String),
    /// It cannot be loaded now; the next scan tries again.
    Later(String),
}

impl Shared {
    /// Loads what has settled at a place into the host, once it has a permit.
    pub(super) async fn load(&self, key: &Key) {
        let Ok(_permit) = self.load_permits.acquire().await else { return };
        let Some(order) = self.order(key) else { return };
        let Err(stopped) = self.fulfil(key, &order).await else { return };
        if let Stopped::Refused(None, _) = &stopped {
            // It did not get as far as the host, which counts what it refuses.
            self.host.counts().load(order.name.as_str(), LoadOutcome::Refused);
        }
        let news = self.change(key, |entry| match stopped {
            Stopped::Changed => {
                entry.scan_again();
                None
            }
            Stopped::Refused(content, reason) => entry.failed(content, &reason).then_some(reason),
            Stopped::Later(reason) => {
                entry.scan_again();
                entry.fail(&reason).then_some(reason)
            }
        });
        if let Some(reason) = news.flatten() {
            self.log_failure(&order.path, order.name.as_str(), order.serves, &reason);
        }
    }

    fn order(&self, key: &Key) -> Option<Order> {
        let infos = self.infos();
        let entries = self.entries();
        let entry = entries.get(key)?;
        let name = entry.name.clone().ok()?;
        Some(Order {
            path: entry.path.clone(),
            serves: entry.serving.is_some() && infos.contains_key(&name),
            name,
            settings: entry.settings.clone(),
            limits: self.limits_of(&entry.settings),
            stamp: entry.stamp()?.clone(),
        })
    }

    async fn fulfil(&self, key: &Key, order: &Order) -> Result<(), Stopped> {
        let began = Instant::now();
        let Component { bytes, content } = self.fetch(order).await?;
        let refusal = self.change(key, |entry| entry.refusal_of(content));
        if let Some(reason) = refusal.flatten() {
            return Err(Stopped::Refused(Some(content), reason));
        }
        let serving = self.change(key, |entry| entry.serving).flatten();
        if order.serves && serving == Some(content) {
            self.change(key, Candidate::unchanged);
            return Ok(());
        }
        let before = self.info(&order.name).map(|info| info.version);
        let services = match order.serves {
            true => self.host.replace(&order.name, bytes).await,
            false => self.host.load(order.name.clone(), bytes, order.settings.clone()).await,
        };
        let services = services.map_err(|error| stopped(content, &error))?.len();
        let took = began.elapsed();
        self.change(key, |entry| entry.loaded(content, took));
        let took = took.as_secs_f64();
        let was = before.map(|before| format!("; was {before}")).unwrap_or_default();
        let plural = if services == 1 { "" } else { "s" };
        let message = format!(
            "version {content} serves {services} service{plural}, loaded in {took:.1} s{was}"
        );
        self.host.log_event(Level::Info, order.name.as_str(), &message);
        Ok(())
    }

    /// Builds a source, and reads the component, on a thread where both may block.
    async fn fetch(&self, order: &Order) -> Result<Component, Stopped> {
        let (path, stamp) = (order.path.clone(), order.stamp.clone());
        let (build, max_bytes) = (self.build.clone(), order.limits.component);
        let fetching = blocking::run(move || {
            let location = build.as_ref().and_then(|_| Location::at(&path).ok());
            let bytes = match (location, build) {
                (Some(Location::Source(source)), Some(build)) => {
                    let (bytes, _) =
                        source::read_open(built(&build, &source)?, max_bytes).map_err(unfit)?;
                    bytes
                }
                (location, _) => {
                    let file = location.map_or(path, |location| location.path().to_owned());
                    let (bytes, found) = source::read(&file, max_bytes).map_err(unfit)?;
                    if stamp != found {
                        return Err(Stopped::Changed);
                    }
                    bytes
                }
            };
            let content = Digest::of(&bytes);
            Ok(Component { bytes, content })
        });
        fetching.await.unwrap_or_else(|error| match error {
            BlockingError::NoThread(_) => Err(Stopped::Later(whole(&error))),
            BlockingError::Panicked => {
                Err(Stopped::Refused(None, "reading or building it panicked".to_owned()))
            }
        })
    }
}

fn built(build: &Build, source: &Source) -> Result<File, Stopped> {
    build(source).map_err(|error| Stopped::Refused(None, whole(error.as_ref())))
}

fn unfit(error: FileError) -> Stopped {
    match error {
        FileError::Unreadable(_) => Stopped::Later(error.to_string()),
        // The next scan finds it too.
        _ => Stopped::Changed,
    }
}

/// A component may be fine when its name is not free yet, or the host or its machine was short of
/// something.
fn stopped(content: Digest, error: &LoadError) -> Stopped {
    match error {
        LoadError::NameTaken(_)
        | LoadError::NotLoaded(_)
        | LoadError::NoThread(_)
        | LoadError::Component(ComponentError::Unavailable(_))
        | LoadError::Services(CallError::Busy(_) | CallError::Host(_)) => {
            Stopped::Later(whole(error))
        }
        _ => Stopped::Refused(Some(content), whole(error)),
    }
}

/// An error with its causes, as one line.
fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}
