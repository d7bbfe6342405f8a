//! One connection: which protocol it speaks, its timers, and its end.

use super::front::{Front, Peer};
use super::io::Watched;
use super::watch::{Overdue, Watch};
use crate::config::Server;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;

/// Requests of one HTTP/2 connection at once: what browsers expect, RFC 9113 section 6.5.2.
const STREAMS: u32 = 100;

/// HTTP/2 streams that a client may open and reset before anything has looked at them
/// (RUSTSEC-2024-0003): more ends the connection.
const RESET_STREAMS: usize = 20;

/// HTTP/2 streams that may fail by the client's fault before the connection ends.
const FAILED_STREAMS: usize = 100;

/// How often an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// The smallest buffer that the HTTP/1 implementation takes.
const LEAST_BUFFER: usize = 8 << 10;

/// How connections are served: made once.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
}

impl Protocols {
    pub(super) fn new(server: &Server, tls: Option<TlsAcceptor>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // The connection's own timers tell an idle connection from a slow head.
            .header_read_timeout(None)
            .half_close(false)
            .max_headers(server.headers)
            .max_header_size(server.header_bytes)
            .max_buf_size(server.header_bytes.max(LEAST_BUFFER));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(PING.0)
            .keep_alive_timeout(PING.1)
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(FAILED_STREAMS)
            .max_header_list_size(u32::try_from(server.header_bytes).unwrap_or(u32::MAX));
        Protocols { http1, http2, tls }
    }
}

/// A connection that was accepted.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) client: SocketAddr,
    pub(super) watch: Arc<Watch>,
    /// Told when the server is to stop.
    pub(super) stop: oneshot::Receiver<()>,
}

/// Serves a connection to its end. Dropping the future ends it, and the calls under way in it.
pub(super) async fn serve(accepted: Accepted, front: Arc<Front>, protocols: Arc<Protocols>) {
    let Accepted { stream, client, watch, stop } = accepted;
    // Whatever is written is a whole answer: there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let Some(tls) = protocols.tls.clone() else {
        let io = Watched::new(stream, Arc::clone(&watch));
        return speak(io, None, Peer::new(front, client, watch), stop, &protocols).await;
    };
    let mut stop = stop;
    let shaken = tokio::select! {
        shaken = tls.accept(stream) => shaken,
        () = overdue(&watch) => return,
        _ = &mut stop => return,
    };
    let Ok(stream) = shaken else { return };
    let agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = Watched::new(stream, Arc::clone(&watch));
    speak(io, Some(agreed), Peer::new(front, client, watch), stop, &protocols).await;
}

/// Serves a stream by the protocol that was agreed on, or else by the one that the client begins.
async fn speak<I>(
    mut io: Watched<I>,
    is_http2: Option<bool>,
    peer: Arc<Peer>,
    mut stop: oneshot::Receiver<()>,
    protocols: &Protocols,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Arc::clone(&peer.watch);
    let is_http2 = match is_http2 {
        Some(agreed) => agreed,
        None => tokio::select! {
            begins = io.begins_http2() => begins.unwrap_or(false),
            () = overdue(&watch) => return,
            _ = &mut stop => return,
        },
    };
    let service = service_fn(move |request| {
        let peer = Arc::clone(&peer);
        async move { Ok::<_, std::convert::Infallible>(peer.answer(request).await) }
    });
    let io = TokioIo::new(io);
    if is_http2 {
        watch.is_quiet();
        let connection = protocols.http2.serve_connection(io, service);
        drive(connection, http2::Connection::graceful_shutdown, &watch, stop).await;
    } else {
        let connection = protocols.http1.serve_connection(io, service);
        drive(connection, http1::Connection::graceful_shutdown, &watch, stop).await;
    }
}

/// Polls a connection until it ends or is overdue. When it is idle for too long, or told to stop,
/// it gets to end what is under way.
async fn drive<C: Future>(
    connection: C,
    end: impl Fn(Pin<&mut C>),
    watch: &Watch,
    stop: oneshot::Receiver<()>,
) {
    let mut connection = pin!(connection);
    let mut stop = pin!(stop);
    let mut timer = pin!(sleep_until(watch.next_look(Instant::now())));
    let (mut is_stopped, mut is_ending) = (false, false);
    poll_fn(|cx| {
        loop {
            // First, so that a request that has come already is seen before any end.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !is_stopped && stop.as_mut().poll(cx).is_ready() {
                (is_stopped, is_ending) = (true, true);
                end(connection.as_mut());
            } else if timer.as_mut().poll(cx).is_ready() {
                let now = Instant::now();
                match watch.overdue(now) {
                    None => {}
                    Some(Overdue::Idle) if !is_ending => {
                        is_ending = true;
                        end(connection.as_mut());
                        watch.is_quiet();
                    }
                    Some(_) => return Poll::Ready(()),
                }
                timer.as_mut().reset(watch.next_look(now));
            } else {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// Waits until the connection is overdue.
async fn overdue(watch: &Watch) {
    loop {
        let now = Instant::now();
        if watch.overdue(now).is_some() {
            return;
        }
        sleep_until(watch.next_look(now)).await;
    }
}
