//! Groups of callers: verifies a request's credentials against those of a group.

use super::verified::VerifiedPasswords;
use crate::blocking;
use crate::config::{CallerGroup, Callers, Credential, Scheme};
use crate::http::error::HttpError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// All groups of callers, by name.
pub(super) struct Groups {
    by_name: HashMap<String, Arc<Group>>,
    /// Permits to verify a password, which takes tens of milliseconds and as many MiB. There are
    /// half as many as processors, so that clients that guess passwords do not starve the others.
    permits: Arc<Semaphore>,
}

/// A group, with its recently verified passwords.
struct Group {
    scheme: Scheme,
    credentials: Vec<Credential>,
    verified: VerifiedPasswords,
}

/// A request without valid credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unauthorized {
    /// The value of `WWW-Authenticate`.
    pub(super) challenge: &'static str,
    /// Whether the request has credentials, which are invalid.
    pub(super) has_credentials: bool,
}

impl Groups {
    pub(super) fn new(groups: &[CallerGroup]) -> Self {
        let by_name = groups.iter().map(|it| (it.name.clone(), Arc::new(Group::of(it)))).collect();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Groups { by_name, permits: Arc::new(Semaphore::new((processors / 2).max(1))) }
    }

    /// # Errors
    ///
    /// When `callers` names a group that is not defined.
    pub(super) fn check(&self, place: &str, callers: &Callers) -> Result<(), HttpError> {
        match callers {
            Callers::Group(group) if !self.by_name.contains_key(group) => {
                Err(HttpError::UnknownGroup { place: place.to_owned(), group: group.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns the name of the caller; none where no authentication is required.
    ///
    /// # Errors
    ///
    /// When the credentials are missing, malformed or wrong.
    pub(super) async fn caller(
        &self,
        callers: &Callers,
        headers: &HeaderMap,
    ) -> Result<Option<&str>, Unauthorized> {
        let Callers::Group(name) = callers else { return Ok(None) };
        let unauthorized = |scheme, has_credentials| Unauthorized {
            challenge: challenge(scheme),
            has_credentials,
        };
        // `check` made sure of every group at the start; an undefined one would admit no caller.
        let Some(group) = self.by_name.get(name) else {
            return Err(unauthorized(Scheme::Bearer, false));
        };
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        let (first, second) = (sent.next(), sent.next());
        let Some(value) = first.filter(|_| second.is_none()) else {
            return Err(unauthorized(group.scheme, second.is_some()));
        };
        let index = match SentCredentials::parse(group.scheme, value.as_bytes()) {
            Some(sent) => self.verify(sent, group).await,
            None => None,
        };
        let caller = index.and_then(|index| group.credentials.get(index));
        caller.map(|it| Some(it.caller.as_str())).ok_or(unauthorized(group.scheme, true))
    }

    /// Verifies credentials and returns the index of the caller in the group.
    async fn verify(&self, sent: SentCredentials, group: &Arc<Group>) -> Option<usize> {
        if group.scheme == Scheme::Bearer {
            return sent.verify(&group.credentials);
        }
        if let Some(index) = group.recently_verified(&sent) {
            return Some(index);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let group = Arc::clone(group);
        let verify = move || {
            let _held = &permit;
            // Another request may have verified the same password during the wait for the permit.
            group.recently_verified(&sent).or_else(|| group.verify(&sent))
        };
        blocking::run_anyway(verify).await.flatten()
    }
}

impl Group {
    fn of(group: &CallerGroup) -> Self {
        let CallerGroup { scheme, credentials, .. } = group.clone();
        let verified = VerifiedPasswords::new(credentials.len());
        Group { verified, scheme, credentials }
    }

    /// The index of the caller whose password was verified recently.
    fn recently_verified(&self, sent: &SentCredentials) -> Option<usize> {
        let SentCredentials::Password { name, password } = sent else { return None };
        let index = self.credentials.iter().position(|one| one.caller == *name)?;
        self.verified.contains(index, password, Instant::now()).then_some(index)
    }

    /// Verifies credentials, and remembers a valid password.
    fn verify(&self, sent: &SentCredentials) -> Option<usize> {
        let index = sent.verify(&self.credentials)?;
        if let SentCredentials::Password { password, .. } = sent {
            self.verified.insert(index, password, Instant::now());
        }
        Some(index)
    }
}

fn challenge(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bearer => "Bearer",
        Scheme::Basic => "Basic realm=\"hostel\", charset=\"UTF-8\"",
    }
}

/// The credentials of a request.
enum SentCredentials {
    Token(Vec<u8>),
    Password { name: String, password: Vec<u8> },
}

impl SentCredentials {
    fn parse(scheme: Scheme, value: &[u8]) -> Option<Self> {
        let space = value.iter().position(|&byte| byte == b' ')?;
        let (word, rest) = value.split_at_checked(space)?;
        let rest = rest.trim_ascii();
        match scheme {
            Scheme::Bearer if word.eq_ignore_ascii_case(b"bearer") => {
                Some(SentCredentials::Token(rest.to_vec()))
            }
            Scheme::Basic if word.eq_ignore_ascii_case(b"basic") => {
                let pair = BASE64_STANDARD.decode(rest).ok()?;
                let colon = pair.iter().position(|&byte| byte == b':')?;
                let (name, password) = pair.split_at_checked(colon)?;
                let name = std::str::from_utf8(name).ok()?.to_owned();
                Some(SentCredentials::Password { name, password: password.get(1..)?.to_vec() })
            }
            _ => None,
        }
    }

    /// Verifies the credentials and returns the index of the caller. Invalid ones take as long as
    /// valid ones, and an unknown name as long as a known one: the time must not reveal which names
    /// exist.
    fn verify(&self, credentials: &[Credential]) -> Option<usize> {
        let mut found = None;
        match self {
            SentCredentials::Token(token) => {
                for (index, credential) in credentials.iter().enumerate() {
                    if credential.hash.verify(token) {
                        found = Some(index);
                    }
                }
            }
            SentCredentials::Password { name, password } => {
                let index = credentials.iter().position(|one| one.caller == *name);
                let is_valid = credentials.get(index.unwrap_or_default())?.hash.verify(password);
                found = index.filter(|_| is_valid);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretHash;
    use hyper::header::HeaderValue;

    const ANN: &str = "the-secret-that-ann-has";
    const BEN: &str = "one:with:colons-of-ben";

    fn groups() -> Groups {
        let group = |name: &str, scheme| {
            let hash = |secret: &str| match scheme {
                Scheme::Bearer => SecretHash::of_token(secret.as_bytes()),
                Scheme::Basic => SecretHash::of_password(secret.as_bytes()),
            };
            let credential = |caller: &str, secret: &str| Credential {
                caller: caller.to_owned(),
                hash: hash(secret).unwrap(),
            };
            let credentials = vec![credential("ann", ANN), credential("ben", BEN)];
            CallerGroup { name: name.to_owned(), scheme, credentials }
        };
        Groups::new(&[group("tokens", Scheme::Bearer), group("people", Scheme::Basic)])
    }

    /// Checks which caller a group takes the sender of these headers for.
    async fn check(groups: &Groups, group: &str, sent: &[&str], expected: Result<&str, bool>) {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let found = groups.caller(&Callers::Group(group.to_owned()), &headers).await;
        let found = found.map(Option::unwrap).map_err(|error| error.has_credentials);
        assert_eq!(found, expected, "{sent:?}");
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    #[tokio::test]
    async fn a_token_identifies_its_caller() {
        let groups = groups();
        let bearer = format!("Bearer {ANN}");
        check(&groups, "tokens", &[&bearer], Ok("ann")).await;
        check(&groups, "tokens", &[&format!("BEARER  {BEN}")], Ok("ben")).await;
        check(&groups, "tokens", &[], Err(false)).await;
        let wrong = ["Bearer", "Bearer ", "Bearer other", ANN, &basic(ANN), &format!("{bearer},x")];
        for wrong in wrong {
            check(&groups, "tokens", &[wrong], Err(true)).await;
        }
        check(&groups, "tokens", &[&bearer, &bearer], Err(true)).await;
    }

    #[tokio::test]
    async fn a_name_needs_its_own_password() {
        let groups = groups();
        let pair = |name: &str, password: &str| basic(&format!("{name}:{password}"));
        check(&groups, "people", &[&pair("ann", ANN)], Ok("ann")).await;
        check(&groups, "people", &[&pair("ben", BEN)], Ok("ben")).await;
        check(&groups, "people", &[], Err(false)).await;
        let pairs =
            [("ann", BEN), ("ben", ANN), ("cid", ANN), ("ann", ""), ("", ANN), ("Ann", ANN)];
        for (name, password) in pairs {
            check(&groups, "people", &[&pair(name, password)], Err(true)).await;
        }
        for wrong in [basic("ann"), basic(""), "Basic !".to_owned(), format!("Bearer {ANN}")] {
            check(&groups, "people", &[&wrong], Err(true)).await;
        }
    }

    #[tokio::test]
    async fn a_valid_password_is_hashed_once_and_an_invalid_one_is_never_remembered() {
        let groups = groups();
        let people = &groups.by_name["people"];
        let sent = |password: &str| {
            let value = basic(&format!("ann:{password}"));
            SentCredentials::parse(Scheme::Basic, value.as_bytes()).unwrap()
        };
        let recent = |password: &str| people.recently_verified(&sent(password));
        assert_eq!(groups.verify(sent(BEN), people).await, None);
        assert_eq!((recent(BEN), recent(ANN)), (None, None));
        assert_eq!(groups.verify(sent(ANN), people).await, Some(0));
        assert_eq!((recent(BEN), recent(ANN)), (None, Some(0)));
        // The remembered password needs no permit; every other password does.
        groups.permits.close();
        assert_eq!(groups.verify(sent(ANN), people).await, Some(0));
        assert_eq!(groups.verify(sent(BEN), people).await, None);
    }

    #[tokio::test]
    async fn an_undefined_group_admits_no_caller() {
        let groups = groups();
        check(&groups, "others", &[&format!("Bearer {ANN}")], Err(false)).await;
        let others = Callers::Group("others".to_owned());
        let error = groups.check("the route /a", &others).unwrap_err();
        let message = "the route /a names the group of callers `others`, which is not defined";
        assert_eq!(error.to_string(), message);
    }
}
