//! One connection: which protocol it speaks, its timers, and its end.

use super::stream::Watched;
use super::timers::{Overdue, Watch};
use crate::config::Server;
use crate::http::handler::{Front, Peer};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::poll_fn;
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

/// Requests of one HTTP/2 connection at once: what browsers expect, RFC 9113 section 6.5.2.
const STREAMS: u32 = 100;

/// HTTP/2 streams that a client may open and reset before anything has looked at them
/// (RUSTSEC-2024-0003): more ends the connection.
const RESET_STREAMS: usize = 20;

/// HTTP/2 streams that may fail by the client's fault before the connection ends.
const FAILED_STREAMS: usize = 100;

/// How often an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// How long a connection without a request is kept when the server is to stop: one may be on its way, and a
/// client whose request is met by a closed connection cannot know whether it was handled.
const GRACE: Duration = Duration::from_millis(100);

/// How long a connection that is overdue is looked at once more. When the process stood still, the
/// timers are over before anything has looked at what has come meanwhile.
const MOMENT: Duration = Duration::from_millis(1);

/// The smallest buffer that the HTTP/1 implementation takes.
const LEAST_BUFFER: usize = 8 << 10;

/// How connections are served: made once.
pub(in crate::http) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
}

impl Protocols {
    pub(in crate::http) fn new(server: &Server, tls: Option<TlsAcceptor>) -> Self {
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
pub(in crate::http) struct Accepted {
    pub(in crate::http) stream: TcpStream,
    pub(in crate::http) client: SocketAddr,
    pub(in crate::http) watch: Arc<Watch>,
    pub(in crate::http) stop: Stop,
}

/// Whether the server is to stop.
pub(in crate::http) struct Stop {
    told: oneshot::Receiver<()>,
    is_told: bool,
}

impl Stop {
    /// To stop when `told`.
    pub(in crate::http) fn new(told: oneshot::Receiver<()>) -> Self {
        Stop { told, is_told: false }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.is_told {
            self.is_told = Pin::new(&mut self.told).poll(cx).is_ready();
        }
        self.is_told
    }

    /// Waits until the server is to stop and what was on its way has had time to come.
    async fn after_grace(&mut self) {
        poll_fn(|cx| if self.poll(cx) { Poll::Ready(()) } else { Poll::Pending }).await;
        sleep_until(Instant::now() + GRACE).await;
    }
}

/// Serves a connection to its end. Dropping the future ends it, and the calls under way in it.
pub(in crate::http) async fn serve(
    accepted: Accepted,
    front: Arc<Front>,
    protocols: Arc<Protocols>,
) {
    let Accepted { stream, client, watch, stop } = accepted;
    // Whatever is written is a whole answer: there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let Some(tls) = protocols.tls.clone() else {
        let io = Watched::new(stream, Arc::clone(&watch));
        return speak(io, None, Peer::new(front, client, watch), stop, &protocols).await;
    };
    let mut stop = stop;
    let shaken = tokio::select! {
        biased;
        shaken = tls.accept(stream) => shaken,
        () = overdue(&watch) => return,
        () = stop.after_grace() => return,
    };
    let Ok(stream) = shaken else { return front.meter().refused_by_tls() };
    let agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = Watched::new(stream, Arc::clone(&watch));
    speak(io, Some(agreed), Peer::new(front, client, watch), stop, &protocols).await;
}

/// Serves a stream by the protocol that was agreed on, or else by the one that the client begins.
async fn speak<I>(
    mut io: Watched<I>,
    is_http2: Option<bool>,
    peer: Arc<Peer>,
    mut stop: Stop,
    protocols: &Protocols,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Arc::clone(&peer.watch);
    let is_http2 = match is_http2 {
        Some(agreed) => agreed,
        None => tokio::select! {
            biased;
            begins = io.begins_http2() => begins.unwrap_or(false),
            () = overdue(&watch) => return,
            () = stop.after_grace() => return,
        },
    };
    let service = service_fn(move |request| {
        let peer = Arc::clone(&peer);
        async move { Ok::<_, std::convert::Infallible>(peer.answer(request).await) }
    });
    let io = TokioIo::new(io);
    if is_http2 {
        watch.is_http2();
        let connection = protocols.http2.serve_connection(io, service);
        drive(connection, http2::Connection::graceful_shutdown, &watch, stop).await;
    } else {
        let connection = protocols.http1.serve_connection(io, service);
        drive(connection, http1::Connection::graceful_shutdown, &watch, stop).await;
    }
}

/// Polls a connection until it ends or is overdue. When it is idle for too long, or the server is to
/// stop, it gets to end what is under way; to stop, after [`GRACE`].
async fn drive<C: Future>(connection: C, end: impl Fn(Pin<&mut C>), watch: &Watch, mut stop: Stop) {
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep_until(watch.next_look(Instant::now())));
    let (mut grace, mut is_ending, mut is_late) = (None, false, false);
    poll_fn(|cx| {
        loop {
            // First, so that a request that has come already is seen before any end.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if grace.is_none() && stop.poll(cx) {
                let over = Instant::now() + GRACE;
                grace = Some(over);
                timer.as_mut().reset(over);
            } else if timer.as_mut().poll(cx).is_ready() {
                let now = Instant::now();
                let overdue = watch.overdue(now);
                is_late = overdue.is_some() && !is_late;
                if is_late {
                    timer.as_mut().reset(now + MOMENT);
                    continue;
                }
                let is_over = overdue == Some(Overdue::Idle) || grace.is_some_and(|at| now >= at);
                if overdue == Some(Overdue::Stuck) || (overdue.is_some() && is_ending) {
                    return Poll::Ready(());
                }
                if is_over && !is_ending {
                    is_ending = true;
                    end(connection.as_mut());
                    watch.ends();
                }
                timer.as_mut().reset(watch.next_look(now));
            } else {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// Waits until the connection is overdue. What is waited for at the same time has to be polled first.
async fn overdue(watch: &Watch) {
    loop {
        let now = Instant::now();
        if watch.overdue(now).is_some() {
            return sleep_until(now + MOMENT).await;
        }
        sleep_until(watch.next_look(now)).await;
    }
}
