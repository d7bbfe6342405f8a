//! The accept loop: takes connections on, keeps count of them, and lets them end.

use super::admin::Admin;
use super::connection::{Accepted, Protocols, Stop, serve};
use super::error::HttpError;
use super::front::Front;
use super::settings::HttpSettings;
use super::tls;
use super::watch::Watch;
use crate::config::{CallerGroup, Callers, Credential, Scheme, SecretHash, Server};
use crate::plugin::{Deployment, Host};
use crate::telemetry::LogSink;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

/// The pause after a connection cannot be accepted, which doubles up to the second one: what is
/// missing, mostly file descriptors, comes back when other connections end.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// What the one caller of the admin listener is called.
const ADMIN: &str = "admin";

/// Connections that the admin listener has open at once: a person, a scraper and some probes.
const ADMIN_CONNECTIONS: usize = 100;

/// How often it is logged that connections cannot be accepted, at most.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// How a server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were taken on.
    pub accepted: u64,
    /// Connections that were cut with a request under way, when the time to drain was over.
    pub cut: usize,
}

/// Serves a host's services on a listener until `shutdown` is ready.
///
/// Then it stops listening, lets the requests under way end within `drain_time`, and cuts those
/// that do not. Dropping the future cuts all at once. It runs within a tokio runtime whose time and
/// I/O drivers are on. Plugins may be loaded and replaced meanwhile.
///
/// # Errors
///
/// When the files for TLS are of no use, or a group of callers is named that is not there. Nothing
/// has been served then; nothing that happens later ends a server but `shutdown`.
pub async fn run(
    listener: TcpListener,
    host: Arc<Host>,
    settings: HttpSettings,
    shutdown: impl Future<Output = ()>,
) -> Result<Report, HttpError> {
    let tls = settings.server.tls.as_ref().map(tls::acceptor).transpose()?;
    let mut open = Connections {
        protocols: Arc::new(Protocols::new(&settings.server, tls)),
        front: Arc::new(Front::new(host, settings)?),
        tasks: JoinSet::new(),
        live: HashMap::new(),
        accepted: 0,
    };
    open.accept_until(listener, shutdown).await;
    let cut = open.drain().await;
    Ok(Report { accepted: open.accepted, cut })
}

/// Answers whoever runs a server, on a listener of its own, until the future is dropped.
///
/// With a token, everything but `/healthz` and `/readyz` asks for it. Without one the listener
/// should be on loopback, and is called by its address alone.
pub async fn run_admin(
    listener: TcpListener,
    host: Arc<Host>,
    life: Arc<Deployment>,
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
        server: Server { callers, connections: ADMIN_CONNECTIONS, ..Server::default() },
        groups: token.map(group).into_iter().collect(),
        log,
        ..HttpSettings::default()
    };
    let mut open = Connections {
        protocols: Arc::new(Protocols::new(&settings.server, None)),
        front: Arc::new(Front::admin(host, Admin { life, has_token }, settings)),
        tasks: JoinSet::new(),
        live: HashMap::new(),
        accepted: 0,
    };
    open.accept_until(listener, std::future::pending()).await;
}

struct Connections {
    front: Arc<Front>,
    protocols: Arc<Protocols>,
    tasks: JoinSet<()>,
    live: HashMap<Id, (oneshot::Sender<()>, Arc<Watch>)>,
    accepted: u64,
}

impl Connections {
    /// Takes connections on, and with that many open waits until one ends. The listener is closed
    /// when this returns.
    async fn accept_until(&mut self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut trouble = Trouble::new(Arc::clone(&self.front));
        loop {
            let has_room = self.tasks.len() < self.front.server().connections;
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = self.one_ends(), if !self.tasks.is_empty() => {}
                (stream, client) = trouble.accept(&listener), if has_room => {
                    self.take_on(stream, client);
                }
            }
        }
        // Their clients have no way to know that nobody has looked at them yet.
        let room = self.front.server().connections.saturating_sub(self.tasks.len());
        for (stream, client) in waiting(listener).take(room) {
            self.take_on(stream, client);
        }
    }

    fn take_on(&mut self, stream: TcpStream, client: SocketAddr) {
        let watch = Watch::new(self.front.server());
        let (stop, stopped) = oneshot::channel();
        let accepted =
            Accepted { stream, client, watch: Arc::clone(&watch), stop: Stop::new(stopped) };
        let open = self.front.meter().taken_on();
        let serving = serve(accepted, Arc::clone(&self.front), Arc::clone(&self.protocols));
        let serving = async move {
            let _open = open;
            serving.await;
        };
        self.live.insert(self.tasks.spawn(serving).id(), (stop, watch));
        self.accepted += 1;
    }

    async fn one_ends(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                self.front.log().error("", "", &format!("a connection failed: {error}"));
                error.id()
            }
            None => return,
        };
        self.live.remove(&id);
    }

    /// Tells all connections to end and waits for them; answers how many had to be cut with a
    /// request under way.
    async fn drain(&mut self) -> usize {
        self.front.stops();
        let live = std::mem::take(&mut self.live);
        let watches: Vec<_> = live
            .into_values()
            .map(|(stop, watch)| {
                // Whoever is gone already needs no telling.
                let _ = stop.send(());
                watch
            })
            .collect();
        let drain_time = self.front.server().drain_time;
        let all_end = async {
            while !self.tasks.is_empty() {
                self.one_ends().await;
            }
        };
        let cut = match timeout(drain_time, all_end).await {
            Ok(()) => 0,
            Err(_elapsed) => watches.iter().filter(|watch| watch.is_busy()).count(),
        };
        self.tasks.shutdown().await;
        cut
    }
}

/// The connections that the system has established and nobody has accepted.
fn waiting(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let listener = listener.into_std().ok();
    std::iter::from_fn(move || {
        let (stream, client) = listener.as_ref()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, client))
    })
}

/// What to do while the system refuses connections.
struct Trouble {
    front: Arc<Front>,
    pause: Duration,
    logged: Option<Instant>,
}

impl Trouble {
    fn new(front: Arc<Front>) -> Self {
        Trouble { front, pause: PAUSES.0, logged: None }
    }

    /// The next connection, however often the system refuses it before.
    async fn accept(&mut self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(accepted) => {
                    self.pause = PAUSES.0;
                    return accepted;
                }
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    self.front.meter().refused_by_the_system();
                    let now = Instant::now();
                    self.tell(&error, now);
                    sleep_until(now + self.pause).await;
                    self.pause = (self.pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    fn tell(&mut self, error: &io::Error, now: Instant) {
        if self.logged.is_none_or(|logged| now >= logged + LOG_EVERY) {
            self.logged = Some(now);
            self.front.log().error("", "", &format!("cannot accept a connection: {error}"));
        }
    }
}

/// Whether an error is about the one connection that was to be accepted: the next may be fine.
fn is_the_clients(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&error.kind())
}
