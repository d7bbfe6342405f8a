//! Connects to a server and logs in.

use super::address::{Password, RedisAddress};
use super::place::ServerPlace;
use super::reply;
use crate::trust;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError};
use rustix::net::sockopt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// Time limit for connecting, including TLS and the login. Longer than an operation's default
/// timeout, because later operations can use the connection that a timed-out operation started.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// Idle time before the first TCP keepalive probe, and time between two probes.
const KEEPALIVE_TIME: Duration = Duration::from_secs(5);

/// Unanswered probes after which a connection counts as dead.
const KEEPALIVE_PROBES: u32 = 2;

/// Connects to the servers or to the Sentinels of one address, and logs in.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    is_tls: bool,
    login: RedisConnectionInfo,
    /// The settings to name in the error when a login is refused.
    login_settings: &'static str,
    /// Whether the server must be a primary: a server that Sentinels named may have become a
    /// replica.
    needs_primary: bool,
}

/// An open connection. Any number of callers can use it concurrently: the library matches replies
/// to commands by order, even if a caller no longer waits for its reply.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) commands: MultiplexedConnection,
    driver: Arc<Driver>,
}

/// The task that writes commands and reads replies. It is aborted when the last clone of the
/// connection is dropped: otherwise it could wait forever for the replies of a server that hangs.
#[derive(Debug)]
struct Driver {
    task: AbortHandle,
    has_ended: Arc<AtomicBool>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// True if the connection is known to be closed.
    pub(super) fn has_ended(&self) -> bool {
        self.driver.has_ended.load(Ordering::Acquire)
    }

    /// Checks that the server is a primary: a replica could return stale values.
    async fn check_primary(&mut self) -> Result<(), String> {
        let role = self.commands.send_packed_command(&redis::cmd("ROLE")).await;
        let role = role.map_err(|error| error.to_string())?;
        let role = reply::array(role)?.into_iter().next().unwrap_or(redis::Value::Nil);
        match reply::string(role)?.as_str() {
            "master" => Ok(()),
            other => Err(format!("it is not a primary: its role is {other:?}")),
        }
    }

    /// Returns true if both are the same connection.
    pub(super) fn is(&self, other: &Connection) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }
}

impl Dialer {
    /// Creates a dialer for the servers that hold entries.
    pub(super) fn new(address: &RedisAddress) -> Self {
        let mut login = RedisConnectionInfo::default()
            .set_lib_name("hostel", env!("CARGO_PKG_VERSION"))
            .set_db(address.database.into());
        if let Some(user) = &address.user {
            login = login.set_username(user);
        }
        if let Some(Password(password)) = &address.password {
            login = login.set_password(password);
        }
        let login_settings = "the user in the address, and `password-env` or `password-file`";
        let needs_primary = address.has_sentinels();
        Dialer { is_tls: address.is_tls, login, login_settings, needs_primary }
    }

    /// Creates a dialer for Sentinels, which have no databases and may have their own password.
    pub(super) fn for_sentinels(address: &RedisAddress) -> Self {
        let mut login = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let Some(Password(password)) = &address.sentinel_password {
            login = login.set_password(password);
        }
        let login_settings = "`sentinel-password-env` or `sentinel-password-file`";
        Dialer { is_tls: address.is_tls, login, login_settings, needs_primary: false }
    }

    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// The reason for the failure, and the setting to change if that is known.
    pub(super) async fn connect(&self, place: &ServerPlace) -> Result<Connection, String> {
        let connecting = timeout(CONNECT_TIME, self.open(place)).await;
        let waited = CONNECT_TIME.as_secs();
        connecting
            .unwrap_or_else(|_| Err(format!("it did not complete the login within {waited} s")))
    }

    async fn open(&self, place: &ServerPlace) -> Result<Connection, String> {
        match place {
            ServerPlace::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|e| e.to_string())?;
                self.log_in(stream).await
            }
            ServerPlace::Tcp { host, port } => {
                let stream = TcpStream::connect((&**host, *port)).await;
                let stream = stream.map_err(|error| error.to_string())?;
                // Commands are small writes, and their callers wait for replies.
                stream.set_nodelay(true).map_err(|error| error.to_string())?;
                keep_alive(&stream).map_err(|error| error.to_string())?;
                if !self.is_tls {
                    return self.log_in(stream).await;
                }
                // Loading the certificates reads files, which blocks.
                let trusted = spawn_blocking(trust::client_config).await;
                let tls = TlsConnector::from(trusted.map_err(|error| error.to_string())??);
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|_| format!("{host:?} is not a valid name for TLS"))?;
                let stream = tls.connect(name, stream).await.map_err(|error| {
                    format!(
                        "TLS failed: {error}; its certificate must be for {host}, not expired, and \
                         signed by an authority that this machine or SSL_CERT_FILE trusts"
                    )
                })?;
                self.log_in(stream).await
            }
        }
    }

    async fn log_in(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Connection, String> {
        // Each operation has its own deadline.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let made = MultiplexedConnection::new_with_config(&self.login, stream, config).await;
        let (commands, work) = made.map_err(|error| refusal(&error, self.login_settings))?;
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        let task = tokio::spawn(async move {
            work.await;
            ended.store(true, Ordering::Release);
        });
        let driver = Arc::new(Driver { task: task.abort_handle(), has_ended });
        let mut connection = Connection { commands, driver };
        match self.needs_primary {
            true => connection.check_primary().await.map(|()| connection),
            false => Ok(connection),
        }
    }
}

/// Enables TCP keepalive, so that the system detects a dead server even if nothing is sent to it.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_TIME)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_TIME)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    Ok(())
}

/// Describes why a login failed.
fn refusal(error: &RedisError, login_settings: &str) -> String {
    let detail = error.detail().unwrap_or_default();
    let is_login = detail.starts_with("Authentication required");
    match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => {
            login_refused(error, login_settings)
        }
        _ if is_login => login_refused(error, login_settings),
        (_, Some(code)) => format!("it refuses the connection: {code} {detail}"),
        (ErrorKind::Parse, None) => {
            "it does not speak the Redis protocol: check the port; a server with TLS needs \
             \"rediss://\""
                .to_owned()
        }
        (ErrorKind::Io, None) => {
            format!(
                "it closed the connection at the login ({error}): a server with TLS needs \
                 \"rediss://\"; also check its maxclients and its protected mode"
            )
        }
        _ => error.to_string(),
    }
}

fn login_refused(error: &RedisError, login_settings: &str) -> String {
    format!("it refuses the login: {error}; set {login_settings}")
}
