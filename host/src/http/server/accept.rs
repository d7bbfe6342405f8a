//! Accepts connections from a listener, and continues after system errors.

use crate::http::handler::Handler;
use crate::http::log::LogBound;
use crate::telemetry::Level;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// The first pause after an error. Each consecutive error doubles the pause, up to [`MAX_PAUSE`].
/// Usually, the process has run out of file descriptors, and a descriptor becomes available when a
/// connection ends.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause after an error.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections, and pauses after each system error.
pub(super) struct Acceptor {
    handler: Arc<Handler>,
    pause: Duration,
    logged: LogBound,
}

impl Acceptor {
    pub(super) fn new(handler: Arc<Handler>) -> Self {
        Acceptor { handler, pause: MIN_PAUSE, logged: LogBound::default() }
    }

    /// Waits for the next connection. Returns no error, because a client could otherwise stop the
    /// server by causing one. Ignores errors of a single connection. Counts other errors, and logs
    /// them unless `logged` omits the line.
    pub(super) async fn accept(&mut self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(accepted) => {
                    self.pause = MIN_PAUSE;
                    return accepted;
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.handler.meter.refused_by_system();
                    self.log(&error);
                    sleep_until(Instant::now() + self.pause).await;
                    self.pause = (self.pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    fn log(&self, error: &io::Error) {
        let message = format_args!("cannot accept a connection: {error}");
        self.handler.log.bounded(&self.logged, Level::Error, message);
    }
}

/// Returns the connections that the system has established and the server has not yet accepted.
/// Ends early if accepting one fails. Dropping the iterator closes the listener.
pub(super) fn drain_backlog(
    listener: TcpListener,
) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let listener = listener.into_std().ok();
    std::iter::from_fn(move || {
        let (stream, client) = listener.as_ref()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, client))
    })
}

/// True if the next `accept` may succeed at once: the error concerns only the connection that is
/// being accepted, or a signal interrupted the call.
fn is_of_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&error.kind())
}
