use super::*;
use crate::config::{Credential, SecretHash};
use crate::telemetry::Metrics;
use argon2::{Argon2, Params, PasswordHasher};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HeaderValue};
use std::pin::pin;
use std::task::{Context, Waker};

const ANN: &str = "the-secret-that-ann-has";
const BEN: &str = "one:with:colons-of-ben";

/// Returns a password hash that takes only microseconds to verify.
pub(super) fn quick_hash(password: &str) -> SecretHash {
    let argon2 = Argon2::from(Params::new(8, 1, 1, None).unwrap());
    let hash = argon2.hash_password(password.as_bytes()).unwrap();
    SecretHash::read_password_hash(&hash.to_string()).unwrap()
}

pub(super) fn group(name: &str, scheme: Scheme, callers: &[(&str, &str)]) -> CallerGroup {
    let credential = |(caller, secret): &(&str, &str)| Credential {
        caller: (*caller).to_owned(),
        hash: match scheme {
            Scheme::Bearer => SecretHash::of_token(secret.as_bytes()).unwrap(),
            Scheme::Basic => quick_hash(secret),
        },
    };
    let credentials = callers.iter().map(credential).collect();
    CallerGroup { name: name.to_owned(), scheme, credentials }
}

/// Polls a future once. Returns its result, or `None` if it is pending.
pub(super) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    if let std::task::Poll::Ready(result) = polled { Some(result) } else { None }
}

pub(super) fn ip(number: u8) -> Option<IpAddr> {
    Some([10, 0, 0, number].into())
}

fn authenticator() -> Authenticator {
    let callers = [("ann", ANN), ("ben", BEN)];
    Authenticator::new(&[
        group("tokens", Scheme::Bearer, &callers),
        group("others", Scheme::Bearer, &[("cid", "the-secret-that-cid-has")]),
        group("people", Scheme::Basic, &callers),
    ])
}

fn headers(sent: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in sent {
        headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn of(group: &str) -> Callers {
    Callers::Group(group.to_owned())
}

/// Checks which caller a group finds for the `Authorization` headers `sent`. `Err(true)` means that
/// the credentials are wrong or malformed. `Err(false)` means that the credentials are missing or
/// the group is undefined.
async fn check(auth: &Authenticator, group: &str, sent: &[&str], expected: Result<&str, bool>) {
    let (callers, headers) = (of(group), headers(sent));
    let found = auth.find(&callers, &headers, None).await;
    let found = found.map(Option::unwrap).map_err(|error| error.reason != Refused::Missing);
    assert_eq!(found, expected, "{sent:?}");
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

#[tokio::test]
async fn a_token_identifies_its_caller() {
    let auth = authenticator();
    let bearer = format!("Bearer {ANN}");
    check(&auth, "tokens", &[&bearer], Ok("ann")).await;
    check(&auth, "tokens", &[&format!("BEARER  {BEN}")], Ok("ben")).await;
    check(&auth, "tokens", &[], Err(false)).await;
    let long = format!("Bearer {}", "a".repeat(1 << 20));
    let wrong =
        ["Bearer", "Bearer ", "Bearer other", ANN, &basic(ANN), &format!("{bearer},x"), &long];
    for wrong in wrong {
        check(&auth, "tokens", &[wrong], Err(true)).await;
    }
    check(&auth, "tokens", &[&bearer, &bearer], Err(true)).await;
}

#[tokio::test]
async fn a_name_needs_its_own_password() {
    let auth = authenticator();
    let pair = |name: &str, password: &str| basic(&format!("{name}:{password}"));
    check(&auth, "people", &[&pair("ann", ANN)], Ok("ann")).await;
    check(&auth, "people", &[&pair("ben", BEN)], Ok("ben")).await;
    check(&auth, "people", &[], Err(false)).await;
    let pairs = [("ann", BEN), ("ben", ANN), ("cid", ANN), ("ann", ""), ("", ANN), ("Ann", ANN)];
    for (name, password) in pairs {
        check(&auth, "people", &[&pair(name, password)], Err(true)).await;
    }
    for wrong in [basic("ann"), basic(""), "Basic !".to_owned(), format!("Bearer {ANN}")] {
        check(&auth, "people", &[&wrong], Err(true)).await;
    }
}

#[tokio::test]
async fn an_undefined_group_admits_no_caller() {
    let auth = authenticator();
    check(&auth, "none", &[&format!("Bearer {ANN}")], Err(false)).await;
    let error = auth.check("the route /a", &of("none")).unwrap_err();
    let message = "the route /a names the group of callers `none`, which is not defined";
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn a_list_counts_a_failure_only_if_no_group_accepts() {
    let auth = authenticator();
    let meter = Metrics::new().listener("services");
    let (all, open) = ([of("tokens"), of("others"), of("people")], Callers::Open);
    let ann = headers(&[&format!("Bearer {ANN}")]);
    for _ in 0..10 {
        let admitted = auth.admitted(&open, all.iter(), &ann, ip(1), &meter).await.unwrap();
        assert_eq!(admitted, BTreeSet::from([&open, &all[0]]));
    }
    let cid = headers(&["Bearer the-secret-that-cid-has"]);
    let found = poll_once(auth.find(&all[1], &cid, ip(1)));
    assert_eq!(found, Some(Ok(Some("cid"))), "without a delay");
    let wrong = headers(&["Bearer a-token-of-no-caller"]);
    for _ in 0..5 {
        let error = auth.admitted(&open, all.iter(), &wrong, ip(2), &meter).await.unwrap_err();
        assert_eq!(error, Problem::unauthorized("Bearer"));
    }
    assert_eq!(poll_once(auth.find(&all[0], &ann, ip(3))), Some(Ok(Some("ann"))));
    let ben = headers(&[&format!("Bearer {BEN}")]);
    assert_eq!(poll_once(auth.find(&all[0], &ben, ip(2))), None, "after a delay");
}

#[tokio::test]
async fn an_unchecked_request_is_asked_to_try_again() {
    let meter = Metrics::new().listener("services");
    let problem = |denied| NotAdmitted::new(Scheme::Basic, Refused::Denied(denied)).problem(&meter);
    assert_eq!(problem(Denied::TooMany), Problem::too_many_guesses());
    assert_eq!(problem(Denied::Busy), Problem::busy());
    let mut headers = HeaderMap::new();
    assert_eq!(Problem::too_many_guesses().status.as_u16(), 429);
    Problem::too_many_guesses().put_header(&mut headers);
    assert_eq!(headers["retry-after"], "1");
}
