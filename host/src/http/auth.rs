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
            Err(Unauthorized { challenge, has_credentials }) => {
                meter.unauthorized(has_credentials);
                if has_credentials {
                    let now = Instant::now();
                    sleep_until(now + self.throttle.failed(client, now)).await;
                }
                Err(Problem::unauthorized(challenge))
            }
        }
    }
}
