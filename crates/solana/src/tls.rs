//! TLS towards endpoints: the system's root certificates, and ring's ciphers.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::fault::Fault;

/// Ring's, named so that no process-wide default is needed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// Authorities of one's own, who are trusted beside those of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Certificates in PEM, one after the other.
    ///
    /// # Errors
    /// `certificates_malformed` when there is none, or one that cannot be read.
    pub fn parse(pem: &[u8]) -> Result<Self, Fault> {
        let malformed = |why: String| {
            let message = format!("certificates: {why}; give certificates in PEM");
            Fault::new("certificates_malformed", message)
        };
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = parsed.map_err(|error| malformed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(malformed("there is none".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            let added = roots.add(certificate.clone());
            added.map_err(|error| malformed(error.to_string()))?;
        }
        Ok(Self(certificates))
    }
}

/// For `https` and `wss`. The roots are read from the system each time: it happens once a pool.
///
/// # Errors
/// `no_root_certificates` when the system has none, and there are no others.
pub(crate) fn client_config(others: &Authorities) -> Result<ClientConfig, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(others.0.iter().cloned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused_by_its_own_code() {
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut_off = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for pem in ["", "nothing of the kind", empty, cut_off] {
            let fault = Authorities::parse(pem.as_bytes()).expect_err(pem);
            assert_eq!(fault.code(), "certificates_malformed");
        }
    }
}
