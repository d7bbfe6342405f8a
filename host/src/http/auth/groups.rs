//! Groups of callers: finds the caller that has the given credentials.

use super::credentials::SentCredentials;
use super::verified::VerifiedPasswords;
use crate::config::{CallerGroup, Credential, PasswordMemory, Scheme};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

pub(super) struct Group {
    pub(super) name: String,
    pub(super) scheme: Scheme,
    credentials: Vec<Credential>,
    /// The callers by the digests of their tokens. The duration of a look-up reveals nothing about
    /// the tokens: it depends only on their digests, which the map hashes with a random key.
    by_digest: HashMap<[u8; 32], usize>,
    /// When the token of each caller was last sent, by the index of the caller.
    tokens: Mutex<HashMap<usize, Instant>>,
    /// The callers with passwords, by name.
    by_name: HashMap<String, usize>,
    passwords: VerifiedPasswords,
}

impl Group {
    pub(super) fn of(group: &CallerGroup) -> Self {
        let CallerGroup { name, scheme, credentials } = group.clone();
        let (mut by_digest, mut by_name) = (HashMap::new(), HashMap::new());
        for (index, Credential { caller, hash }) in credentials.iter().enumerate() {
            match (scheme, hash.digest_of_token()) {
                (Scheme::Bearer, Some(digest)) => drop(by_digest.insert(digest, index)),
                (Scheme::Bearer, None) => {}
                (Scheme::Basic, _) => drop(by_name.insert(caller.clone(), index)),
            }
        }
        let passwords =
            VerifiedPasswords::new(if by_name.is_empty() { 0 } else { credentials.len() });
        let tokens = Mutex::default();
        Group { name, scheme, credentials, by_digest, tokens, by_name, passwords }
    }

    /// Returns the name of the caller at an index.
    pub(super) fn caller(&self, index: usize) -> Option<&str> {
        self.credentials.get(index).map(|credential| credential.caller.as_str())
    }

    /// Returns the index of the caller whose token has this digest, or `None` for an unknown token.
    pub(super) fn find_token(&self, digest: &[u8; 32]) -> Option<usize> {
        self.by_digest.get(digest).copied()
    }

    /// True if the token of the caller at an index was sent recently.
    pub(super) fn is_token_recent(&self, index: usize, now: Instant) -> bool {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&index).is_some_and(|sent| now < *sent + VerifiedPasswords::LIFETIME)
    }

    /// Remembers that the token of the caller at an index was sent.
    pub(super) fn token_was_sent(&self, index: usize, now: Instant) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(index, now);
    }

    /// Returns the index of the caller, or `None` if this password was not verified recently.
    pub(super) fn recently_verified(&self, sent: &SentCredentials, now: Instant) -> Option<usize> {
        let SentCredentials::Password { name, password } = sent else { return None };
        let index = *self.by_name.get(name)?;
        self.passwords.contains(index, password, now).then_some(index)
    }

    /// Verifies a password, and remembers it if it is valid. Returns the index of the caller, or
    /// `None` if the name is unknown or the password is wrong. For an unknown name, uses the
    /// hash of the first caller. If all hashes have the same cost, the duration thus does not
    /// reveal which names exist.
    pub(super) fn verify(
        &self,
        sent: &SentCredentials,
        memory: &mut PasswordMemory,
        now: Instant,
    ) -> Option<usize> {
        let SentCredentials::Password { name, password } = sent else { return None };
        let index = self.by_name.get(name).copied();
        let credential = self.credentials.get(index.unwrap_or_default())?;
        let is_valid = credential.hash.verify_in(memory, password);
        let index = index.filter(|_| is_valid)?;
        self.passwords.insert(index, password, now);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SecretHash, token_digest};

    /// This test would take too long if a look-up compared one token after another: all look-ups
    /// together would make 2 * 10^10 comparisons.
    #[test]
    fn each_of_very_many_tokens_is_found() {
        const CALLERS: usize = 200_000;
        let token = |number: usize| format!("token {number:032}");
        let credential = |number: usize| Credential {
            caller: number.to_string(),
            hash: SecretHash::of_token(token(number).as_bytes()).unwrap(),
        };
        let credentials = (0..CALLERS).map(credential).collect();
        let name = "machines".to_owned();
        let group = Group::of(&CallerGroup { name, scheme: Scheme::Bearer, credentials });
        for number in 0..CALLERS {
            let digest = token_digest(token(number).as_bytes());
            assert_eq!(group.find_token(&digest), Some(number));
        }
        assert_eq!(group.find_token(&token_digest(token(CALLERS).as_bytes())), None);
        assert_eq!(group.caller(7), Some("7"));
    }
}
