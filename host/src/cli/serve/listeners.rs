//! The listeners of a server, for clients and for operators.

use crate::cli::exit::Exit;
use crate::config::Config;
use crate::telemetry::LogSink;
use crate::{Deployment, Host, http};
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Starts the admin listener as one of the tasks, if it is enabled, and returns its address.
pub(super) async fn admin(
    config: &Config,
    passed: Option<std::net::TcpListener>,
    (host, deployment, log): (&Arc<Host>, &Arc<Deployment>, &LogSink),
    tasks: &mut JoinSet<()>,
) -> Result<Option<SocketAddr>, Exit> {
    let Some(admin) = &config.admin else { return Ok(None) };
    let (listener, address) = listen(passed, admin.listen, "--admin-listen").await?;
    let (host, deployment, token) = (Arc::clone(host), Arc::clone(deployment), admin.token.clone());
    tasks.spawn(http::run_admin(listener, host, deployment, token, Arc::clone(log)));
    Ok(Some(address))
}

/// Listens on the socket that systemd passed, or else on an address. The error names the
/// `option` that sets that address.
pub(super) async fn listen(
    passed: Option<std::net::TcpListener>,
    asked: SocketAddr,
    option: &str,
) -> Result<(TcpListener, SocketAddr), Exit> {
    let listening = || format!("cannot listen on {asked}: `{option}` names another address");
    let listener = match passed {
        Some(passed) => TcpListener::from_std(passed),
        None => TcpListener::bind(asked).await,
    };
    let listener = listener.with_context(listening).map_err(Exit::usage)?;
    let address = listener.local_addr().with_context(listening).map_err(Exit::usage)?;
    Ok((listener, address))
}
