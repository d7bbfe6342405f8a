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
    /// Computes the digest of `bytes`.
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

/// One version of a plugin, ready to be called. A replaced version stays in memory while a call, a
/// [`Target`](super::Target) or a probation needs it.
pub(super) struct Version {
    pub(super) digest: Digest,
    pub(super) component: Compiled,
    pub(super) services: Vec<ServiceInfo>,
    /// The metrics of each service's calls, in the order of `services`.
    pub(super) meters: Vec<ServiceMeter>,
    /// Lets the host count the versions in memory.
    pub(super) _alive: Arc<()>,
}

impl Version {
    /// Returns the index of a service in `services`.
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
