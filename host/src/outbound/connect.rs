//! Opens connections to remote servers. For each new connection, the server's name is resolved only
//! once. Requests go only to an address of this result that the entry permits: a second look-up
//! could return another address.

use super::network::{Permits, PluginBounds};
use super::rules;
use crate::blocking;
use crate::grants::Authority;
use crate::trust;
use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tower_service::Service;

/// Time limit for connecting to an address before the next one is tried.
const ADDRESS_TIME: Duration = Duration::from_secs(3);

/// Why a connection failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// A rule forbids the address.
    #[error("{0}")]
    Denied(String),
    /// The name could not be resolved, or the connection or its TLS setup failed.
    #[error("{0}")]
    Unreachable(String),
}

/// Opens the connections of one entry of a grant.
#[derive(Clone)]
pub(super) struct Connector(Arc<Row>);

struct Row {
    is_private: bool,
    authorities: Vec<Authority>,
    /// Created by the first connection with TLS: reading the machine's certificates takes time.
    tls: OnceCell<TlsConnector>,
    bounds: Arc<PluginBounds>,
}

impl Connector {
    pub(super) fn new(
        is_private: bool,
        authorities: Vec<Authority>,
        bounds: Arc<PluginBounds>,
    ) -> Self {
        Connector(Arc::new(Row { is_private, authorities, tls: OnceCell::new(), bounds }))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Link>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Link>, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let row = Arc::clone(&self.0);
        Box::pin(async move { Ok(TokioIo::new(row.connect(&to).await?)) })
    }
}

impl Row {
    async fn connect(&self, to: &Uri) -> Result<Link, ConnectError> {
        let host = to.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_tls = to.scheme_str() == Some("https");
        let port = to.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let permits = self.bounds.connection().await;
        let stream = self.reach(self.resolve(host.clone(), port).await?).await?;
        // Without this, Nagle's algorithm could delay the last segment of a request.
        let _ = stream.set_nodelay(true);
        let traffic = Arc::new(Traffic::default());
        if !is_tls {
            return Ok(Link::new(Box::new(stream), false, traffic, permits));
        }
        let tls = self.tls.get_or_try_init(|| self.tls()).await?;
        let failed = |reason: &dyn Error| ConnectError::Unreachable(format!("TLS: {reason}"));
        let name = ServerName::try_from(host).map_err(|error| failed(&error))?;
        let stream = tls.connect(name, stream).await.map_err(|error| failed(&error))?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Link::new(Box::new(stream), is_http2, traffic, permits))
    }

    async fn tls(&self) -> Result<TlsConnector, ConnectError> {
        let authorities: Vec<_> =
            self.authorities.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let made = blocking::run(move || trust::client_config_with(&authorities)).await;
        let mut config = made
            .map_err(|error| ConnectError::Unreachable(error.to_string()))?
            .map_err(ConnectError::Unreachable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// Returns the addresses of a host. Unless the entry is private, omits internal addresses, and
    /// refuses a host that has no others.
    async fn resolve(&self, host: String, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => self.look_up(host, port).await?,
        };
        if self.is_private {
            return Ok(found);
        }
        let refused = found.iter().find_map(|it| Some((it.ip(), rules::inside(it.ip())?)));
        let outside: Vec<_> =
            found.into_iter().filter(|it| rules::inside(it.ip()).is_none()).collect();
        match refused {
            Some((address, kind)) if outside.is_empty() => Err(denied(address, kind)),
            _ => Ok(outside),
        }
    }

    async fn look_up(&self, host: String, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        // A look-up cannot be cancelled, so its permits must live until it ends, even if the caller
        // stops waiting.
        let permits = self.bounds.look_up().await;
        let failed = |reason: &dyn Error| {
            ConnectError::Unreachable(format!("its name cannot be resolved: {reason}"))
        };
        let resolver = self.bounds.resolver();
        let resolve = move || {
            let _permits = permits;
            resolver(&host, port)
        };
        let found = blocking::run(resolve).await.map_err(|error| failed(&error))?;
        let found = found.map_err(|error| failed(&error))?;
        match found.is_empty() {
            true => Err(failed(&io::Error::other("the resolver found no address"))),
            false => Ok(found),
        }
    }

    /// Connects to the first address that accepts a connection. Refuses the connection if
    /// [`Row::is_elsewhere`] does.
    async fn reach(&self, addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectError> {
        let mut reason = String::from("it has no address to connect to");
        let last = addresses.len().saturating_sub(1);
        for (at, address) in addresses.into_iter().enumerate() {
            let connecting = TcpStream::connect(address);
            let connected = match at == last {
                // No other address is left to try in the remaining time.
                true => Ok(connecting.await),
                false => tokio::time::timeout(ADDRESS_TIME, connecting).await,
            };
            match connected {
                Ok(Ok(stream)) => return self.is_elsewhere(stream, address),
                Ok(Err(error)) => reason = format!("{address}: {error}"),
                Err(_) => reason = format!("{address} does not respond"),
            }
        }
        Err(ConnectError::Unreachable(reason))
    }

    /// Refuses a connection to an address of this machine, where the host itself may listen, unless
    /// the entry is private. [`Row::resolve`] does not omit the machine's public addresses.
    fn is_elsewhere(
        &self,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Result<TcpStream, ConnectError> {
        let own = stream.local_addr().map(|own| own.ip());
        match own {
            Ok(own) if !self.is_private && own == address.ip() => {
                Err(denied(own, "an address of this machine"))
            }
            _ => Ok(stream),
        }
    }
}

fn denied(address: IpAddr, kind: &str) -> ConnectError {
    ConnectError::Denied(format!("its address {address} is {kind}, which needs `private = true`"))
}

/// Counts the bytes read from a connection, and remembers the count at the end of the last response
/// that was read completely. A request is repeated only if no byte has arrived since.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    read: AtomicU64,
    at_last_response: AtomicU64,
}

impl Traffic {
    /// Remembers the current count as the count at the end of the last response.
    pub(super) fn response_ended(&self) {
        self.at_last_response.store(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// True if a response was read completely, and nothing has been read since.
    pub(super) fn is_silent_since_response(&self) -> bool {
        let last = self.at_last_response.load(Ordering::Relaxed);
        last > 0 && last == self.read.load(Ordering::Relaxed)
    }
}

/// A TCP or TLS stream.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that counts the bytes read from it. Dropping the link closes the connection and
/// releases its permits.
pub(super) struct Link {
    stream: Box<dyn Stream>,
    is_http2: bool,
    traffic: Arc<Traffic>,
    _permits: Permits,
}

impl Link {
    fn new(
        stream: Box<dyn Stream>,
        is_http2: bool,
        traffic: Arc<Traffic>,
        permits: Permits,
    ) -> Self {
        Link { stream, is_http2, traffic, _permits: permits }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        // Omit the counts for HTTP/2: all streams of a connection would share them.
        let connected = Connected::new();
        match self.is_http2 {
            true => connected.negotiated_h2(),
            false => connected.extra(Arc::clone(&self.traffic)),
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut *self.stream).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        self.traffic.read.fetch_add(read as u64, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::Network;
    use super::super::tests::messages;
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connection_to_this_machine_itself_is_denied_by_whatever_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for is_private in [false, true] {
            let bounds = Arc::new(PluginBounds::new(9, Network::new(&messages(1))));
            let Connector(row) = Connector::new(is_private, Vec::new(), bounds);
            // A public address of this machine would pass `resolve` and reach this check.
            let reached = row.reach(vec![address]).await;
            assert_eq!(reached.is_ok(), is_private, "{reached:?}");
        }
    }
}
