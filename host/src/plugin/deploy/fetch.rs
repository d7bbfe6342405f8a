//! From a place to a component's bytes: builds a source, or reads a file.

use super::order::{Lane, Order, Stopped, whole};
use super::{Build, Shared};
use crate::blocking::{self, BlockingError};
use crate::plugin::{Digest, Host};
use crate::source::{self, FileError, Location, Source, Stamp};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of a component that is quick to load, whatever it holds, by any measure of size.
const SMALL_BYTES: usize = 1 << 20;

/// A component as it was read.
pub(super) struct Component {
    pub(super) bytes: Vec<u8>,
    pub(super) content: Digest,
}

/// What is to be read.
struct Fetch {
    path: PathBuf,
    /// The stamp that two scans found.
    stamp: Stamp,
    max_bytes: u64,
    build: Option<Build>,
}

impl Shared {
    /// Builds a source, and reads the component, on a thread where both may block.
    pub(super) async fn fetch(&self, order: &Order, lane: Lane) -> Result<Component, Stopped> {
        let fetch = Fetch {
            path: order.path.clone(),
            stamp: order.stamp.clone(),
            max_bytes: order.limits.component,
            build: self.build.clone(),
        };
        let host = Arc::clone(&self.host);
        let fetching = blocking::run(move || {
            let bytes = fetch.read(lane)?;
            check_lane(&host, &bytes, lane)?;
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

impl Fetch {
    fn read(self, lane: Lane) -> Result<Vec<u8>, Stopped> {
        let location = self.build.as_ref().and_then(|_| Location::at(&self.path).ok());
        if let (Some(Location::Source(source)), Some(build)) = (&location, &self.build) {
            if lane == Lane::Quick {
                return Err(Stopped::Slow { was_interrupted: false });
            }
            let component = built(build, source)?;
            return Ok(source::read_open(component, self.max_bytes).map_err(unfit)?.0);
        }
        let file = location.map_or(self.path, |location| location.path().to_owned());
        let (bytes, found) = source::read(&file, self.max_bytes).map_err(unfit)?;
        if self.stamp != found {
            return Err(Stopped::Changed);
        }
        Ok(bytes)
    }
}

/// Sends what will take long to compile, or was being loaded when a server ended, out of the lane of
/// those that are quick.
fn check_lane(host: &Host, bytes: &[u8], lane: Lane) -> Result<(), Stopped> {
    if lane == Lane::Slow {
        return Ok(());
    }
    let was_interrupted = host.was_interrupted(bytes);
    let is_quick = bytes.len() <= SMALL_BYTES || host.has_code_of(bytes);
    match was_interrupted || !is_quick {
        true => Err(Stopped::Slow { was_interrupted }),
        false => Ok(()),
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
