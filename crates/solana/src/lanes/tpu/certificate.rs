//! Who we are to a leader: a certificate of the shape that Agave's nodes show each other, and no certificate authority.
//!
//! Only the Ed25519 public key in it is read. TLS 1.3 proves that we hold its private key, so the certificate's own signature
//! is left as 64 bytes of 0xff, as nodes do. The key names a sender on the network and can spend nothing.

use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tradewind_core::decode::solana::Key;

use crate::fault::Fault;
use crate::tls;

const ALPN: &[u8] = b"solana-tpu";
/// `PrivateKeyInfo` of RFC 8410 in front of the 32 bytes of an Ed25519 seed.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];
/// `AlgorithmIdentifier` of Ed25519 (1.3.101.112).
const ED25519: [u8; 7] = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

/// A network identity.
pub(super) struct Identity {
    key: Key,
    private: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// From a seed, or fresh.
    pub(super) fn new(seed: Option<[u8; 32]>) -> Result<Self, Fault> {
        let unusable = || {
            Fault::new(
                "identity_unusable",
                "identity_seed: no Ed25519 key can be made of it",
            )
        };
        let seed = match seed {
            Some(seed) => seed,
            None => ring::rand::generate(&SystemRandom::new())
                .map_err(|_| unusable())?
                .expose(),
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| unusable())?;
        let key: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| unusable())?;
        let private = [&PKCS8_PREFIX[..], &seed].concat();
        Ok(Self {
            key: Key(key),
            private: private.into(),
        })
    }

    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// TLS towards leaders: our certificate, their protocol, their key unproven.
    pub(super) fn client_config(&self) -> Result<QuicClientConfig, Fault> {
        let unusable =
            |fault: String| Fault::new("identity_unusable", format!("identity_seed: {fault}"));
        let private = PrivateKeyDer::Pkcs8(self.private.clone_key());
        let mut config = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|fault| unusable(fault.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyNode))
            .with_client_auth_cert(vec![certificate(&self.key).into()], private)
            .map_err(|fault| unusable(fault.to_string()))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        QuicClientConfig::try_from(config).map_err(|fault| unusable(fault.to_string()))
    }
}

/// Takes any certificate, as every node does: there is no authority over them. What is sent is signed and public, and a
/// stranger who takes it can only send it on or keep it, as any leader can.
#[derive(Debug)]
struct AnyNode;

impl ServerCertVerifier for AnyNode {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &tls::provider().signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &tls::provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        tls::provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// X.509 v3, a serial of eight bytes 1, issuer "Solana node", 1970 to 4096, no subject, for `localhost`, no authority.
fn certificate(key: &Key) -> Vec<u8> {
    let name = der(
        0x30,
        &[&der(
            0x31,
            &[&der(
                0x30,
                &[&[6, 3, 0x55, 4, 3], &der(0x0c, &[b"Solana node"])],
            )],
        )],
    );
    let validity = der(
        0x30,
        &[
            &der(0x17, &[b"700101000000Z"]),
            &der(0x18, &[b"40960101000000Z"]),
        ],
    );
    let public = der(0x30, &[&ED25519, &der(3, &[&[0], &key.0])]);
    let alternative_name = der(
        0x30,
        &[
            &[6, 3, 0x55, 0x1d, 0x11, 1, 1, 0xff],
            &der(4, &[&der(0x30, &[&der(0x82, &[b"localhost"])])]),
        ],
    );
    let no_authority = der(
        0x30,
        &[
            &[6, 3, 0x55, 0x1d, 0x13, 1, 1, 0xff],
            &der(4, &[&der(0x30, &[])]),
        ],
    );
    let extensions = der(0xa3, &[&der(0x30, &[&alternative_name, &no_authority])]);
    let no_subject = der(0x30, &[]);
    let version_and_serial = [0xa0, 3, 2, 1, 2, 2, 8, 1, 1, 1, 1, 1, 1, 1, 1];
    let signed = der(
        0x30,
        &[
            &version_and_serial,
            &ED25519,
            &name,
            &validity,
            &no_subject,
            &public,
            &extensions,
        ],
    );
    der(0x30, &[&signed, &ED25519, &der(3, &[&[0], &[0xff; 64]])])
}

/// A tag, a length of at most 255, and the parts.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let head = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [head, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_one_that_a_tls_library_reads_the_key_from() {
        let identity = Identity::new(Some([7; 32])).unwrap();
        let written = CertificateDer::from(certificate(&identity.key()));
        let read = rustls::server::ParsedCertificate::try_from(&written).unwrap();
        let info = read.subject_public_key_info();
        assert!(info.as_ref().ends_with(&identity.key().0));
        // 243 bytes of content and a head of 3: the length that nodes' certificates have.
        assert_eq!(written.len(), 0xf6 + 3);
    }

    #[test]
    fn a_seed_gives_the_same_identity_and_none_gives_a_fresh_one() {
        // RFC 8032, section 7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes = |hex: &str| -> [u8; 32] {
            std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        };
        assert_eq!(
            Identity::new(Some(bytes(seed))).unwrap().key(),
            Key(bytes(public))
        );
        assert_ne!(
            Identity::new(None).unwrap().key(),
            Identity::new(None).unwrap().key()
        );
    }

    #[test]
    fn the_identity_makes_a_tls_configuration() {
        assert!(Identity::new(None).unwrap().client_config().is_ok());
    }
}
