//! Passwords that were right a moment ago, so that a client pays once for what is slow to guess.

use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

/// How long a right password is known. Long enough that checking it costs next to nothing, short
/// enough that what a copy of the memory would give away is soon gone.
const FOR: Duration = Duration::from_secs(5 * 60);

/// The passwords of one group that were right, one a credential at most.
///
/// What is kept is a hash under a key that is made with it and never leaves it: neither the password
/// nor anything that another process could compare one with. A wrong password is never kept.
pub(super) struct Known {
    key: [u8; 32],
    /// In the order of the group's credentials.
    proofs: Mutex<Vec<Option<Proof>>>,
}

#[derive(Clone)]
struct Proof {
    hash: [u8; 32],
    until: Instant,
}

impl Known {
    /// Nothing known yet of so many credentials.
    pub(super) fn new(credentials: usize) -> Self {
        let mut key = [0; 32];
        // Its keys are the system's random numbers, and nobody learns them from what they hash.
        let random = RandomState::new();
        for (part, number) in key.chunks_exact_mut(8).zip(0_u64..) {
            part.copy_from_slice(&random.hash_one(number).to_ne_bytes());
        }
        Known { key, proofs: Mutex::new(vec![None; credentials]) }
    }

    /// Whether this was the right password of the credential at this place a moment ago, told in a
    /// time that does not depend on how much of it is right.
    pub(super) fn has(&self, place: usize, password: &[u8], now: Instant) -> bool {
        let proof = self.proofs().get(place).cloned().flatten();
        proof
            .is_some_and(|proof| now < proof.until && self.hash(password).ct_eq(&proof.hash).into())
    }

    /// Remembers a password that was right.
    pub(super) fn learn(&self, place: usize, password: &[u8], now: Instant) {
        let proof = Proof { hash: self.hash(password), until: now + FOR };
        if let Some(known) = self.proofs().get_mut(place) {
            *known = Some(proof);
        }
    }

    /// Twice, as HMAC does (RFC 2104), so that no hash of one text helps with a longer one.
    fn hash(&self, password: &[u8]) -> [u8; 32] {
        let once = |text: &[u8]| Sha256::new().chain_update(self.key).chain_update(text).finalize();
        once(&once(password)).into()
    }

    fn proofs(&self) -> MutexGuard<'_, Vec<Option<Proof>>> {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_password_is_known_for_its_credential_and_a_time() {
        let (known, now) = (Known::new(2), Instant::now());
        assert!(!known.has(0, b"right", now));
        known.learn(0, b"right", now);
        assert!(known.has(0, b"right", now));
        assert!(!known.has(0, b"righ", now) && !known.has(0, b"right ", now));
        assert!(!known.has(1, b"right", now) && !known.has(2, b"right", now));
        assert!(known.has(0, b"right", now + FOR - Duration::from_nanos(1)));
        assert!(!known.has(0, b"right", now + FOR));
    }

    #[test]
    fn each_group_has_its_own_key() {
        assert_ne!(Known::new(1).hash(b"a"), Known::new(1).hash(b"a"));
    }
}
