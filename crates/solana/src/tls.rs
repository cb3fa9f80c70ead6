//! TLS towards endpoints: the system's root certificates, and ring's ciphers.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

use crate::fault::Fault;

/// Ring's, named so that no process-wide default is needed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// For `https` and `wss`. The roots are read from the system each time: it happens once a pool.
///
/// # Errors
/// `no_root_certificates` when the system has none.
pub(crate) fn client_config() -> Result<ClientConfig, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Fault::new(
            "no_root_certificates",
            "endpoints: one is https, and the system has no root certificates; install them or set SSL_CERT_FILE",
        ));
    }
    with_roots(roots)
}

/// For plain `http` and `ws`: trusts nobody.
pub(crate) fn without_roots() -> Result<ClientConfig, Fault> {
    with_roots(RootCertStore::empty())
}

fn with_roots(roots: RootCertStore) -> Result<ClientConfig, Fault> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|fault| Fault::new("tls_unusable", format!("tls: {fault}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
