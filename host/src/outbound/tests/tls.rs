//! TLS and HTTP/2, with a certificate authority of the test's own.

use super::*;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Starts a TLS server with a certificate for `name`. The server responds with the HTTP version of
/// the request. Returns the server's address and the certificate of its authority.
async fn server(name: &str) -> (SocketAddr, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer =
                    service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                        Ok::<_, std::convert::Infallible>(hyper::Response::new(format!(
                            "{:?}",
                            request.version()
                        )))
                    });
                let connection = http2::Builder::new(TokioExecutor::new());
                let _ = connection.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    (address, issuer.der().to_vec())
}

fn reach(url: &str, authorities: Vec<Vec<u8>>) -> Plugin {
    let allowed = Allowed::new(url).unwrap().with_private().unwrap();
    Reach { allow: vec![allowed.with_authorities(authorities)], ..Reach::default() }.open()
}

#[tokio::test]
async fn a_row_trusts_its_authority_and_http_2_is_spoken_where_it_can_be() {
    let (address, authority) = server("localhost").await;
    let url = format!("https://localhost:{}/", address.port());
    let plugin = reach(&url, vec![authority]);
    let response = plugin.get(&url).await.unwrap();
    assert_eq!(response.body, b"HTTP/2.0");
    let requests = (0..9).map(|_| get(&url)).collect();
    let results =
        Arc::clone(&plugin.outbound).send_many(requests, Arc::new(plugin.sending())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_of_another_name_is_unreachable() {
    let (address, _) = server("localhost").await;
    let url = format!("https://localhost:{}/", address.port());
    let plugin = reach(&url, Vec::new());
    Plugin::refused(
        plugin.get(&url).await,
        SendErrorKind::Unreachable,
        "TLS: invalid peer certificate",
    );
    plugin.closes().await;
    let (address, authority) = server("other.example").await;
    let url = format!("https://localhost:{}/", address.port());
    let plugin = reach(&url, vec![authority]);
    Plugin::refused(
        plugin.get(&url).await,
        SendErrorKind::Unreachable,
        "TLS: invalid peer certificate",
    );
}

#[tokio::test]
async fn a_server_without_tls_is_unreachable_by_https() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let plugin = reach(&url, Vec::new());
    Plugin::refused(plugin.get(&url).await, SendErrorKind::Unreachable, "TLS: ");
    plugin.closes().await;
}
