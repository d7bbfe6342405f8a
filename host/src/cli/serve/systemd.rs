//! Integration with systemd: takes the sockets that systemd opened, and notifies systemd of the
//! server's state.
//!
//! Has no effect without a service manager that supports systemd's protocols.

use super::greeting::services;
use super::notify::NotifySocket;
use crate::{Deployment, Host};
use anyhow::{Context, bail, ensure};
use rustix::net::sockopt::socket_acceptconn;
use sd_notify::NotifyState;
use std::net::TcpListener;
use std::os::fd::{FromRawFd, RawFd};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// The name of the admin listener's socket: `FileDescriptorName=` in the socket's unit.
const ADMIN: &str = "admin";

/// Time between two checks of the server's state. A short watchdog time makes it shorter.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The sockets passed to this process.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) http: Option<TcpListener>,
    pub(super) admin: Option<TcpListener>,
}

impl Sockets {
    /// Takes the passed sockets: a socket named `admin` for operators, and a socket of any other
    /// name for clients. Must be called once, before any file is opened.
    ///
    /// # Errors
    ///
    /// If there are two sockets for operators or two for clients, if a socket is not a listening
    /// TCP socket, or if the environment variables of systemd are invalid.
    pub(super) fn take() -> anyhow::Result<Self> {
        let mut sockets = Sockets::default();
        let failed = "cannot use the sockets that systemd passed";
        // A parent process may have taken the sockets, and passed on the environment variables.
        if sd_notify::listen_fds().context(failed)?.len() == 0 {
            return Ok(sockets);
        }
        let passed = sd_notify::listen_fds_with_names().context(failed)?;
        for (descriptor, name) in passed {
            let place = if name == ADMIN { &mut sockets.admin } else { &mut sockets.http };
            let taken = place.replace(listener(descriptor, &name)?);
            if taken.is_some() {
                bail!(
                    "a second socket was passed, named {name:?}: name one `http` and one `admin`, \
                     with `FileDescriptorName=`"
                );
            }
        }
        Ok(sockets)
    }
}

/// The listener of a passed descriptor.
fn listener(descriptor: RawFd, name: &str) -> anyhow::Result<TcpListener> {
    // SAFETY: systemd opened the descriptor for this process, and `listen_fds` found it open.
    // Nothing else owns the descriptor: `take` calls this function once for each descriptor, before
    // any file is opened.
    let listener = unsafe { TcpListener::from_raw_fd(descriptor) };
    // A UDP socket has an address too. With `Accept=yes`, systemd passes accepted connections.
    let listens = listener.local_addr().is_ok() && socket_acceptconn(&listener).unwrap_or(false);
    ensure!(listens, "the socket that was passed as {name:?} is not a listening TCP socket");
    listener.set_nonblocking(true).context("cannot make a passed socket non-blocking")?;
    Ok(listener)
}

/// Notifies systemd once that the server is ready, of changes of the server's status, and, if the
/// watchdog is enabled, regularly that the server is alive. Repeats a lost message about the
/// readiness or the status while the message still applies. Runs until the future is dropped.
pub(super) async fn tell(socket: Option<&NotifySocket>, host: &Host, deployment: &Deployment) {
    let Some(socket) = socket else { return std::future::pending().await };
    let watchdog = sd_notify::watchdog_enabled().map(|time| time / 2).filter(|it| !it.is_zero());
    let mut looks = interval(watchdog.map_or(LOOK_EVERY, |time| time.min(LOOK_EVERY)));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut is_ready, mut told) = (false, String::new());
    loop {
        looks.tick().await;
        let readiness = deployment.readiness().await;
        let status = status(host, readiness.is_ready);
        if readiness.is_stopping {
            // `stopping` has sent the last status.
        } else if !is_ready && readiness.is_ready {
            is_ready = socket.send(&[NotifyState::Ready, NotifyState::Status(&status)]);
            told = if is_ready { status } else { told };
        } else if status != told && socket.send(&[NotifyState::Status(&status)]) {
            told = status;
        }
        if watchdog.is_some() {
            socket.send(&[NotifyState::Watchdog]);
        }
    }
}

/// The status line for `systemctl status`.
fn status(host: &Host, is_ready: bool) -> String {
    match services(host).len() {
        _ if !is_ready => {
            "not ready: plugins are being loaded, or a required plugin or cache is not available"
                .to_owned()
        }
        1 => "serving 1 service".to_owned(),
        many => format!("serving {many} services"),
    }
}

/// Notifies systemd that the server stops. `status` describes the remaining work.
pub(super) fn stopping(socket: Option<&NotifySocket>, status: &str) {
    if let Some(socket) = socket {
        // A dropped message does no harm: usually systemd itself requested the stop.
        socket.send(&[NotifyState::Stopping, NotifyState::Status(status)]);
    }
}
