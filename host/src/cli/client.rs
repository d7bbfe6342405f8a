//! An HTTP/1.1 client: one request on one connection, with or without TLS.

mod address;
mod secret;

pub(super) use address::Address;
pub(super) use secret::{basic, bearer, token_of};

use crate::units::{show_duration, show_size};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto::ring};

/// Maximum bytes of a response's body: many times the default limit of a service's response.
const MAX_BYTES: usize = 256 << 20;

/// A request to send.
pub(super) struct ClientRequest {
    pub(super) method: Method,
    pub(super) address: Address,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A complete response.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no complete response.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("no server responds at {0} (`hostel serve` starts one)")]
    Unreachable(String, #[source] io::Error),
    #[error("the TLS handshake with {0} failed")]
    Tls(String, #[source] io::Error),
    #[error("this machine has no root certificates: name a file of them in SSL_CERT_FILE")]
    NoRoots,
    #[error("TLS cannot be set up")]
    NoTls(#[source] rustls::Error),
    #[error("{0} did not return a complete HTTP/1.1 response")]
    Broken(String, #[source] hyper::Error),
    #[error("{address} did not respond within {}: set a longer --timeout", show_duration(*.time))]
    TimedOut { address: String, time: Duration },
    #[error("{address} returned more than {}, the limit", show_size(MAX_BYTES as u64))]
    TooLarge { address: String },
}

/// Sends a request and reads the complete response within this time.
pub(super) async fn send(request: ClientRequest, time: Duration) -> Result<Reply, ClientError> {
    let address = request.address.to_string();
    let timed_out = ClientError::TimedOut { address, time };
    tokio::time::timeout(time, exchange(request)).await.unwrap_or(Err(timed_out))
}

async fn exchange(request: ClientRequest) -> Result<Reply, ClientError> {
    let address = request.address.clone();
    let unreachable = |source| ClientError::Unreachable(address.to_string(), source);
    let place = (address.host(), address.port());
    let stream = TcpStream::connect(place).await.map_err(unreachable)?;
    if !address.is_tls() {
        return exchange_on(stream, request).await;
    }
    let failed = |source| ClientError::Tls(address.to_string(), source);
    let invalid = |error| failed(io::Error::new(io::ErrorKind::InvalidInput, error));
    let name = ServerName::try_from(address.host().to_owned()).map_err(invalid)?;
    let connector = TlsConnector::from(Arc::new(tls()?));
    exchange_on(connector.connect(name, stream).await.map_err(failed)?, request).await
}

/// The settings of a TLS client that trusts the root certificates of this machine, or those that
/// `SSL_CERT_FILE` or `SSL_CERT_DIR` names.
fn tls() -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(ClientError::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientError::NoTls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

async fn exchange_on(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: ClientRequest,
) -> Result<Reply, ClientError> {
    let ClientRequest { method, address, headers, body } = request;
    let broken = |error| ClientError::Broken(address.to_string(), error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The connection ends when the sender is dropped. The sender and the response's body return
    // the connection's errors.
    tokio::spawn(connection);
    let mut sent = hyper::Request::new(Payload(Some(Bytes::from(body))));
    *sent.method_mut() = method;
    *sent.uri_mut() = address.target();
    *sent.headers_mut() = headers;
    let length = HeaderValue::from(sent.body().size_hint().lower());
    sent.headers_mut().insert(CONTENT_LENGTH, length);
    sent.headers_mut().entry(HOST).or_insert(address.host_header());
    let (head, mut incoming) = sender.send_request(sent).await.map_err(broken)?.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = next(&mut incoming).await {
        let data = frame.map_err(broken)?.into_data().unwrap_or_default();
        if data.len() > MAX_BYTES - body.len() {
            return Err(ClientError::TooLarge { address: address.to_string() });
        }
        body.extend_from_slice(&data);
    }
    Ok(Reply { status: head.status, headers: head.headers, body })
}

async fn next(body: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

/// A body that is sent in one piece.
struct Payload(Option<Bytes>);

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}
