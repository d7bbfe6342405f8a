//! Who calls: credentials of a request, compared with those of a group.

use super::verified::Known;
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
pub(in crate::http) struct Groups {
    by_name: HashMap<String, Arc<Group>>,
    /// Turns at checking a password, which takes tens of milliseconds and as many MiB: half of the
    /// processors, so that guessing keeps nobody else from being served.
    checks: Arc<Semaphore>,
}

/// A group, and the passwords of it that were right a moment ago.
struct Group {
    scheme: Scheme,
    credentials: Vec<Credential>,
    known: Known,
}

/// A request without credentials that its group accepts; holds the challenge to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Unknown {
    pub(in crate::http) challenge: &'static str,
    /// Whether credentials were sent, and are wrong.
    pub(in crate::http) has_tried: bool,
}

impl Groups {
    pub(in crate::http) fn new(groups: &[CallerGroup]) -> Self {
        let by_name = groups.iter().map(|it| (it.name.clone(), Arc::new(Group::of(it)))).collect();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Groups { by_name, checks: Arc::new(Semaphore::new((processors / 2).max(1))) }
    }

    /// # Errors
    ///
    /// When `callers` names a group that is not there.
    pub(in crate::http) fn check(&self, place: &str, callers: &Callers) -> Result<(), HttpError> {
        match callers {
            Callers::Group(group) if !self.by_name.contains_key(group) => {
                Err(HttpError::UnknownGroup { place: place.to_owned(), group: group.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The name of the caller, or none where nobody has to say it.
    ///
    /// # Errors
    ///
    /// When the credentials are missing, malformed or wrong.
    pub(in crate::http) async fn caller(
        &self,
        callers: &Callers,
        headers: &HeaderMap,
    ) -> Result<Option<&str>, Unknown> {
        let Callers::Group(name) = callers else { return Ok(None) };
        let unknown = |scheme, has_tried| Unknown { challenge: challenge(scheme), has_tried };
        // Every name was checked when the server began; should one be missing, it lets nobody in.
        let Some(group) = self.by_name.get(name) else {
            return Err(unknown(Scheme::Bearer, false));
        };
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        let (first, second) = (sent.next(), sent.next());
        let Some(value) = first.filter(|_| second.is_none()) else {
            return Err(unknown(group.scheme, second.is_some()));
        };
        let place = match Proof::read(group.scheme, value.as_bytes()) {
            Some(proof) => self.place(proof, group).await,
            None => None,
        };
        let caller = place.and_then(|place| group.credentials.get(place));
        caller.map(|it| Some(it.caller.as_str())).ok_or(unknown(group.scheme, true))
    }

    /// Whose proof this is: the place among the group's credentials.
    async fn place(&self, proof: Proof, group: &Arc<Group>) -> Option<usize> {
        if group.scheme == Scheme::Bearer {
            return proof.place(&group.credentials);
        }
        if let Some(place) = group.knows(&proof) {
            return Some(place);
        }
        let turn = Arc::clone(&self.checks).acquire_owned().await.ok()?;
        let group = Arc::clone(group);
        let check = move || {
            let _turn = turn;
            // Another request of the same client may have been before it.
            group.knows(&proof).or_else(|| group.check(&proof))
        };
        tokio::task::spawn_blocking(check).await.ok().flatten()
    }
}

impl Group {
    fn of(group: &CallerGroup) -> Self {
        let CallerGroup { scheme, credentials, .. } = group.clone();
        Group { known: Known::new(credentials.len()), scheme, credentials }
    }

    /// Whose password this is, if it was right a moment ago.
    fn knows(&self, proof: &Proof) -> Option<usize> {
        let Proof::Password { name, password } = proof else { return None };
        let place = self.credentials.iter().position(|one| one.caller == *name)?;
        self.known.has(place, password, Instant::now()).then_some(place)
    }

    /// Whose proof this is; a right password is remembered.
    fn check(&self, proof: &Proof) -> Option<usize> {
        let place = proof.place(&self.credentials)?;
        if let Proof::Password { password, .. } = proof {
            self.known.learn(place, password, Instant::now());
        }
        Some(place)
    }
}

fn challenge(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bearer => "Bearer",
        Scheme::Basic => "Basic realm=\"hostel\", charset=\"UTF-8\"",
    }
}

/// What a request says to prove who calls.
enum Proof {
    Token(Vec<u8>),
    Password { name: String, password: Vec<u8> },
}

impl Proof {
    fn read(scheme: Scheme, value: &[u8]) -> Option<Proof> {
        let space = value.iter().position(|&byte| byte == b' ')?;
        let (word, rest) = value.split_at_checked(space)?;
        let rest = rest.trim_ascii();
        match scheme {
            Scheme::Bearer if word.eq_ignore_ascii_case(b"bearer") => {
                Some(Proof::Token(rest.to_vec()))
            }
            Scheme::Basic if word.eq_ignore_ascii_case(b"basic") => {
                let pair = BASE64_STANDARD.decode(rest).ok()?;
                let colon = pair.iter().position(|&byte| byte == b':')?;
                let (name, password) = pair.split_at_checked(colon)?;
                let name = std::str::from_utf8(name).ok()?.to_owned();
                Some(Proof::Password { name, password: password.get(1..)?.to_vec() })
            }
            _ => None,
        }
    }

    /// Whose proof this is. A wrong one costs as much as a right one, known name or not.
    fn place(&self, credentials: &[Credential]) -> Option<usize> {
        let mut found = None;
        match self {
            Proof::Token(token) => {
                for (place, credential) in credentials.iter().enumerate() {
                    if credential.hash.verify(token) {
                        found = Some(place);
                    }
                }
            }
            Proof::Password { name, password } => {
                let place = credentials.iter().position(|one| one.caller == *name);
                let right = credentials.get(place.unwrap_or_default())?.hash.verify(password);
                found = place.filter(|_| right);
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

    /// Whom a group takes the sender of these headers for.
    async fn check(groups: &Groups, group: &str, sent: &[&str], expected: Result<&str, bool>) {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let found = groups.caller(&Callers::Group(group.to_owned()), &headers).await;
        let found = found.map(Option::unwrap).map_err(|unknown| unknown.has_tried);
        assert_eq!(found, expected, "{sent:?}");
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    #[tokio::test]
    async fn a_token_says_who_calls() {
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
    async fn a_right_password_is_hashed_once_and_a_wrong_one_is_never_known() {
        let groups = groups();
        let people = &groups.by_name["people"];
        let proof = |password: &str| {
            let value = basic(&format!("ann:{password}"));
            Proof::read(Scheme::Basic, value.as_bytes()).unwrap()
        };
        assert_eq!(groups.place(proof(BEN), people).await, None);
        assert_eq!((people.knows(&proof(BEN)), people.knows(&proof(ANN))), (None, None));
        assert_eq!(groups.place(proof(ANN), people).await, Some(0));
        assert_eq!((people.knows(&proof(BEN)), people.knows(&proof(ANN))), (None, Some(0)));
        // A turn at hashing is not needed any more; without one nobody else is let in.
        groups.checks.close();
        assert_eq!(groups.place(proof(ANN), people).await, Some(0));
        assert_eq!(groups.place(proof(BEN), people).await, None);
    }

    #[tokio::test]
    async fn a_group_that_is_not_there_lets_nobody_in() {
        let groups = groups();
        check(&groups, "others", &[&format!("Bearer {ANN}")], Err(false)).await;
        let others = Callers::Group("others".to_owned());
        let error = groups.check("the route /a", &others).unwrap_err();
        let message = "the route /a asks for callers of the group `others`, which is not there";
        assert_eq!(error.to_string(), message);
    }
}
