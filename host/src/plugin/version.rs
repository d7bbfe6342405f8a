//! A version of a plugin: the compiled component and its services, identified by its content.

use crate::engine::Compiled;
use crate::service::ServiceInfo;
use crate::telemetry::ServiceMeter;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// The SHA-256 of a component. Its `Display` output is the first 12 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One version of a plugin, ready to be called. Running calls keep it alive when it is replaced.
pub(super) struct Version {
    pub(super) digest: Digest,
    pub(super) component: Compiled,
    pub(super) services: Vec<ServiceInfo>,
    /// The counters of each service, in the same order.
    pub(super) meters: Vec<ServiceMeter>,
    /// Held by each version, so that a host can count the versions in memory.
    pub(super) _alive: Arc<()>,
}

impl Version {
    /// The index of a service in the list.
    pub(super) fn index_of(&self, service: &str) -> Option<usize> {
        self.services.iter().position(|info| info.name == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_displays_its_first_twelve_digits() {
        assert_eq!(Digest::of(b"").to_string(), "e3b0c44298fc");
    }
}
