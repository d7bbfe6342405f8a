//! Authenticates callers, and delays clients that keep failing.

mod groups;
mod throttle;
mod verified;

use super::error::HttpError;
use super::problem::Problem;
use crate::config::{CallerGroup, Callers};
use crate::telemetry::HttpMeter;
use groups::{Groups, Unauthorized};
use hyper::header::HeaderMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use throttle::Throttle;
use tokio::time::{Instant, sleep_until};

/// Authenticates the callers of a listener.
pub(super) struct Authenticator {
    groups: Groups,
    throttle: Throttle,
}

impl Authenticator {
    pub(super) fn new(groups: &[CallerGroup]) -> Self {
        Authenticator { groups: Groups::new(groups), throttle: Throttle::default() }
    }

    /// Checks that the group of `callers` exists; `place` is where the settings name it.
    ///
    /// # Errors
    ///
    /// When there is no such group.
    pub(super) fn check(&self, place: &str, callers: &Callers) -> Result<(), HttpError> {
        self.groups.check(place, callers)
    }

    /// Returns the name of the caller; none where no authentication is required. A client that
    /// keeps failing waits for its response; other clients do not.
    ///
    /// # Errors
    ///
    /// `unauthorized`, when the credentials are missing or wrong.
    pub(super) async fn caller(
        &self,
        callers: &Callers,
        headers: &HeaderMap,
        client: IpAddr,
        meter: &HttpMeter,
    ) -> Result<Option<&str>, Problem> {
        match self.groups.caller(callers, headers).await {
            Ok(caller) => {
                if caller.is_some() {
                    self.throttle.succeeded(client);
                }
                Ok(caller)
            }
            Err(unauthorized) => Err(self.refuse(unauthorized, client, meter).await),
        }
    }

    /// Returns those of `all` callers that the client is one of. A client without credentials is
    /// one of the open callers, unless the server's callers are a group.
    ///
    /// # Errors
    ///
    /// `unauthorized`, when the credentials are missing, or no group accepts them: to list services
    /// must be no way to guess credentials.
    pub(super) async fn admitted<'a>(
        &self,
        of_server: &'a Callers,
        all: impl Iterator<Item = &'a Callers>,
        headers: &HeaderMap,
        client: IpAddr,
        meter: &HttpMeter,
    ) -> Result<BTreeSet<&'a Callers>, Problem> {
        let mut admitted = BTreeSet::from([&Callers::Open]);
        let groups: BTreeSet<_> =
            all.chain([of_server]).filter(|it| **it != Callers::Open).collect();
        let mut refused = None;
        for &group in &groups {
            match self.groups.caller(group, headers).await {
                Ok(_) => drop(admitted.insert(group)),
                // The server's own group decides which scheme the client is asked for.
                Err(unauthorized) if group == of_server => refused = Some(unauthorized),
                Err(unauthorized) => refused = refused.or(Some(unauthorized)),
            }
        }
        match refused {
            _ if admitted.len() > 1 => self.throttle.succeeded(client),
            Some(refused) if refused.has_credentials || groups.contains(of_server) => {
                return Err(self.refuse(refused, client, meter).await);
            }
            _ => {}
        }
        Ok(admitted)
    }

    /// Counts a client that is not admitted, and delays it when its credentials are wrong.
    async fn refuse(&self, refused: Unauthorized, client: IpAddr, meter: &HttpMeter) -> Problem {
        meter.unauthorized(refused.has_credentials);
        if refused.has_credentials {
            let now = Instant::now();
            sleep_until(now + self.throttle.failed(client, now)).await;
        }
        Problem::unauthorized(refused.challenge)
    }
}
