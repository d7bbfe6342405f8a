//! Reads the certificate and its key for TLS from two files.

use crate::config::Tls;
use crate::file;
use crate::http::error::HttpError;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// The offered protocols, in order of preference.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Reads both files, and creates the acceptor of TLS connections.
///
/// # Errors
///
/// When the certificate or the key cannot be read from its PEM file or is invalid, and when they do
/// not match.
pub(super) fn acceptor(files: &Tls) -> Result<TlsAcceptor, HttpError> {
    let unread = |file: &Path| {
        let file = file.to_owned();
        |source: PemError| HttpError::TlsFile { file, source }
    };
    let read = |path: &Path| file::read_bytes(path).map_err(PemError::Io).map_err(unread(path));
    let certificates = CertificateDer::pem_slice_iter(&read(&files.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(unread(&files.certificate))?;
    if certificates.is_empty() {
        return Err(unread(&files.certificate)(PemError::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(unread(&files.key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(HttpError::Tls)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
