//! Remembers recently verified passwords, so that the slow hash of a password is not computed for
//! each request.

use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

/// The recently verified passwords of one group, at most one for each credential.
///
/// Passwords are stored as hashes with a random key, which are useless to another process. Invalid
/// passwords are never stored.
pub(super) struct VerifiedPasswords {
    key: [u8; 32],
    /// The hashes, in the order of the group's credentials.
    digests: Mutex<Vec<Option<VerifiedDigest>>>,
}

#[derive(Clone)]
struct VerifiedDigest {
    digest: [u8; 32],
    until: Instant,
}

impl VerifiedPasswords {
    /// How long a verified password or a valid token counts as recent: long enough to spread the
    /// cost of a password's slow hash over many requests.
    pub(super) const LIFETIME: Duration = Duration::from_secs(5 * 60);

    /// Creates an empty set for a group with this number of credentials.
    pub(super) fn new(credentials: usize) -> Self {
        let mut key = [0; 32];
        // `RandomState` has random keys from the system. SipHash does not reveal these keys.
        let random = RandomState::new();
        for (part, number) in key.chunks_exact_mut(8).zip(0_u64..) {
            part.copy_from_slice(&random.hash_one(number).to_ne_bytes());
        }
        VerifiedPasswords { key, digests: Mutex::new(vec![None; credentials]) }
    }

    /// True if this password was verified recently for the credential at `index`. The comparison
    /// takes constant time, so that timing does not reveal a prefix of the hash.
    pub(super) fn contains(&self, index: usize, password: &[u8], now: Instant) -> bool {
        let verified = self.digests().get(index).cloned().flatten();
        verified.is_some_and(|verified| {
            now < verified.until && self.digest(password).ct_eq(&verified.digest).into()
        })
    }

    pub(super) fn insert(&self, index: usize, password: &[u8], now: Instant) {
        let verified =
            VerifiedDigest { digest: self.digest(password), until: now + Self::LIFETIME };
        if let Some(place) = self.digests().get_mut(index) {
            *place = Some(verified);
        }
    }

    /// Hashes twice, like HMAC (RFC 2104), to prevent length extension.
    fn digest(&self, password: &[u8]) -> [u8; 32] {
        let once = |text: &[u8]| Sha256::new().chain_update(self.key).chain_update(text).finalize();
        once(&once(password)).into()
    }

    fn digests(&self) -> MutexGuard<'_, Vec<Option<VerifiedDigest>>> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verified_password_is_remembered_for_its_credential_and_a_time() {
        let (verified, now) = (VerifiedPasswords::new(2), Instant::now());
        assert!(!verified.contains(0, b"right", now));
        verified.insert(0, b"right", now);
        assert!(verified.contains(0, b"right", now));
        assert!(!verified.contains(0, b"righ", now) && !verified.contains(0, b"right ", now));
        assert!(!verified.contains(1, b"right", now) && !verified.contains(2, b"right", now));
        assert!(verified.contains(
            0,
            b"right",
            now + VerifiedPasswords::LIFETIME - Duration::from_nanos(1)
        ));
        assert!(!verified.contains(0, b"right", now + VerifiedPasswords::LIFETIME));
    }

    #[test]
    fn each_group_has_its_own_key() {
        assert_ne!(VerifiedPasswords::new(1).digest(b"a"), VerifiedPasswords::new(1).digest(b"a"));
    }
}
