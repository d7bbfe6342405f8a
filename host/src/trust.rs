//! TLS to remote servers, with the certificates that this machine trusts.

use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Returns the TLS settings of a client that trusts this machine's certificates: the system's, or
/// those in the file and the folders that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
///
/// # Errors
///
/// Returns why no certificate is available, or why TLS cannot be set up.
pub(crate) fn client_config() -> Result<Arc<ClientConfig>, String> {
    client_config_with(&[]).map(Arc::new)
}

/// Returns the TLS settings of a client that also trusts these certificate authorities.
///
/// # Errors
///
/// Returns why no certificate is available, or why TLS cannot be set up.
pub(crate) fn client_config_with(
    authorities: &[CertificateDer<'static>],
) -> Result<ClientConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots.add_parsable_certificates(authorities.iter().cloned());
    if roots.is_empty() {
        let reasons = found.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(format!("this machine has no valid trusted certificate: {reasons}"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
