//! A transaction that waits for its signatures.

use super::compact::{compact_bytes, push_compact};
use super::{BuildError, Layout};
use crate::Key;
use crate::signature::{SIGNATURE_BYTES, Signature};
use tradewind_core::decode::solana::Version;

/// The bytes that wallets sign, with who they are and what it will weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedTransaction {
    pub(super) message: Vec<u8>,
    pub(super) layout: Layout,
    pub(super) version: Version,
    pub(super) signers: Vec<Key>,
    pub(super) lookup_tables: Vec<Key>,
    pub(super) recent_blockhash: Key,
}

impl UnsignedTransaction {
    /// What each signer signs with ed25519.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Legacy without lookup tables, version 0 with them.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Who signs, in the order of the signatures; the fee payer first.
    #[must_use]
    pub fn signers(&self) -> &[Key] {
        &self.signers
    }

    /// The lookup tables that it reads.
    #[must_use]
    pub fn lookup_tables(&self) -> &[Key] {
        &self.lookup_tables
    }

    /// The blockhash that limits its life.
    #[must_use]
    pub const fn recent_blockhash(&self) -> Key {
        self.recent_blockhash
    }

    /// Bytes on the wire, signatures included.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.message_offset() + self.message.len()
    }

    /// Bytes in front of the message on the wire.
    pub(crate) fn message_offset(&self) -> usize {
        compact_bytes(self.signers.len()) + SIGNATURE_BYTES * self.signers.len()
    }

    /// The same transaction with a patched message.
    pub(crate) fn with_message(&self, message: Vec<u8>, recent_blockhash: Key) -> Self {
        Self {
            message,
            recent_blockhash,
            ..self.clone()
        }
    }

    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The bytes that are sent. The signatures are not verified: that is for whoever made them.
    ///
    /// # Errors
    /// `signature_count` when they are not as many as [`Self::signers`].
    pub fn to_wire(&self, signatures: &[Signature]) -> Result<Vec<u8>, BuildError> {
        let (given, needed) = (signatures.len(), self.signers.len());
        if given != needed {
            return Err(BuildError::SignatureCount { given, needed });
        }
        let mut bytes = Vec::with_capacity(self.size_bytes());
        push_compact(&mut bytes, given);
        for signature in signatures {
            bytes.extend_from_slice(&signature.0);
        }
        bytes.extend_from_slice(&self.message);
        Ok(bytes)
    }
}
