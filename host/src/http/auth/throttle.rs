//! Counts wrong credentials, and computes the delays that make further guesses slow.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The number of failures at which delays begin. Fewer failures cause no delay, because people
/// mistype passwords.
const MAX_UNDELAYED: u32 = 5;

/// The first delay. Each further failure doubles the delay, up to [`MAX_DELAY`].
const MIN_DELAY: Duration = Duration::from_millis(50);

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The time after which the number of failures is halved.
const HALF_LIFE: Duration = Duration::from_secs(60);

/// The maximum count: five minutes after its last failure, a count causes no delay.
const MAX_COUNT: u32 = 128;

/// The number of failures of a client and name at which even a comparison with a recently verified
/// password is delayed. Such a comparison takes a microsecond, so without this bound, only the
/// network would limit the rate of guesses at a verified password.
const MAX_COMPARED: u32 = 100;

/// Maximum number of failure counts. At the maximum, a new count replaces the least recently raised
/// count.
const MAX_COUNTS: usize = 4_096;

/// The key of a failure count. The subject is the hash of a group, or of a group and a name.
/// Clients choose the names, so storing the names could take much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FailureKey {
    client: Option<IpAddr>,
    subject: u64,
}

/// Credentials to check, represented by the keys of their failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// The client and the group. `None` if the client is unknown.
    of_client: Option<FailureKey>,
    /// The client, the group and the name. `None` for tokens, and if the client is unknown.
    of_client_and_name: Option<FailureKey>,
    /// The group and the name, for all clients. `None` for tokens.
    of_name: Option<FailureKey>,
}

impl Guess {
    /// Returns the key that is locked while a guess is checked: see `GuessLocks`. `None` for
    /// tokens, and if the client is unknown.
    pub(super) fn lock_key(&self) -> Option<FailureKey> {
        self.of_client_and_name
    }

    fn keys(&self) -> impl Iterator<Item = FailureKey> {
        [self.of_client, self.of_client_and_name, self.of_name].into_iter().flatten()
    }
}

/// The failures of clients and names. Until the first failure, each query costs one atomic read.
#[derive(Default)]
pub(super) struct Throttle {
    has_any: AtomicBool,
    counts: Mutex<FailureCounts>,
    /// Has random keys, so that no client can choose names with equal hashes.
    hash: RandomState,
}

/// Counts by key, and the keys in the order in which their counts were last raised.
#[derive(Default)]
struct FailureCounts {
    by_key: HashMap<FailureKey, Failures>,
    by_age: BTreeMap<u64, FailureKey>,
    next_age: u64,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    /// `count` is halved for each half-life that has passed since this time.
    since: Instant,
    age: u64,
}

impl Throttle {
    /// Creates a client's guess: for the password of `name` in the group, or for a token of the
    /// group if `name` is `None`. `client` is `None` for a proxy that does not name its clients.
    /// Without a `client`, a wrong password is counted only by name, and a wrong token is not
    /// counted: with one count for all clients of the proxy, a client could delay the others.
    pub(super) fn guess(&self, client: Option<IpAddr>, group: &str, name: Option<&str>) -> Guess {
        let of_group = self.hash.hash_one(group);
        let of_name = name.map(|name| self.hash.hash_one((group, name)));
        let key = |client, subject| FailureKey { client, subject };
        Guess {
            of_client: client.map(|_| key(client, of_group)),
            of_client_and_name: client.and(of_name).map(|subject| key(client, subject)),
            of_name: of_name.map(|subject| key(None, subject)),
        }
    }

    /// Returns how long to wait before the credentials are checked.
    pub(super) fn delay(&self, guess: &Guess, now: Instant) -> Duration {
        let Some(mut counts) = self.counts_if_any() else { return Duration::ZERO };
        delay(guess.keys().map(|key| counts.of(key, now)).max().unwrap_or_default())
    }

    /// True if this client has failed with this name so often that it must wait.
    pub(super) fn delays_name(&self, guess: &Guess, now: Instant) -> bool {
        self.count_of(guess.of_client_and_name, now) >= MAX_UNDELAYED
    }

    /// True if the password may be compared with a recently verified password without a delay.
    pub(super) fn allows_comparison(&self, guess: &Guess, now: Instant) -> bool {
        self.count_of(guess.of_client_and_name, now) < MAX_COMPARED
    }

    /// True if the client has failed with this name. For an unknown client, true if any client has
    /// failed with this name.
    pub(super) fn has_failed(&self, guess: &Guess, now: Instant) -> bool {
        self.count_of(guess.of_client_and_name.or(guess.of_name), now) > 0
    }

    /// Counts wrong credentials.
    pub(super) fn failed(&self, guess: &Guess, now: Instant) {
        self.raise(guess.keys(), now);
    }

    /// Counts credentials that were refused without a check. Only the count of the client and name
    /// is raised, because the credentials may be right.
    pub(super) fn refused(&self, guess: &Guess, now: Instant) {
        self.raise(guess.of_client_and_name.into_iter(), now);
    }

    /// Removes the failures of this client and name. Other failures stay, because a client that
    /// knows one password must not guess the passwords of other names without a delay.
    pub(super) fn succeeded(&self, guess: &Guess) {
        if let (Some(key), Some(mut counts)) = (guess.of_client_and_name, self.counts_if_any()) {
            counts.remove(key);
            self.has_any.store(!counts.by_key.is_empty(), Ordering::Relaxed);
        }
    }

    /// Removes one failure, because another group has accepted the credentials.
    pub(super) fn forgive(&self, guess: &Guess) {
        let mut counts = self.counts();
        for key in guess.keys() {
            if let Some(failures) = counts.by_key.get_mut(&key) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
    }

    fn raise(&self, keys: impl Iterator<Item = FailureKey>, now: Instant) {
        let mut counts = self.counts();
        for key in keys {
            counts.raise(key, now);
            self.has_any.store(true, Ordering::Relaxed);
        }
    }

    fn count_of(&self, key: Option<FailureKey>, now: Instant) -> u32 {
        let (Some(key), Some(mut counts)) = (key, self.counts_if_any()) else { return 0 };
        counts.of(key, now)
    }

    fn counts_if_any(&self) -> Option<MutexGuard<'_, FailureCounts>> {
        self.has_any.load(Ordering::Relaxed).then(|| self.counts())
    }

    fn counts(&self) -> MutexGuard<'_, FailureCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FailureCounts {
    fn of(&mut self, key: FailureKey, now: Instant) -> u32 {
        let count = self.by_key.get(&key).map_or(0, |failures| failures.at(now).count);
        if count == 0 {
            self.remove(key);
        }
        count
    }

    fn raise(&mut self, key: FailureKey, now: Instant) {
        let before = self.remove(key).map(|failures| failures.at(now)).filter(|it| it.count > 0);
        if self.by_key.len() >= MAX_COUNTS {
            let oldest = self.by_age.first_key_value().map(|(_, oldest)| *oldest);
            oldest.map(|oldest| self.remove(oldest));
        }
        let Failures { count, since, .. } =
            before.unwrap_or(Failures { count: 0, since: now, age: 0 });
        let (count, age) = (count.saturating_add(1).min(MAX_COUNT), self.next_age);
        self.next_age += 1;
        self.by_age.insert(age, key);
        self.by_key.insert(key, Failures { count, since, age });
    }

    fn remove(&mut self, key: FailureKey) -> Option<Failures> {
        let failures = self.by_key.remove(&key)?;
        self.by_age.remove(&failures.age);
        Some(failures)
    }
}

impl Failures {
    /// Returns the count as of now, halved for each half-life that has passed.
    fn at(self, now: Instant) -> Failures {
        let passed = now.saturating_duration_since(self.since);
        let half_lives = u32::try_from(passed.as_secs() / HALF_LIFE.as_secs()).unwrap_or(u32::MAX);
        let count = self.count.checked_shr(half_lives).unwrap_or_default();
        // After as many half-lives as the count has bits, the count is 0.
        let since = self.since + HALF_LIFE * half_lives.min(u32::BITS);
        Failures { count, since, ..self }
    }
}

fn delay(failures: u32) -> Duration {
    match failures.checked_sub(MAX_UNDELAYED) {
        None => Duration::ZERO,
        Some(doublings) => MIN_DELAY.saturating_mul(1 << doublings.min(16)).min(MAX_DELAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from((0x0a00_0000_u32 + number).to_be_bytes()))
    }

    fn fail(throttle: &Throttle, guess: &Guess, times: usize, now: Instant) {
        for _ in 0..times {
            throttle.failed(guess, now);
        }
    }

    #[test]
    fn what_follows_the_fifth_failure_is_delayed_and_each_further_one_longer() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let guess = throttle.guess(ip(1), "people", Some("ann"));
        let delays: Vec<_> = (0..12)
            .map(|_| {
                let delay = throttle.delay(&guess, now).as_millis();
                throttle.failed(&guess, now);
                delay
            })
            .collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 50, 100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(delay(u32::MAX), MAX_DELAY);
    }

    #[test]
    fn half_of_the_failures_are_forgotten_each_minute() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let guess = throttle.guess(ip(1), "tokens", None);
        fail(&throttle, &guess, 500, start);
        let count =
            |seconds| throttle.count_of(guess.of_client, start + Duration::from_secs(seconds));
        assert_eq!([0, 59, 60, 119, 120].map(count), [128, 128, 64, 64, 32]);
        throttle.failed(&guess, start + Duration::from_secs(130));
        assert_eq!([179, 180, 300].map(count), [33, 16, 4]);
        assert_eq!(throttle.delay(&guess, start + Duration::from_secs(300)), Duration::ZERO);
        // Reading a count of 0 removes it.
        assert_eq!(count(1_000_000_000), 0);
        let counts = throttle.counts();
        assert_eq!((counts.by_key.len(), counts.by_age.len()), (0, 0));
    }

    #[test]
    fn failures_are_counted_by_client_and_name_by_client_and_by_name() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let guess = |client, group, name| throttle.guess(client, group, name);
        fail(&throttle, &guess(ip(1), "people", Some("ann")), 5, now);
        let is_delayed = |client, group, name| {
            let guess = throttle.guess(client, group, name);
            (!throttle.delay(&guess, now).is_zero(), throttle.delays_name(&guess, now))
        };
        assert_eq!(is_delayed(ip(1), "people", Some("ann")), (true, true));
        assert_eq!(is_delayed(ip(1), "people", Some("ben")), (true, false));
        assert_eq!(is_delayed(ip(1), "people", None), (true, false));
        assert_eq!(is_delayed(ip(1), "others", Some("ann")), (false, false));
        // Other clients and unknown clients are delayed for this name, but not refused.
        assert_eq!(is_delayed(ip(2), "people", Some("ann")), (true, false));
        assert_eq!(is_delayed(None, "people", Some("ann")), (true, false));
        assert_eq!(is_delayed(ip(2), "people", Some("ben")), (false, false));
        assert_eq!(is_delayed(None, "people", None), (false, false));
    }

    #[test]
    fn a_success_forgets_the_failures_of_its_client_and_name_alone() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let [ann, ben] = ["ann", "ben"].map(|name| throttle.guess(ip(1), "people", Some(name)));
        let elsewhere = throttle.guess(ip(2), "people", Some("ann"));
        for guess in [&ann, &ben, &elsewhere] {
            fail(&throttle, guess, 5, now);
        }
        throttle.succeeded(&ben);
        assert!(throttle.delays_name(&ann, now) && throttle.delays_name(&elsewhere, now));
        assert!(!throttle.delays_name(&ben, now) && !throttle.has_failed(&ben, now));
        assert_eq!(throttle.count_of(ben.of_client, now), 10);
        assert_eq!(throttle.count_of(ann.of_name, now), 10);
        let token = throttle.guess(ip(3), "tokens", None);
        fail(&throttle, &token, 5, now);
        throttle.succeeded(&token);
        assert_eq!(throttle.delay(&token, now), MIN_DELAY);
    }

    #[test]
    fn a_failure_is_taken_back_when_another_group_accepts() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let guess = throttle.guess(ip(1), "people", Some("ann"));
        fail(&throttle, &guess, 6, now);
        throttle.forgive(&guess);
        let counts: Vec<_> = guess.keys().map(|key| throttle.count_of(Some(key), now)).collect();
        assert_eq!(counts, [5, 5, 5]);
    }

    #[test]
    fn comparisons_without_a_wait_are_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let guess = throttle.guess(ip(1), "people", Some("ann"));
        let allowed = (0..1_000).take_while(|_| {
            throttle.refused(&guess, now);
            throttle.allows_comparison(&guess, now)
        });
        assert_eq!(allowed.count(), 99);
        assert!(throttle.allows_comparison(&guess, now + HALF_LIFE));
        let of_others = [guess.of_client, guess.of_name].map(|key| throttle.count_of(key, now));
        assert_eq!(of_others, [0, 0], "what is not checked counts for its name alone");
    }

    #[test]
    fn the_count_that_was_raised_longest_ago_is_forgotten_first() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let guess = |number| throttle.guess(ip(number), "tokens", None);
        throttle.failed(&guess(0), now);
        for number in 1..5_000 {
            throttle.failed(&guess(number), now);
            throttle.failed(&guess(0), now);
        }
        let remembered = throttle.counts().by_key.len();
        assert_eq!((remembered, throttle.counts().by_age.len()), (MAX_COUNTS, MAX_COUNTS));
        let has = |number| throttle.count_of(guess(number).of_client, now) > 0;
        assert_eq!([0, 1, 904, 905, 4_999].map(has), [true, false, false, true, true]);
    }
}
