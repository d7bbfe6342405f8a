//! The connections of a listener: accepts them up to a limit, and drains them when the server
//! stops.

use super::accept::{Acceptor, drain_backlog};
use super::connection::{Accepted, Protocols, StopSignal, serve};
use super::timers::Timers;
use crate::http::handler::Handler;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// The connections of a listener. Each connection has a task.
pub(super) struct Connections {
    handler: Arc<Handler>,
    protocols: Arc<Protocols>,
    tasks: JoinSet<()>,
    /// For each task, the connection's stop signal and its timers.
    open: HashMap<Id, (oneshot::Sender<()>, Arc<Timers>)>,
    accepted: u64,
}

impl Connections {
    pub(super) fn new(handler: Handler, tls: Option<TlsAcceptor>) -> Self {
        Connections {
            protocols: Arc::new(Protocols::new(&handler.server, tls)),
            handler: Arc::new(handler),
            tasks: JoinSet::new(),
            open: HashMap::new(),
            accepted: 0,
        }
    }

    /// Returns the number of connections accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Accepts connections until `shutdown` is ready, and for the stop delay after that. Then
    /// closes the listener.
    ///
    /// After `shutdown`, each HTTP/1 response closes its connection: the client's next connection
    /// may lead to another server. Otherwise, a client with a connection pool could send its next
    /// request just when the server closes the connection.
    pub(super) async fn accept_until(
        &mut self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut acceptor = Acceptor::new(Arc::clone(&self.handler));
        self.accept(&listener, &mut acceptor, shutdown).await;
        self.handler.stop();
        let delay = self.handler.server.stop_delay;
        if !delay.is_zero() {
            self.accept(&listener, &mut acceptor, sleep(delay)).await;
        }
        // Serve the connections in the backlog too: their clients see them as established, and may
        // have sent a request.
        let free = self.handler.server.connections.saturating_sub(self.tasks.len());
        for (stream, client) in drain_backlog(listener).take(free) {
            self.start(stream, client);
        }
    }

    /// Accepts connections until `end` is ready. At the limit, waits until a connection ends;
    /// further clients then wait in the system's backlog.
    async fn accept(
        &mut self,
        listener: &TcpListener,
        acceptor: &mut Acceptor,
        end: impl Future<Output = ()>,
    ) {
        let mut end = std::pin::pin!(end);
        loop {
            let is_below_limit = self.tasks.len() < self.handler.server.connections;
            tokio::select! {
                // Poll `end` first, so that a flood of connections cannot delay the shutdown.
                biased;
                () = &mut end => return,
                () = self.one_ends(), if !self.tasks.is_empty() => {}
                (stream, client) = acceptor.accept(listener), if is_below_limit => {
                    self.start(stream, client);
                }
            }
        }
    }

    fn start(&mut self, stream: TcpStream, client: SocketAddr) {
        let timers = Timers::new(&self.handler.server);
        let (stop, stopped) = oneshot::channel();
        let stop_signal = StopSignal::new(stopped);
        let accepted = Accepted { stream, client, timers: Arc::clone(&timers), stop: stop_signal };
        let counted = self.handler.meter.accepted();
        let serving = serve(accepted, Arc::clone(&self.handler), Arc::clone(&self.protocols));
        let task = async move {
            let _counted = counted;
            serving.await;
        };
        self.open.insert(self.tasks.spawn(task).id(), (stop, timers));
        self.accepted += 1;
    }

    /// Waits until a connection ends.
    async fn one_ends(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                self.handler.log.of_server(&format!("a connection failed: {error}"));
                error.id()
            }
            None => return,
        };
        self.open.remove(&id);
    }

    /// Stops all connections, and waits for them up to the drain time. Then cuts the remaining
    /// connections, and returns how many of these had a request in progress.
    pub(super) async fn drain(&mut self) -> usize {
        let open = std::mem::take(&mut self.open);
        let timers: Vec<_> = open
            .into_values()
            .map(|(stop, timers)| {
                // `send` fails if the connection has ended meanwhile.
                let _ = stop.send(());
                timers
            })
            .collect();
        let drain_time = self.handler.server.drain_time;
        let all_end = async {
            while !self.tasks.is_empty() {
                self.one_ends().await;
            }
        };
        let cut = match timeout(drain_time, all_end).await {
            Ok(()) => 0,
            Err(_elapsed) => timers.iter().filter(|timers| timers.is_busy()).count(),
        };
        self.tasks.shutdown().await;
        cut
    }
}
