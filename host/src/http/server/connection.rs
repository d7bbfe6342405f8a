//! One connection: its protocol, its timers, and its end.

use super::body::ResponseBody;
use super::proxy::ProxyProtocol;
use super::stream::TimedStream;
use super::timers::{Exchange, Overdue, Timers};
use crate::config::Server;
use crate::http::client::Client;
use crate::http::handler::Handler;
use crate::http::log::LogBound;
use crate::http::peer::Peer;
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;

/// Maximum concurrent requests of one HTTP/2 connection: the minimum that RFC 9113, section 6.5.2,
/// recommends.
const MAX_STREAMS: u32 = 100;

/// Maximum HTTP/2 streams that a client may open and reset before the server accepts them. One more
/// reset ends the connection, because unlimited resets would exhaust memory and CPU
/// (hyper issue 2877).
const MAX_RESET_STREAMS: usize = 20;

/// Maximum HTTP/2 streams that the server resets for the client's errors before the connection
/// ends. Without this limit, queued resets would exhaust memory and CPU (RUSTSEC-2024-0003).
const MAX_FAILED_STREAMS: usize = 100;

/// The interval of the pings that the server sends to an HTTP/2 client to detect a dead connection.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Maximum time for the client to respond to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection without a request stays open when the server stops. The client may already
/// have sent a request. If the request reached a closed connection, the client could not know
/// whether the server has handled the request.
const GRACE: Duration = Duration::from_millis(100);

/// Delay before an overdue connection is checked a second time. After the process was suspended or
/// had no CPU time, a timer can expire before the bytes that have arrived are read. Without the
/// second check, clients that were on time would be disconnected.
const SECOND_CHECK: Duration = Duration::from_millis(1);

/// The minimum of `max_buf_size` for HTTP/1. hyper panics at a smaller value.
const MIN_BUFFER_BYTES: usize = 8 << 10;

/// The settings of HTTP, TLS and the PROXY protocol, shared by all connections.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    /// `None` if connections begin without a PROXY header.
    proxy: Option<ProxyProtocol>,
    tls: Option<TlsAcceptor>,
    /// Bounds the log lines about failed handshakes.
    refused_by_tls: LogBound,
}

impl Protocols {
    pub(super) fn new(server: &Server, tls: Option<TlsAcceptor>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // hyper's timer would also end idle connections. `Timers` distinguishes an idle
            // connection from a slow head.
            .header_read_timeout(None)
            .half_close(false)
            .max_headers(server.headers)
            .max_header_size(server.header_bytes)
            .max_buf_size(server.header_bytes.max(MIN_BUFFER_BYTES));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_concurrent_streams(MAX_STREAMS)
            .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
            .max_local_error_reset_streams(MAX_FAILED_STREAMS)
            .max_header_list_size(u32::try_from(server.header_bytes).unwrap_or(u32::MAX));
        let proxy = server.proxy_protocol.then(ProxyProtocol::default);
        Protocols { http1, http2, proxy, tls, refused_by_tls: LogBound::default() }
    }
}

pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) client: SocketAddr,
    pub(super) timers: Arc<Timers>,
    pub(super) stop: StopSignal,
}

/// The signal that the server stops.
pub(super) struct StopSignal {
    signal: oneshot::Receiver<()>,
    is_given: bool,
}

impl StopSignal {
    pub(super) fn new(signal: oneshot::Receiver<()>) -> Self {
        StopSignal { signal, is_given: false }
    }

    /// Returns true once the signal was given. Does not poll the receiver again after that, because
    /// another poll would panic.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.is_given {
            self.is_given = Pin::new(&mut self.signal).poll(cx).is_ready();
        }
        self.is_given
    }

    /// Waits for the signal and then for [`GRACE`].
    async fn after_grace(&mut self) {
        poll_fn(|cx| if self.poll(cx) { Poll::Ready(()) } else { Poll::Pending }).await;
        sleep_until(Instant::now() + GRACE).await;
    }
}

/// Serves a connection to its end. Dropping the future ends the connection and cancels its calls.
pub(super) async fn serve(accepted: Accepted, handler: Arc<Handler>, protocols: Arc<Protocols>) {
    let Accepted { mut stream, client, timers, mut stop } = accepted;
    // Nagle's algorithm would delay the end of a response until the client acknowledges earlier
    // bytes. Errors are ignored, because the connection also works without this option.
    let _ = stream.set_nodelay(true);
    let client = match &protocols.proxy {
        None => Client::at(client, &handler.server),
        Some(proxy) => {
            let client = tokio::select! {
                biased;
                client = proxy.client(&mut stream, client, &handler) => client,
                () = overdue(&timers) => return,
                () = stop.after_grace() => return,
            };
            let Some(client) = client else { return };
            client
        }
    };
    let peer = Peer::new(handler, client);
    let Some(tls) = protocols.tls.clone() else {
        let io = TimedStream::new(stream, Arc::clone(&timers));
        return speak(io, None, peer, timers, stop, &protocols).await;
    };
    let handshake = tokio::select! {
        biased;
        handshake = tls.accept(stream) => handshake,
        () = overdue(&timers) => Err(handshake_too_slow()),
        () = stop.after_grace() => return,
    };
    let stream = match handshake {
        Ok(stream) => stream,
        Err(error) => return peer.refused_by_tls(&protocols.refused_by_tls, &error),
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TimedStream::new(stream, Arc::clone(&timers));
    speak(io, Some(is_http2), peer, timers, stop, &protocols).await;
}

fn handshake_too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it took longer than `server.header-time`")
}

/// Serves a stream with the protocol that TLS negotiated, or with HTTP/1 if TLS negotiated none.
/// Without TLS, the client's first bytes determine the protocol.
async fn speak<I>(
    mut io: TimedStream<I>,
    is_http2: Option<bool>,
    peer: Arc<Peer>,
    timers: Arc<Timers>,
    mut stop: StopSignal,
    protocols: &Protocols,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_http2 = match is_http2 {
        Some(negotiated) => negotiated,
        None => tokio::select! {
            biased;
            begins = io.begins_http2() => begins.unwrap_or(false),
            () = overdue(&timers) => return,
            () = stop.after_grace() => return,
        },
    };
    let service = {
        let timers = Arc::clone(&timers);
        service_fn(move |request| {
            let (peer, timers) = (Arc::clone(&peer), Arc::clone(&timers));
            async move { Ok::<_, Infallible>(respond(&peer, &timers, request).await) }
        })
    };
    let io = TokioIo::new(io);
    if is_http2 {
        timers.use_http2();
        let connection = protocols.http2.serve_connection(io, service);
        drive(connection, http2::Connection::graceful_shutdown, &timers, stop).await;
    } else {
        let connection = protocols.http1.serve_connection(io, service);
        drive(connection, http1::Connection::graceful_shutdown, &timers, stop).await;
    }
}

/// Responds to one request. Dropping the future cancels the call.
async fn respond(
    peer: &Peer,
    timers: &Arc<Timers>,
    request: hyper::Request<Incoming>,
) -> hyper::Response<ResponseBody> {
    let exchange = Exchange::begin(timers);
    let (head, mut body) = request.into_parts();
    let response = peer.respond(&head, &mut body).await;
    if !body.is_end_stream() {
        timers.leave_unread();
    }
    response.map(|bytes| ResponseBody::new(bytes, exchange))
}

/// Polls a connection until it ends or is overdue. Drops a stuck connection, and shuts down an idle
/// one gracefully. When the server stops, waits for [`GRACE`] and then shuts down the connection
/// gracefully, so that requests in progress end first.
async fn drive<C: Future>(
    connection: C,
    shut_down: impl Fn(Pin<&mut C>),
    timers: &Timers,
    mut stop: StopSignal,
) {
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep_until(timers.next_check(Instant::now())));
    let (mut grace, mut is_ending, mut is_rechecking) = (None, false, false);
    poll_fn(|cx| {
        loop {
            // Poll the connection before the timers: a request that has arrived must be read before
            // the connection ends.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if grace.is_none() && stop.poll(cx) {
                let over = Instant::now() + GRACE;
                grace = Some(over);
                timer.as_mut().reset(over);
            } else if timer.as_mut().poll(cx).is_ready() {
                let now = Instant::now();
                let overdue = timers.overdue(now);
                is_rechecking = overdue.is_some() && !is_rechecking;
                if is_rechecking {
                    timer.as_mut().reset(now + SECOND_CHECK);
                    continue;
                }
                let is_over = overdue == Some(Overdue::Idle) || grace.is_some_and(|at| now >= at);
                // An idle connection is also dropped if its graceful shutdown takes too long.
                if overdue == Some(Overdue::Stuck) || (overdue.is_some() && is_ending) {
                    return Poll::Ready(());
                }
                if is_over && !is_ending {
                    is_ending = true;
                    shut_down(connection.as_mut());
                    timers.shutdown_began();
                }
                timer.as_mut().reset(timers.next_check(now));
            } else {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// Waits until the connection is overdue, and then for [`SECOND_CHECK`]. A `select!` must poll its
/// other branches first, so that bytes that have arrived are read before the connection ends.
async fn overdue(timers: &Timers) {
    loop {
        let now = Instant::now();
        if timers.overdue(now).is_some() {
            return sleep_until(now + SECOND_CHECK).await;
        }
        sleep_until(timers.next_check(now)).await;
    }
}
