//! Checks credentials, and makes guessing slow: a client that keeps failing waits before its next
//! check. A known client has at most one password check at a time for each group and name.

use super::credentials::SentCredentials;
use super::groups::Group;
use super::guesses::{GuessLock, GuessLocks};
use super::passwords::{NotChecked, PasswordThreads};
use super::throttle::{Guess, Throttle};
use crate::config::PasswordMemory;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Checks credentials for all groups of a listener.
#[derive(Default)]
pub(super) struct CredentialChecks {
    throttle: Arc<Throttle>,
    locks: Arc<GuessLocks>,
    threads: PasswordThreads,
}

/// Why credentials are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The credentials are wrong. The failure is counted for each key of the guess.
    Wrong(Guess),
    /// The credentials are not checked: the client has too many pending checks, or has failed too
    /// often with this name and sent the request while another of its checks of the name was
    /// pending.
    TooMany,
    /// The credentials are not checked: the server has too many pending checks, or cannot run one.
    Busy,
}

impl From<NotChecked> for Denied {
    fn from(error: NotChecked) -> Self {
        match error {
            NotChecked::TooManyOfClient => Denied::TooMany,
            NotChecked::Busy => Denied::Busy,
        }
    }
}

impl CredentialChecks {
    /// Returns the index of the caller in the group. `client` is `None` if the client is unknown.
    /// If the client is unknown, a wrong password is counted only by name, and a wrong token is not
    /// counted.
    ///
    /// # Errors
    ///
    /// When the credentials are wrong, or cannot be checked now.
    pub(super) async fn check(
        &self,
        group: &Arc<Group>,
        sent: SentCredentials,
        client: Option<IpAddr>,
    ) -> Result<usize, Denied> {
        let guess = self.throttle.guess(client, &group.name, sent.name());
        match &sent {
            SentCredentials::Token(digest) => self.check_token(group, digest, &guess).await,
            SentCredentials::Password { .. } => {
                self.check_password(group, sent, client, guess).await
            }
        }
    }

    /// Removes a failure, because another group has accepted the credentials.
    pub(super) fn forgive(&self, guess: &Guess) {
        self.throttle.forgive(guess);
    }

    /// Checks a token. Accepts a valid token without a delay if it was also sent recently, even if
    /// other clients at the same address keep failing. This exception does not help guessing:
    /// tokens are long and random, so a client cannot guess one even without a delay.
    async fn check_token(
        &self,
        group: &Group,
        digest: &[u8; 32],
        guess: &Guess,
    ) -> Result<usize, Denied> {
        let now = Instant::now();
        let found = group.find_token(digest);
        if !found.is_some_and(|index| group.is_token_recent(index, now)) {
            self.wait(guess).await;
        }
        let now = Instant::now();
        match found {
            Some(index) => {
                group.token_was_sent(index, now);
                Ok(index)
            }
            None => {
                self.throttle.failed(guess, now);
                Err(Denied::Wrong(*guess))
            }
        }
    }

    async fn check_password(
        &self,
        group: &Arc<Group>,
        sent: SentCredentials,
        client: Option<IpAddr>,
        guess: Guess,
    ) -> Result<usize, Denied> {
        if let Some(index) = self.recently_verified(group, &sent, &guess) {
            return Ok(index);
        }
        let mut lock = guess.lock_key().map(|key| self.locks.enter(key));
        if let Some(lock) = lock.as_mut().filter(|lock| !lock.is_held()) {
            self.refuse_another(&guess)?;
            lock.hold().await;
            // While this request waited, another one may have verified the same password.
            if let Some(index) = self.recently_verified(group, &sent, &guess) {
                return Ok(index);
            }
            self.refuse_another(&guess)?;
        }
        self.wait(&guess).await;
        let is_late = self.throttle.has_failed(&guess, Instant::now());
        let work = self.work(Arc::clone(group), sent, guess, lock);
        self.threads.run(client, is_late, work).await?.ok_or(Denied::Wrong(guess))
    }

    /// Creates the job that checks a password. The job records the result, and holds the lock until
    /// the job ends, even if the client disconnects. Otherwise, a client could make guesses that
    /// are not counted, and find out later which password was verified.
    fn work(
        &self,
        group: Arc<Group>,
        sent: SentCredentials,
        guess: Guess,
        lock: Option<GuessLock>,
    ) -> impl FnOnce(&mut PasswordMemory) -> Option<usize> + Send + 'static {
        let (throttle, now) = (Arc::clone(&self.throttle), Instant::now());
        move |memory| {
            // While this job waited, another request may have verified the same password.
            let verified = group.recently_verified(&sent, now);
            let found = verified.or_else(|| group.verify(&sent, memory, now));
            match found {
                Some(_) => throttle.succeeded(&guess),
                None => throttle.failed(&guess, now),
            }
            drop(lock);
            found
        }
    }

    fn recently_verified(
        &self,
        group: &Group,
        sent: &SentCredentials,
        guess: &Guess,
    ) -> Option<usize> {
        let now = Instant::now();
        let is_allowed = self.throttle.allows_comparison(guess, now);
        let index = is_allowed.then(|| group.recently_verified(sent, now)).flatten()?;
        self.throttle.succeeded(guess);
        Some(index)
    }

    /// Waits until the throttle allows a check of these credentials.
    async fn wait(&self, guess: &Guess) {
        let now = Instant::now();
        let delay = self.throttle.delay(guess, now);
        // Even a sleep of zero would wait for the next tick of the runtime's clock.
        if !delay.is_zero() {
            sleep_until(now + delay).await;
        }
    }

    /// Refuses the request if its client has failed too often with this name. Called only if
    /// another request held the lock of the same client and name.
    fn refuse_another(&self, guess: &Guess) -> Result<(), Denied> {
        let now = Instant::now();
        if self.throttle.delays_name(guess, now) {
            self.throttle.refused(guess, now);
            return Err(Denied::TooMany);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
