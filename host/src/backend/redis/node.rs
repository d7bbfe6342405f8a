//! One server: its connection and its circuit.

use super::circuit::{Circuit, OPEN_TIME, Pass};
use super::dial::{Connection, Dialer};
use super::joint::{self, Joint};
use super::place::ServerPlace;
use redis::{Pipeline, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// If an operation is cancelled after this time without a response, that counts as a failure of the
/// server: a healthy server responds within milliseconds.
const GIVEN_UP: Duration = Duration::from_millis(250);

/// One server. The first operation opens a connection. After the connection is lost, the next
/// operation opens a new one.
#[derive(Debug)]
pub(super) struct RedisNode {
    pub(super) place: ServerPlace,
    dialer: Dialer,
    circuit: Circuit,
    connection: Mutex<Option<Connection>>,
    connecting: Joint<Result<Connection, String>>,
    connects: AtomicU64,
    /// Why the server last failed to respond, for the operations that the circuit refuses.
    last_reason: Mutex<String>,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) struct NoReply {
    pub(super) reason: String,
    /// Whether the commands may have reached the server, and so may have been run.
    pub(super) was_sent: bool,
    /// Whether the circuit refused the commands, so that an immediate retry is pointless.
    pub(super) is_refused: bool,
}

/// Commands in flight. Dropping this value after [`GIVEN_UP`] without a result counts as a failure
/// of the server: a caller may cancel an operation before its timeout.
struct SentCommands<'a> {
    pass: Option<Pass<'a>>,
    node: &'a RedisNode,
    connection: Connection,
}

impl SentCommands<'_> {
    fn succeeded(mut self) {
        self.pass.take().into_iter().for_each(Pass::succeeded);
    }

    /// A lost connection counts as one failure, even if many operations were using it.
    fn lost(mut self) {
        let pass = self.pass.take();
        if self.node.forget(&self.connection) {
            pass.map(|pass| pass.failed(Instant::now()));
        }
    }

    fn failed(mut self) {
        let is_open = self.pass.take().is_some_and(|pass| pass.failed(Instant::now()));
        // The connection may be dead, so the probe must open a new one.
        if is_open {
            self.node.forget(&self.connection);
        }
    }
}

impl Drop for SentCommands<'_> {
    fn drop(&mut self) {
        let Some(pass) = self.pass.take() else { return };
        if pass.elapsed() >= GIVEN_UP && pass.failed(Instant::now()) {
            self.node.forget(&self.connection);
        }
    }
}

impl RedisNode {
    pub(super) fn new(place: ServerPlace, dialer: Dialer) -> Arc<Self> {
        Arc::new(RedisNode {
            place,
            dialer,
            circuit: Circuit::default(),
            connection: Mutex::default(),
            connecting: Joint::default(),
            connects: AtomicU64::new(0),
            last_reason: Mutex::default(),
        })
    }

    /// Sends commands and returns their replies, with the server's errors as values.
    ///
    /// # Errors
    ///
    /// When the circuit refuses the commands, the connection cannot be opened or is lost, or there
    /// is no reply by the deadline.
    pub(super) async fn send(
        self: &Arc<Self>,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, NoReply> {
        let Some(pass) = self.circuit.enter(Instant::now()) else {
            return Err(self.refused());
        };
        let mut connection = match self.connection(deadline).await {
            Ok(connection) => connection,
            Err(reason) => {
                pass.failed(Instant::now());
                return Err(self.no_reply(reason, false));
            }
        };
        let sent = SentCommands { pass: Some(pass), node: self, connection: connection.clone() };
        let replies = connection.commands.send_packed_commands(commands, 0, commands.len());
        match timeout_at(deadline, replies).await {
            Ok(Ok(values)) => {
                sent.succeeded();
                Ok(values)
            }
            Ok(Err(error)) => {
                sent.lost();
                Err(self.no_reply(format!("the connection was lost: {error}"), true))
            }
            Err(_elapsed) => {
                sent.failed();
                Err(self.no_reply("it did not respond in time".to_owned(), true))
            }
        }
    }

    fn no_reply(&self, reason: String, was_sent: bool) -> NoReply {
        let reason = format!("{}: {reason}", self.place);
        self.last_reason.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&reason);
        NoReply { reason, was_sent, is_refused: false }
    }

    fn refused(&self) -> NoReply {
        let last = self.last_reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let wait = OPEN_TIME.as_millis();
        let reason = format!("{last} (it is tried again every {wait} ms)");
        NoReply { reason, was_sent: false, is_refused: true }
    }

    /// True if the circuit is open or half-open.
    pub(super) fn is_circuit_open(&self) -> bool {
        self.circuit.is_open()
    }

    /// Returns the number of connections opened so far.
    pub(super) fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }

    /// Returns the open connection, or a new one.
    async fn connection(self: &Arc<Self>, deadline: Instant) -> Result<Connection, String> {
        if let Some(open) = &*self.open() {
            return Ok(open.clone());
        }
        let run = self.connecting.join(|| {
            let node = Arc::clone(self);
            async move { node.connect().await }
        });
        let late = || Err("no connection yet".to_owned());
        joint::result(run, deadline).await.unwrap_or_else(late)
    }

    async fn connect(&self) -> Result<Connection, String> {
        // Another run may have connected since `connection` checked.
        if let Some(open) = &*self.open() {
            return Ok(open.clone());
        }
        let connection = self.dialer.connect(&self.place).await?;
        self.connects.fetch_add(1, Ordering::Relaxed);
        *self.open() = Some(connection.clone());
        Ok(connection)
    }

    /// Locks the connection, and removes it if it is known to be closed.
    fn open(&self) -> MutexGuard<'_, Option<Connection>> {
        let mut place = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_some_and(Connection::has_ended) {
            *place = None;
        }
        place
    }

    /// If this is the current connection, makes the next operation reconnect and returns true.
    fn forget(&self, connection: &Connection) -> bool {
        let mut place = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let is_used = place.as_ref().is_some_and(|open| open.is(connection));
        if is_used {
            *place = None;
        }
        is_used
    }
}
