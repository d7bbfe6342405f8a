//! Serves a host on a listener: the entry points for services and for the admin interface.

mod accept;
mod body;
mod connection;
mod connections;
mod file;
mod moment;
mod proxy;
mod responses;
mod stream;
mod timers;
mod tls;

use super::admin::AdminApi;
use super::error::HttpError;
use super::handler::Handler;
use super::settings::HttpSettings;
use crate::config::{CallerGroup, Callers, Credential, Scheme, SecretHash, Server};
use crate::plugin::{Deployment, Host};
use crate::telemetry::LogSink;
use connections::Connections;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The name of the admin listener's group of callers, and of the only caller in that group.
const ADMIN: &str = "admin";

/// Maximum connections of the admin listener: enough for some operators, a metrics scraper and some
/// probes.
const MAX_ADMIN_CONNECTIONS: usize = 100;

/// How a server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerReport {
    /// Number of accepted connections.
    pub accepted: u64,
    /// Number of connections with a request in progress that were cut after the drain time.
    pub cut: usize,
}

/// Serves a host's services on a listener until `shutdown` is ready.
///
/// Then the server continues for `stop_delay`, stops listening, waits up to `drain_time` for the
/// requests in progress, and cuts the remaining connections. Dropping the future cuts all
/// connections at once. The future needs a tokio runtime with time and I/O enabled. Plugins may be
/// loaded and replaced while the server runs.
///
/// # Errors
///
/// When a TLS file cannot be read or is invalid, or the settings name an unknown group of callers.
/// These errors are returned before any connection is accepted.
pub async fn run(
    listener: TcpListener,
    host: Arc<Host>,
    settings: HttpSettings,
    shutdown: impl Future<Output = ()>,
) -> Result<ServerReport, HttpError> {
    let tls = settings.server.tls.as_ref().map(tls::acceptor).transpose()?;
    let mut connections = Connections::new(Handler::services(host, settings)?, tls);
    connections.accept_until(listener, shutdown).await;
    let cut = connections.drain().await;
    Ok(ServerReport { accepted: connections.accepted(), cut })
}

/// Serves the admin interface on its own listener until the future is dropped.
///
/// With a token, every path except `/healthz` and `/readyz` requires the token. Without a token,
/// the listener should be on loopback, and a request whose `Host` is a name other than `localhost`
/// is refused. A request is also refused if its headers show that a web page of another origin sent
/// it. None of these checks applies to `/healthz` and `/readyz`.
pub async fn run_admin(
    listener: TcpListener,
    host: Arc<Host>,
    deployment: Arc<Deployment>,
    token: Option<SecretHash>,
    log: LogSink,
) {
    let has_token = token.is_some();
    let callers = if has_token { Callers::Group(ADMIN.to_owned()) } else { Callers::Open };
    let group = |hash| CallerGroup {
        name: ADMIN.to_owned(),
        scheme: Scheme::Bearer,
        credentials: vec![Credential { caller: ADMIN.to_owned(), hash }],
    };
    let settings = HttpSettings {
        server: Server { callers, connections: MAX_ADMIN_CONNECTIONS, ..Server::default() },
        groups: token.map(group).into_iter().collect(),
        log,
        ..HttpSettings::default()
    };
    let handler = Handler::admin(host, AdminApi { deployment, has_token }, settings);
    let mut connections = Connections::new(handler, None);
    connections.accept_until(listener, std::future::pending()).await;
}
