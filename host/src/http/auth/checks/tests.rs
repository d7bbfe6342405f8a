use super::super::tests::{group, ip, poll_once};
use super::*;
use crate::config::{Scheme, token_digest};
use std::pin::pin;
use tokio::task::JoinSet;

const ANN: &str = "the-secret-that-ann-has";

fn people() -> Arc<Group> {
    Arc::new(Group::of(&group("people", Scheme::Basic, &[("ann", ANN), ("ben", "of-ben")])))
}

fn pair(name: &str, password: &str) -> SentCredentials {
    SentCredentials::Password { name: name.to_owned(), password: password.into() }
}

/// Runs requests concurrently. Returns how many were accepted, how many had a wrong password, and
/// how many were refused as [`Denied::TooMany`].
async fn at_once(
    checks: &Arc<CredentialChecks>,
    client: Option<IpAddr>,
    passwords: impl IntoIterator<Item = String>,
) -> (usize, usize, usize) {
    let (group, mut requests) = (people(), JoinSet::new());
    for password in passwords {
        let (checks, group) = (Arc::clone(checks), Arc::clone(&group));
        requests.spawn(async move { checks.check(&group, pair("ann", &password), client).await });
    }
    let results = requests.join_all().await;
    let count = |wanted: fn(&Result<usize, Denied>) -> bool| {
        results.iter().filter(|result| wanted(result)).count()
    };
    (
        count(|result| *result == Ok(0)),
        count(|result| matches!(result, Err(Denied::Wrong(_)))),
        count(|result| *result == Err(Denied::TooMany)),
    )
}

fn guesses() -> impl Iterator<Item = String> {
    (0..50).map(|number| format!("guess {number}"))
}

#[tokio::test]
async fn of_many_guesses_at_once_five_are_checked() {
    let checks = Arc::new(CredentialChecks::default());
    assert_eq!(at_once(&checks, ip(1), guesses()).await, (0, 5, 45));
    assert_eq!(checks.locks.len(), 0);
}

#[tokio::test]
async fn many_requests_with_the_right_password_at_once_are_accepted() {
    let checks = Arc::new(CredentialChecks::default());
    let right = std::iter::repeat_n(ANN.to_owned(), 50);
    assert_eq!(at_once(&checks, ip(1), right).await, (50, 0, 0));
    assert_eq!(checks.locks.len(), 0);
}

/// Records failures of a client with a name.
fn fail(checks: &CredentialChecks, client: Option<IpAddr>, name: &str, times: usize) {
    let guess = checks.throttle.guess(client, "people", Some(name));
    for _ in 0..times {
        checks.throttle.failed(&guess, Instant::now());
    }
}

#[tokio::test]
async fn a_client_over_its_failures_waits_before_the_check_and_alone() {
    let (checks, group) = (CredentialChecks::default(), people());
    fail(&checks, ip(1), "ann", 5);
    let check = |client, name, password| checks.check(&group, pair(name, password), client);
    let mut first = Box::pin(check(ip(1), "ann", ANN));
    assert_eq!(poll_once(first.as_mut()), None);
    assert_eq!(checks.threads.started(), 0, "nothing is checked yet");
    assert_eq!(poll_once(check(ip(1), "ann", ANN)), Some(Err(Denied::TooMany)));
    // Requests of this client with other names, and of other clients with this name, are delayed
    // but not refused.
    for (client, name) in [(ip(1), "ben"), (ip(2), "ann"), (None, "ann")] {
        assert_eq!(poll_once(check(client, name, ANN)), None, "{client:?} {name}");
    }
    assert_eq!(checks.threads.started(), 0);
    assert_eq!(first.await, Ok(0));
    assert_eq!(checks.locks.len(), 0);
}

#[tokio::test]
async fn a_client_that_is_gone_leaves_no_lock() {
    let (checks, group) = (CredentialChecks::default(), people());
    fail(&checks, ip(1), "ann", 5);
    let mut waits = Box::pin(checks.check(&group, pair("ann", ANN), ip(1)));
    assert_eq!(poll_once(waits.as_mut()), None);
    assert_eq!(checks.locks.len(), 1);
    drop(waits);
    assert_eq!((checks.locks.len(), checks.threads.started()), (0, 0));
}

#[tokio::test]
async fn a_check_that_has_begun_is_counted_without_its_client() {
    let (checks, group) = (CredentialChecks::default(), people());
    let guess = checks.throttle.guess(ip(1), "people", Some("ann"));
    let lock = checks.locks.enter(guess.lock_key().unwrap());
    let work = checks.work(Arc::clone(&group), pair("ann", "wrong"), guess, Some(lock));
    assert!(!checks.throttle.has_failed(&guess, Instant::now()));
    assert_eq!(work(&mut PasswordMemory::default()), None);
    assert!(checks.throttle.has_failed(&guess, Instant::now()));
    assert_eq!(checks.locks.len(), 0);
}

#[tokio::test]
async fn a_verified_password_waits_for_nothing_and_a_wrong_one_is_not_remembered() {
    let (checks, group) = (CredentialChecks::default(), people());
    let check = |name, password| checks.check(&group, pair(name, password), ip(1));
    assert!(matches!(check("ann", "wrong").await, Err(Denied::Wrong(_))));
    assert_eq!(check("ann", ANN).await, Ok(0));
    // Failures of this client with another name, and of another client with this name, do not delay
    // the comparison with the verified password.
    fail(&checks, ip(1), "ben", 100);
    fail(&checks, ip(2), "ann", 100);
    assert_eq!(poll_once(check("ann", ANN)), Some(Ok(0)));
    assert_eq!(poll_once(check("ann", "wrong")), None);
    let now = Instant::now();
    assert_eq!(group.recently_verified(&pair("ann", "wrong"), now), None);
    assert_eq!(group.recently_verified(&pair("ann", ANN), now), Some(0));
    // A verified password is compared without a delay after 99 failures, but not after 100.
    fail(&checks, ip(1), "ann", 99);
    assert_eq!(poll_once(check("ann", ANN)), Some(Ok(0)));
    fail(&checks, ip(1), "ann", 100);
    assert_eq!(poll_once(check("ann", ANN)), None);
}

#[tokio::test]
async fn a_token_that_was_sent_recently_is_not_delayed_by_others() {
    let checks = CredentialChecks::default();
    let secrets = [("ann", ANN), ("ben", "the-secret-that-ben-has")];
    let group = Arc::new(Group::of(&group("tokens", Scheme::Bearer, &secrets)));
    let check = |token: &str| {
        checks.check(&group, SentCredentials::Token(token_digest(token.as_bytes())), ip(1))
    };
    assert_eq!(poll_once(check(ANN)), Some(Ok(0)));
    for _ in 0..5 {
        assert!(matches!(poll_once(check("wrong")), Some(Err(Denied::Wrong(_)))));
    }
    assert_eq!(poll_once(check("wrong")), None);
    assert_eq!(poll_once(check(ANN)), Some(Ok(0)));
    let mut first = pin!(check("the-secret-that-ben-has"));
    assert_eq!(poll_once(first.as_mut()), None);
    assert_eq!(first.await, Ok(1));
    assert_eq!(poll_once(check("the-secret-that-ben-has")), Some(Ok(1)));
}
