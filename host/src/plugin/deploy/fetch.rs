//! Obtains a component's bytes: builds a source, or reads a file.

use super::candidate::Key;
use super::order::{Lane, Order, Stopped, whole};
use super::{Build, Built, Shared};
use crate::blocking::{self, BlockingError};
use crate::engine::Limit;
use crate::plugin::{Digest, Host};
use crate::source::{self, FileError, Inputs, Location, Stamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum bytes of a component that counts as quick to load even without cached code.
const SMALL_BYTES: usize = 1 << 20;

/// The bytes of a component, and their properties.
pub(super) struct Component {
    pub(super) bytes: Vec<u8>,
    pub(super) content: Digest,
    /// How long it took to build the component and to read it; `None` if no build ran.
    pub(super) built: Option<Duration>,
    /// True if the component's compiled code is cached.
    pub(super) has_code: bool,
}

/// A component to read, or a source to build.
struct Fetch {
    path: PathBuf,
    /// The stamp from the scan that started the load.
    stamp: Stamp,
    max_bytes: u64,
    /// The reason to refuse a built component of more than `max_bytes` bytes.
    too_large: String,
    build: Option<Build>,
    /// The inputs that earlier builds recorded.
    inputs: Option<Arc<Inputs>>,
}

impl Shared {
    /// Builds a source or reads a component, on a thread that may block.
    pub(super) async fn fetch(
        &self,
        key: &Key,
        order: &Order,
        lane: Lane,
    ) -> Result<Component, Stopped> {
        let fetch = Fetch {
            path: order.path.clone(),
            stamp: order.stamp.clone(),
            max_bytes: order.limits.component,
            too_large: Limit::Component.reached(&order.limits).to_string(),
            build: self.build.clone(),
            inputs: self.change(key, |entry| entry.inputs()).flatten(),
        };
        let host = Arc::clone(&self.host);
        let fetching = blocking::run(move || {
            let (mut read, began) = (None, Instant::now());
            let bytes = fetch.read(lane, &mut read);
            let is_built = read.as_ref().is_some_and(|(inputs, _)| !inputs.is_empty());
            let built = is_built.then(|| began.elapsed());
            let component = bytes.and_then(|bytes| {
                let has_code = check_lane(&host, &bytes, lane)?;
                let content = Digest::of(&bytes);
                Ok(Component { bytes, content, built, has_code })
            });
            (component, read)
        });
        let (component, read) = fetching.await.map_err(|error| match error {
            BlockingError::NoThread(_) => Stopped::Later(whole(&error)),
            BlockingError::Panicked => {
                Stopped::Refused(None, "reading or building it panicked".to_owned())
            }
        })?;
        if let Some((inputs, stamp)) = read {
            self.change(key, |entry| entry.built(inputs, stamp));
        }
        component
    }
}

impl Fetch {
    /// Reads the component. If the path is a source, first builds the source, and sets `read` to
    /// the build's inputs and their stamp. The quick lane instead rejects a source as slow.
    fn read(self, lane: Lane, read: &mut Option<(Inputs, Stamp)>) -> Result<Vec<u8>, Stopped> {
        let location = self.build.as_ref().and_then(|_| Location::at(&self.path).ok());
        if let (Some(Location::Source(source)), Some(build)) = (&location, &self.build) {
            if lane == Lane::Quick {
                return Err(Stopped::Slow { was_interrupted: false });
            }
            let began = source::now();
            let Built { component, mut inputs } = build(source);
            if let (Err(_), Some(before)) = (&component, &self.inputs) {
                inputs.extend(before);
            }
            let stamp = self.stamp.after_build(&inputs, began);
            *read = Some((inputs, stamp));
            let component =
                component.map_err(|error| Stopped::Refused(None, whole(error.as_ref())))?;
            return match source::read_open(component, self.max_bytes) {
                Ok((bytes, _)) => Ok(bytes),
                // A scan checks only the source, so it cannot report that the component is too
                // large.
                Err(FileError::TooLarge) => Err(Stopped::Refused(None, self.too_large)),
                Err(error) => Err(unfit(error)),
            };
        }
        let file = location.map_or(self.path, |location| location.path().to_owned());
        let (bytes, found) = source::read(&file, self.max_bytes).map_err(unfit)?;
        if self.stamp != found {
            return Err(Stopped::Changed);
        }
        Ok(bytes)
    }
}

/// Returns whether a component's code is cached. In the quick lane, rejects a component that takes
/// long to compile, or that an earlier server was loading when that server ended.
fn check_lane(host: &Host, bytes: &[u8], lane: Lane) -> Result<bool, Stopped> {
    let has_code = host.has_code_of(bytes);
    if lane == Lane::Slow {
        return Ok(has_code);
    }
    let was_interrupted = host.was_interrupted(bytes);
    let is_quick = bytes.len() <= SMALL_BYTES || has_code;
    match was_interrupted || !is_quick {
        true => Err(Stopped::Slow { was_interrupted }),
        false => Ok(has_code),
    }
}

fn unfit(error: FileError) -> Stopped {
    match error {
        FileError::Unreadable(_) => Stopped::Later(error.to_string()),
        // For a component file, the next scan finds the same fault, and reports it.
        _ => Stopped::Changed,
    }
}
