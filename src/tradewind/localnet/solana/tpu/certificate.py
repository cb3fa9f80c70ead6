"""The certificate by which a Solana node says who it is: nobody's authority, only its own key."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from solders.keypair import Keypair
from solders.pubkey import Pubkey

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Solana node")])
# Of Agave's template: valid from the start of 1970 to the start of 4096, so that no clock matters.
_FROM = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_UNTIL = datetime.datetime(4096, 1, 1, tzinfo=datetime.UTC)


def certificate_of(identity: Keypair) -> tuple[x509.Certificate, Ed25519PrivateKey]:
    """A self-signed certificate over the identity's own key, and that key as TLS wants it."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(identity)[:32])
    builder = x509.CertificateBuilder(
        issuer_name=_NAME,
        subject_name=_NAME,
        public_key=key.public_key(),
        serial_number=0x0102030405060708,
        not_valid_before=_FROM,
        not_valid_after=_UNTIL,
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = builder.add_extension(names, critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.sign(key, None), key


def identity_in(certificate: x509.Certificate) -> Pubkey | None:
    """Whose certificate it is; None when its key is not an ed25519 key."""
    try:
        key = certificate.public_key()
    except ValueError:
        return None
    if not isinstance(key, Ed25519PublicKey):
        return None
    return Pubkey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
