//! Authenticates callers, and delays clients that keep failing.

mod checks;
mod credentials;
mod groups;
mod guesses;
mod passwords;
mod queue;
mod throttle;
mod verified;

use super::error::HttpError;
use super::problem::Problem;
use crate::config::{CallerGroup, Callers, Scheme};
use crate::telemetry::HttpMeter;
use checks::{CredentialChecks, Denied};
use credentials::HeaderCredentials;
use groups::Group;
use hyper::header::HeaderMap;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Authenticates the callers of a listener.
pub(super) struct Authenticator {
    groups: HashMap<String, Arc<Group>>,
    checks: CredentialChecks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NotAdmitted {
    /// The value of `WWW-Authenticate`.
    challenge: &'static str,
    reason: Refused,
}

/// The reason for refusing a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Missing,
    Malformed,
    Denied(Denied),
}

impl Authenticator {
    pub(super) fn new(groups: &[CallerGroup]) -> Self {
        let groups = groups.iter().map(|it| (it.name.clone(), Arc::new(Group::of(it)))).collect();
        Authenticator { groups, checks: CredentialChecks::default() }
    }

    /// Checks that `callers` is open or a group that exists. In the error, `place` names the
    /// server, route or plugin with this setting: for example, "the route /a".
    ///
    /// # Errors
    ///
    /// When the group does not exist.
    pub(super) fn check(&self, place: &str, callers: &Callers) -> Result<(), HttpError> {
        match callers {
            Callers::Group(group) if !self.groups.contains_key(group) => {
                Err(HttpError::UnknownGroup { place: place.to_owned(), group: group.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns the name of the caller, or `None` if no authentication is required. `client` is
    /// `None` for a proxy that does not name its clients.
    ///
    /// A client that keeps failing is delayed before its credentials are checked. Another client is
    /// delayed only if the name that it sends has many failures. Credentials that were accepted
    /// recently are usually not delayed.
    ///
    /// # Errors
    ///
    /// `unauthorized` if the credentials are missing, malformed or wrong. `too-many-requests` if
    /// the client has too many pending checks, or has failed too often with this name and sends the
    /// request while another of its checks of the name is pending. `busy` if the server cannot
    /// check more passwords.
    pub(super) async fn caller(
        &self,
        callers: &Callers,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        meter: &HttpMeter,
    ) -> Result<Option<&str>, Problem> {
        let found = self.find(callers, headers, client).await;
        found.map_err(|refused| refused.problem(meter))
    }

    /// Returns `Callers::Open`, and those groups in `all` and `of_server` that admit the client.
    /// Refuses a client without credentials if `of_server` is a group.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::caller`], if `all` or `of_server` names a group, but no group accepts
    /// the client's credentials. Without this error, a client with wrong credentials would get the
    /// list of open services, and the metrics would not count the request as refused.
    pub(super) async fn admitted<'a>(
        &self,
        of_server: &'a Callers,
        all: impl Iterator<Item = &'a Callers>,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        meter: &HttpMeter,
    ) -> Result<BTreeSet<&'a Callers>, Problem> {
        let mut admitted = BTreeSet::from([&Callers::Open]);
        let groups: BTreeSet<_> =
            all.chain([of_server]).filter(|it| **it != Callers::Open).collect();
        let mut refused = Vec::new();
        for &group in &groups {
            match self.find(group, headers, client).await {
                Ok(_) => drop(admitted.insert(group)),
                // The server's own group determines the scheme of the challenge.
                Err(error) if group == of_server => refused.insert(0, error),
                Err(error) => refused.push(error),
            }
        }
        if admitted.len() > 1 {
            for error in refused {
                if let Refused::Denied(Denied::Wrong(guess)) = error.reason {
                    self.checks.forgive(&guess);
                }
            }
            return Ok(admitted);
        }
        match refused.first() {
            Some(first) if first.reason != Refused::Missing || groups.contains(of_server) => {
                // Credentials that were not checked may be right, so the client should try again.
                let unchecked = |error: &&NotAdmitted| error.is_unchecked();
                Err(refused.iter().find(unchecked).unwrap_or(first).problem(meter))
            }
            _ => Ok(admitted),
        }
    }

    async fn find(
        &self,
        callers: &Callers,
        headers: &HeaderMap,
        client: Option<IpAddr>,
    ) -> Result<Option<&str>, NotAdmitted> {
        let Callers::Group(name) = callers else { return Ok(None) };
        // An undefined group admits no caller. None is expected: `check` verified the groups of the
        // service listener when it started, and the admin listener defines its own group.
        let Some(group) = self.groups.get(name) else {
            return Err(NotAdmitted::new(Scheme::Bearer, Refused::Missing));
        };
        let refused = |reason| NotAdmitted::new(group.scheme, reason);
        let sent = match HeaderCredentials::of(headers, group.scheme) {
            HeaderCredentials::Missing => return Err(refused(Refused::Missing)),
            HeaderCredentials::Malformed => return Err(refused(Refused::Malformed)),
            HeaderCredentials::Sent(sent) => sent,
        };
        let index = self.checks.check(group, sent, client).await;
        let index = index.map_err(|denied| refused(Refused::Denied(denied)))?;
        group.caller(index).map(Some).ok_or(refused(Refused::Malformed))
    }
}

impl NotAdmitted {
    fn new(scheme: Scheme, reason: Refused) -> Self {
        let challenge = match scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Basic => "Basic realm=\"hostel\", charset=\"UTF-8\"",
        };
        NotAdmitted { challenge, reason }
    }

    fn is_unchecked(&self) -> bool {
        matches!(self.reason, Refused::Denied(Denied::TooMany | Denied::Busy))
    }

    /// Counts the refused request, and returns its problem.
    fn problem(self, meter: &HttpMeter) -> Problem {
        match self.reason {
            Refused::Missing => meter.unauthorized(false),
            Refused::Malformed | Refused::Denied(Denied::Wrong(_)) => meter.unauthorized(true),
            Refused::Denied(Denied::TooMany | Denied::Busy) => meter.unchecked(),
        }
        match self.reason {
            Refused::Denied(Denied::TooMany) => Problem::too_many_guesses(),
            Refused::Denied(Denied::Busy) => Problem::busy(),
            _ => Problem::unauthorized(self.challenge),
        }
    }
}

#[cfg(test)]
mod tests;
