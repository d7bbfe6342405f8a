//! The collector of traces, and the request that exports spans to the collector.

use super::error::TraceError;
use crate::blocking;
use crate::trust;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::ToSocketAddrs;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// The time limit of one export request: the default of OpenTelemetry's libraries.
const MAX_POST_TIME: Duration = Duration::from_secs(10);

/// The server that receives spans.
pub(super) struct Collector {
    host: String,
    port: u16,
    path: String,
    headers: HeaderMap,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A failed export.
pub(super) struct ExportError {
    pub(super) reason: String,
    /// True if the same export may succeed later.
    pub(super) is_retryable: bool,
}

impl Collector {
    /// Creates a collector from its settings.
    ///
    /// # Errors
    ///
    /// When the URL or a header is invalid, or the URL is `https` and TLS is not available.
    pub(super) fn new(url: &str, headers: &[(String, String)]) -> Result<Self, TraceError> {
        let invalid = || TraceError::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let authority = uri.authority().ok_or_else(invalid)?;
        let (default_port, is_tls) = match uri.scheme_str() {
            Some("http") => (80, false),
            Some("https") => (443, true),
            _ => return Err(invalid()),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut sent = HeaderMap::new();
        sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        sent.insert(HOST, HeaderValue::from_str(authority.as_str()).map_err(|_| invalid())?);
        for (name, value) in headers {
            let header = || TraceError::Header(name.clone());
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| header())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| header())?;
            value.set_sensitive(true);
            sent.insert(name, value);
        }
        let name = || ServerName::try_from(host.clone()).map_err(|_| invalid());
        let config = || trust::client_config().map_err(TraceError::Tls);
        Ok(Collector {
            tls: if is_tls { Some((TlsConnector::from(config()?), name()?)) } else { None },
            port: authority.port_u16().unwrap_or(default_port),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            headers: sent,
            host,
        })
    }

    /// Sends an export request with this body on a new connection.
    ///
    /// # Errors
    ///
    /// When the collector cannot be reached, sends no valid response in time, or responds with a
    /// status other than 2xx.
    pub(super) async fn post(&self, body: String) -> Result<(), ExportError> {
        let failed = |reason: String| ExportError { reason, is_retryable: true };
        let status = match tokio::time::timeout(MAX_POST_TIME, self.exchange(body)).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_elapsed) => {
                let waited = MAX_POST_TIME.as_secs();
                return Err(failed(format!("the collector did not respond within {waited} s")));
            }
        };
        if status.is_success() {
            return Ok(());
        }
        // OTLP, "Retryable Response Codes": the collector may accept the same body later.
        let is_retryable = [429, 502, 503, 504].contains(&status.as_u16());
        Err(ExportError { reason: format!("the collector responded with {status}"), is_retryable })
    }

    async fn exchange(&self, body: String) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        let mut request = Request::post(&*self.path).body(body)?;
        *request.headers_mut() = self.headers.clone();
        let place = (self.host.to_string(), self.port);
        let resolve = move || place.to_socket_addrs().map(Vec::from_iter);
        let stream = TcpStream::connect(&*blocking::run(resolve).await??).await?;
        match &self.tls {
            None => exchange(stream, request).await,
            Some((tls, name)) => exchange(tls.connect(name.clone(), stream).await?, request).await,
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<String>,
) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // When this function returns, dropping the set aborts the connection's task, so that no task
    // outlives its export.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    Ok(sender.send_request(request).await?.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_default_port_and_path() {
        for (url, host, port, path) in [
            ("http://127.0.0.1:4318/v1/traces", "127.0.0.1", 4318, "/v1/traces"),
            ("http://collector", "collector", 80, "/"),
            ("http://[::1]:4318/a?b=c", "::1", 4318, "/a?b=c"),
        ] {
            let collector = Collector::new(url, &[]).ok().unwrap();
            assert_eq!((&*collector.host, collector.port, &*collector.path), (host, port, path));
        }
    }

    #[test]
    fn an_invalid_url_or_header_is_refused() {
        for url in ["", "127.0.0.1:4318", "/v1/traces", "ftp://a", "http://", "grpc://a:4317"] {
            assert!(matches!(Collector::new(url, &[]), Err(TraceError::Url(_))), "{url}");
        }
        let header = [("a b".to_owned(), String::new())];
        assert!(matches!(Collector::new("http://a", &header), Err(TraceError::Header(_))));
    }
}
