//! Ed25519 signatures as they stand on the wire. Made by the signer, never here.

use std::fmt;
use tradewind_core::decode::solana::Key;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A signature of a message; the first one is the name of its transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; SIGNATURE_BYTES]);

impl From<[u8; SIGNATURE_BYTES]> for Signature {
    fn from(bytes: [u8; SIGNATURE_BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Signature {
    /// Its two halves, R and S, each as a key is written.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&self.0[..32]);
        s.copy_from_slice(&self.0[32..]);
        write!(formatter, "Signature({} {})", Key(r), Key(s))
    }
}
