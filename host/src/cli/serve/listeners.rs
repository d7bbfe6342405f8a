//! The listeners of a server, for clients and for operators.

use crate::cli::exit::Exit;
use crate::config::Config;
use crate::telemetry::LogSink;
use crate::{Deployment, Host, http};
use anyhow::anyhow;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Starts the admin listener as a task in `tasks`, and returns its address. Returns `None` if the
/// listener is not enabled.
pub(super) async fn admin(
    config: &Config,
    passed: Option<std::net::TcpListener>,
    (host, deployment, log): (&Arc<Host>, &Arc<Deployment>, &LogSink),
    tasks: &mut JoinSet<()>,
) -> Result<Option<SocketAddr>, Exit> {
    let Some(admin) = &config.admin else { return Ok(None) };
    let (listener, address) =
        listen(passed, admin.listen, ["--admin-listen", "admin.listen"]).await?;
    let (host, deployment, token) = (Arc::clone(host), Arc::clone(deployment), admin.token.clone());
    tasks.spawn(http::run_admin(listener, host, deployment, token, Arc::clone(log)));
    Ok(Some(address))
}

/// Listens on the socket that systemd passed, or else on an address. The error names the
/// option and the setting that choose that address.
pub(super) async fn listen(
    passed: Option<std::net::TcpListener>,
    asked: SocketAddr,
    [option, setting]: [&str; 2],
) -> Result<(TcpListener, SocketAddr), Exit> {
    let refused = |error: io::Error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "the address is in use; choose another one".to_owned(),
            _ => format!("{error}; choose another address"),
        };
        Exit::usage(anyhow!("cannot listen on {asked}: {reason} by `{option}` or `{setting}`"))
    };
    let listener = match passed {
        Some(passed) => TcpListener::from_std(passed),
        None => TcpListener::bind(asked).await,
    };
    let listener = listener.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
